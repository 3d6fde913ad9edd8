/** What programs send of a conversation that holds confidential code, each in its own way. */
import type { JsonObject } from "@cloister/base";
import { chat, confidential, user } from "./policy-world.ts";

export const lines: readonly string[] = confidential.split("\n");
/** Forty lines, with another indentation, as a person pastes them. */
export const pasted: string = lines
  .slice(10, 50)
  .map((line) => `\t${line.trim()}`)
  .join("\n");

export interface Asked {
  readonly path: string;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

export const messages: JsonObject = { model: "m", max_tokens: 10 };
const history = [user(`Look:\n${pasted}`), { role: "assistant", content: "I see." }];
const asSession = { "x-claude-code-session-id": "s-1" };

/** Everything that a client may send of one conversation, each in its own way. */
export const ways: Readonly<Record<string, readonly Asked[]>> = {
  chat: [{ path: "/v1/chat/completions", body: chat(user(pasted)) }],
  "a streamed chat": [{ path: "/v1/chat/completions", body: { ...chat(user(pasted)), stream: true } }],
  messages: [{ path: "/v1/messages", body: { ...messages, messages: [user(pasted)] } }],
  responses: [{ path: "/v1/responses", body: { model: "m", input: pasted } }],
  "a system text": [{ path: "/v1/messages", body: { ...messages, system: pasted, messages: [user("hi")] } }],
  "a tool's description": [
    {
      path: "/v1/chat/completions",
      body: {
        ...chat(user("hi")),
        tools: [
          {
            type: "function",
            function: { name: "f", description: pasted, parameters: { type: "object", properties: {} } },
          },
        ],
      },
    },
  ],
  "a tool's result that is JSON with line numbers": [
    {
      path: "/v1/responses",
      body: {
        model: "m",
        input: [
          { type: "function_call", call_id: "c", name: "exec", arguments: "{}" },
          {
            type: "function_call_output",
            call_id: "c",
            output: JSON.stringify({
              output: pasted
                .split("\n")
                .map((line, at) => `${at + 1}→${line}`)
                .join("\n"),
            }),
          },
        ],
      },
    },
  ],
  "an edit's arguments": [
    {
      path: "/v1/chat/completions",
      body: chat(
        user("hi"),
        {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: "c",
              type: "function",
              function: { name: "Write", arguments: JSON.stringify({ path: "a", content: pasted }) },
            },
          ],
        },
        { role: "tool", tool_call_id: "c", content: "ok" },
      ),
    },
  ],
  "pieces in several messages": [
    {
      path: "/v1/messages",
      body: {
        ...messages,
        messages: [
          {
            role: "user",
            content: pasted.split("\n").map((text) => ({ type: "text", text })),
          },
        ],
      },
    },
  ],
  "a summary of it": [
    { path: "/v1/chat/completions", body: chat(...history, user("Summarise the conversation.")) },
  ],
  "a title, at another model, of a session that held it": [
    { path: "/v1/messages", headers: asSession, body: { ...messages, messages: [user(pasted)] } },
    {
      path: "/v1/messages",
      headers: asSession,
      body: { ...messages, model: "cloud/small", messages: [user("A title for: the latch stages")] },
    },
  ],
  "a subagent of it": [
    { path: "/v1/messages", headers: asSession, body: { ...messages, messages: [user(pasted)] } },
    {
      path: "/v1/messages",
      headers: { ...asSession, "x-claude-code-agent-id": "a-2" },
      body: { ...messages, messages: [user("Explore the latches, of which I was told.")] },
    },
  ],
  "another door of its session": [
    { path: "/v1/messages", headers: asSession, body: { ...messages, messages: [user(pasted)] } },
    {
      path: "/v1/chat/completions",
      headers: { "x-session-id": "s-1" },
      body: chat(user("What did you learn?")),
    },
  ],
  "a retry": [
    { path: "/v1/chat/completions", body: chat(user(pasted)) },
    {
      path: "/v1/chat/completions",
      headers: { "x-stainless-retry-count": "1" },
      body: chat(user(pasted)),
    },
  ],
  "what is left of it after the paste is taken back": [
    { path: "/v1/messages", headers: asSession, body: { ...messages, messages: [user(pasted)] } },
    { path: "/v1/messages", headers: asSession, body: { ...messages, messages: [user("never mind")] } },
  ],
  "a count": [{ path: "/v1/messages/count_tokens", body: { model: "m", messages: [user(pasted)] } }],
  embeddings: [{ path: "/v1/embeddings", body: { model: "m", input: ["a", pasted] } }],
  completions: [{ path: "/v1/completions", body: { model: "m", prompt: pasted, suffix: "" } }],
  "a name that insists": [
    { path: "/v1/chat/completions", body: { ...chat(user(pasted)), model: "cloud/m" } },
  ],
};

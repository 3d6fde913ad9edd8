/** Conversations by the official SDKs, held the way their users hold them, behind one interface. */
import assert from "node:assert/strict";
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import { model, type Shape } from "./answers.ts";

export const system = "You read files.";
export const description = "Reads a file.";
export const schema: Anthropic.Tool.InputSchema & { readonly additionalProperties: boolean } = {
  type: "object",
  properties: { path: { type: "string", description: "Where it is" } },
  required: ["path"],
  additionalProperties: false,
};

/** One conversation by one SDK, the way its users hold one: what it answered goes back as it came. */
export interface Talk {
  user(text: string): void;
  result(id: string, text: string): void;
  /** @throws the SDK's own errors, and AssertionError for an answer that says it failed */
  ask(): Promise<Reply>;
}

export interface Reply {
  /** Undefined where the SDK does not know of it. */
  readonly reasoning: string | undefined;
  readonly text: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly args: unknown }[];
  readonly finish: string | null | undefined;
  readonly usage: { readonly input: number; readonly cached: number; readonly output: number } | undefined;
}

export interface Door {
  /** The name of its protocol. */
  readonly name: string;
  readonly shape: Shape;
  open(clients: Clients, upstream: Shape, stream: boolean): Talk;
  /** How it says that a call is wanted, and that all is said. */
  readonly finishes: readonly [string, string];
}

export interface Clients {
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
}

export const chatDoor: Door = {
  name: "Chat Completions",
  shape: "chat",
  finishes: ["tool_calls", "stop"],
  open({ openai }, upstream, stream) {
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "system", content: system }];
    const parameters = { ...schema };
    return {
      user: (content) => messages.push({ role: "user", content }),
      result: (id, content) => messages.push({ role: "tool", tool_call_id: id, content }),
      async ask() {
        const request = {
          model: `${upstream}/${model}`,
          messages,
          tools: [{ type: "function" as const, function: { name: "read_file", description, parameters } }],
        };
        const completion = stream
          ? await openai.chat.completions
              .stream({ ...request, stream_options: { include_usage: true } })
              .finalChatCompletion()
          : await openai.chat.completions.create(request);
        const [choice] = completion.choices;
        const text = choice?.message.content ?? "";
        const calls = (choice?.message.tool_calls ?? []).filter((call) => call.type === "function");
        // Without what the SDK's helper adds for its user.
        const toolCalls = calls.map(({ id, type, function: { name, arguments: args } }) => ({
          id,
          type,
          function: { name, arguments: args },
        }));
        messages.push({
          role: "assistant",
          content: text,
          ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        });
        const counted = completion.usage;
        return {
          reasoning: undefined,
          text,
          calls: toolCalls.map(({ id, function: { name, arguments: args } }) => ({
            id,
            name,
            args: JSON.parse(args) as unknown,
          })),
          finish: choice?.finish_reason,
          usage: counted && {
            input: counted.prompt_tokens,
            cached: counted.prompt_tokens_details?.cached_tokens ?? 0,
            output: counted.completion_tokens,
          },
        };
      },
    };
  },
};

const messagesDoor: Door = {
  name: "Messages",
  shape: "messages",
  finishes: ["tool_use", "end_turn"],
  open({ anthropic }, upstream, stream) {
    const messages: Anthropic.MessageParam[] = [];
    const results: Anthropic.ToolResultBlockParam[] = [];
    return {
      user: (content) => messages.push({ role: "user", content }),
      result: (id, content) => results.push({ type: "tool_result", tool_use_id: id, content }),
      async ask() {
        // All results of one answer are one message.
        if (results.length > 0) messages.push({ role: "user", content: results.splice(0) });
        const request = {
          model: `${upstream}/${model}`,
          max_tokens: 2000,
          system,
          messages,
          tools: [{ name: "read_file", description, input_schema: schema }],
        };
        const message = stream
          ? await anthropic.messages.stream(request).finalMessage()
          : await anthropic.messages.create(request);
        const { content, stop_reason: finish, usage: counted } = message;
        messages.push({ role: "assistant", content });
        const cached = counted.cache_read_input_tokens ?? 0;
        return {
          reasoning: content.flatMap((block) => (block.type === "thinking" ? [block.thinking] : [])).join(""),
          text: content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join(""),
          calls: content.flatMap((block) =>
            block.type === "tool_use" ? [{ id: block.id, name: block.name, args: block.input }] : [],
          ),
          finish,
          usage: { input: counted.input_tokens + cached, cached, output: counted.output_tokens },
        };
      },
    };
  },
};

const responsesDoor: Door = {
  name: "Responses",
  shape: "responses",
  finishes: ["completed", "completed"],
  open({ openai }, upstream, stream) {
    const input: OpenAI.Responses.ResponseInputItem[] = [];
    return {
      user: (content) => input.push({ role: "user", content }),
      result: (id, output) => input.push({ type: "function_call_output", call_id: id, output }),
      async ask() {
        const parameters = { ...schema };
        const request = {
          model: `${upstream}/${model}`,
          instructions: system,
          input,
          store: false,
          tools: [{ type: "function" as const, name: "read_file", description, parameters, strict: false }],
        };
        const response: OpenAI.Responses.Response = stream
          ? await openai.responses.stream(request).finalResponse()
          : await openai.responses.create(request);
        // This SDK hands a failed response over like any other: its user has to look.
        assert.equal(response.status, "completed", response.error?.message ?? "it is not completed");
        const calls = response.output.filter((item) => item.type === "function_call");
        for (const item of response.output) {
          // Without what the SDK's helper adds for its user.
          if (item.type === "message") input.push({ ...item, content: item.content.map(withoutParsed) });
          else if (item.type === "function_call") input.push(withoutParsed(item));
          else if (item.type === "reasoning") input.push(item);
        }
        const thoughts = response.output.filter((item) => item.type === "reasoning");
        return {
          reasoning: thoughts.flatMap(({ summary }) => summary.map(({ text }) => text)).join(""),
          text: response.output_text,
          calls: calls.map(({ call_id: id, name, arguments: args }) => ({
            id,
            name,
            args: JSON.parse(args) as unknown,
          })),
          finish: response.status,
          usage: response.usage && {
            input: response.usage.input_tokens,
            cached: response.usage.input_tokens_details.cached_tokens,
            output: response.usage.output_tokens,
          },
        };
      },
    };
  },
};

function withoutParsed<T extends object>(value: T): T {
  const kept = Object.entries(value).filter(([name]) => !name.startsWith("parsed"));
  return Object.fromEntries(kept) as T;
}

export const doors: readonly Door[] = [chatDoor, messagesDoor, responsesDoor];

/**
 * Another program's calls, in the place of a model's. Our agent asks its model what to do next; here the model is a
 * client, which answers with the call that it wants made, and is shown the result by the next request. So each call is
 * judged, and each byte that the client gets is labelled, sealed, decided about and recorded, by the same stages as
 * what any model says and sees.
 */
import { UNUSABLE_ANSWER, type Endpoint } from "@cloister/airlock";
import type { Backend } from "@cloister/backend";
import { CloisterError, isRecord, newId, parseJson, type JsonObject } from "@cloister/base";
import type { Label } from "@cloister/policy";
import { chatProtocol } from "@cloister/wire";

export type Asked =
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: JsonObject;
      /** What the agent is told of it, by which its request is known: hooks ask the model too. */
      readonly said: string;
    }
  /** Nothing is called: what was said to the agent is what the client is to see. */
  | { readonly kind: "text" };

export interface Caller {
  readonly endpoint: Endpoint;
  readonly model: string;
  /** For the next piece of work. */
  ask(asked: Asked): void;
  /** What the client was shown of it, sealed; undefined where nothing was. Taken once. */
  take(): string | undefined;
}

export interface CallerOptions {
  /** What the client calls itself. */
  readonly name: string;
  /** What it may be shown: nobody knows where it sends it. */
  readonly clearance: Label;
}

export function createCaller({ name, clearance }: CallerOptions): Caller {
  const url = new URL("stdio:client");
  let next: Asked | undefined;
  let shown: string | undefined;

  const answer = (body: JsonObject): JsonObject => {
    const messages = Array.isArray(body["messages"]) ? body["messages"].filter(isRecord) : [];
    const fresh = messages.slice(messages.findLastIndex(({ role }) => role === "assistant") + 1);
    const said = next?.kind === "call" ? next.said : undefined;
    if (next?.kind === "call" && fresh.some(({ content }) => content === said)) {
      const { name: tool, args } = next;
      next = undefined;
      const call = { index: 0, id: newId("call"), type: "function" };
      return { tool_calls: [{ ...call, function: { name: tool, arguments: JSON.stringify(args) } }] };
    }
    const isReport = next?.kind === "text";
    const result = fresh.findLast(({ role, content }) =>
      isReport ? role === "user" && !textOf(content).startsWith("[Cloister] ") : role === "tool",
    );
    if (result !== undefined) shown = textOf(result["content"]);
    // A call that none of our tools has so has no result: there is what was found wrong with it.
    const told = fresh.filter(({ role }) => role === "user").map(({ content }) => textOf(content));
    const fault = told.find((text) => text.startsWith(UNUSABLE_ANSWER));
    if (fault !== undefined && !isReport) shown = fault.split("\n").slice(1, -1).join("\n");
    return { content: "Seen." };
  };
  const backend: Backend = {
    url,
    send: (_path, parts) => {
      const body = parseJson(Buffer.concat(parts).toString("utf8"), "the request") as JsonObject;
      const delta = answer(body);
      const finish = "content" in delta ? "stop" : "tool_calls";
      const choice = { index: 0, delta: { role: "assistant", ...delta }, finish_reason: finish };
      const chunk = {
        id: newId("chat"),
        object: "chat.completion.chunk",
        created: 0,
        model: name,
        choices: [choice],
      };
      return Promise.resolve({
        status: 200,
        headers: { "content-type": "text/event-stream" },
        body: linesOf([`data: ${JSON.stringify(chunk)}\n\n`, "data: [DONE]\n\n"]),
      });
    },
    describe: () => Promise.reject(new CloisterError("a client is no server", { code: "no-model-found" })),
    close: () => Promise.resolve(),
  };
  return {
    model: name,
    // Not `this machine`: the program is here, but its model may be anywhere.
    endpoint: {
      id: `client:${name}`,
      url: url.href,
      protocol: chatProtocol,
      clearance,
      operator: name,
      backend,
    },
    ask: (asked) => {
      next = asked;
      shown = undefined;
    },
    take: () => {
      const taken = shown;
      shown = undefined;
      return taken;
    },
  };
}

// The interface wants a stream; there is nothing to wait for.
async function* linesOf(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const each of lines) yield await Promise.resolve(Buffer.from(each));
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  const texts = content.filter(isRecord).map(({ text }) => (typeof text === "string" ? text : "[a picture]"));
  return texts.join("\n");
}

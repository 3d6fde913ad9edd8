// From Ollama's lines of JSON to the events of a Chat Completions stream.

import { CloisterError, isRecord, newId, readLines } from "@cloister/base";
import { errorText, formatSse } from "@cloister/wire";

const lineCharsMax = 16 * 1024 * 1024;

export type OllamaEvent =
  | { readonly kind: "thinking" | "content"; readonly text: string }
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly arguments: string }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "end"; readonly reason: "stop" | "length"; readonly usage: OllamaUsage | undefined };

export interface OllamaUsage {
  /** What Ollama found in its cache is counted in, and not told apart. */
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** `end` or `error` is the last; without either, the answer broke off. @throws CloisterError `upstream-broken` */
export async function* readOllama(body: AsyncIterable<Uint8Array>): AsyncGenerator<OllamaEvent> {
  let isOver = false;
  for await (const line of readLines(body, { lineCharsMax })) {
    // Read to its very end, so that the connection can serve the next request.
    if (isOver || line.trim() === "") continue;
    const value = parseLine(line);
    const error = errorText(value);
    if (error !== undefined) {
      yield { kind: "error", message: error };
      return;
    }
    if (isRecord(value.message)) yield* readMessage(value.message);
    if (value.done !== true) continue;
    const reason = value.done_reason === "length" ? "length" : "stop";
    yield { kind: "end", reason, usage: usageOf(value) };
    isOver = true;
  }
}

function* readMessage(message: Record<string, unknown>): Generator<OllamaEvent> {
  const { thinking, content, tool_calls } = message;
  if (typeof thinking === "string" && thinking !== "") yield { kind: "thinking", text: thinking };
  if (typeof content === "string" && content !== "") yield { kind: "content", text: content };
  for (const call of Array.isArray(tool_calls) ? (tool_calls as unknown[]) : []) {
    if (!isRecord(call) || !isRecord(call.function) || typeof call.function.name !== "string") continue;
    const { name, arguments: args } = call.function;
    const id = typeof call.id === "string" && call.id !== "" ? call.id : newId("call");
    yield { kind: "call", id, name, arguments: typeof args === "string" ? args : JSON.stringify(args ?? {}) };
  }
}

function parseLine(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Told below, together with what is JSON and no object.
  }
  if (isRecord(value)) return value;
  throw new CloisterError("Ollama sent a line that is not JSON", {
    code: "upstream-broken",
    next: "try again; when it happens again, look at Ollama's log",
  });
}

/** A prompt that was cached whole is not counted by every version. */
function usageOf(value: Record<string, unknown>): OllamaUsage | undefined {
  const { prompt_eval_count: prompt, eval_count: completion } = value;
  if (typeof prompt !== "number" || typeof completion !== "number") return undefined;
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

export interface ChatReply {
  readonly model: string;
  readonly includeUsage: boolean;
}

/** A call comes whole, in one delta. An error is the last event, and an answer that broke off has no [DONE]. */
export async function* toChatStream(
  events: AsyncIterable<OllamaEvent>,
  { model, includeUsage }: ChatReply,
): AsyncGenerator<Uint8Array> {
  const frame = { id: newId("chatcmpl"), object: "chat.completion.chunk", created: 0, model };
  const chunk = (delta: object, finish: string | null = null): Uint8Array =>
    formatSse(JSON.stringify({ ...frame, choices: [{ index: 0, delta, finish_reason: finish }] }));
  let calls = 0;
  yield chunk({ role: "assistant", content: null });
  for await (const event of events) {
    switch (event.kind) {
      case "thinking":
        yield chunk({ reasoning_content: event.text });
        break;
      case "content":
        yield chunk({ content: event.text });
        break;
      case "call":
        yield chunk({ tool_calls: [{ index: calls, ...toToolCall(event) }] });
        calls += 1;
        break;
      case "error":
        yield formatSse(JSON.stringify({ error: { message: event.message, type: "server_error" } }));
        return;
      case "end":
        yield chunk({}, finishOf(event.reason, calls));
        if (includeUsage && event.usage !== undefined) {
          yield formatSse(JSON.stringify({ ...frame, choices: [], usage: event.usage }));
        }
        yield formatSse("[DONE]");
    }
  }
}

/** The same in one piece; an error is told by its message. @throws CloisterError `upstream-broken` */
export async function toChatCompletion(
  events: AsyncIterable<OllamaEvent>,
  model: string,
): Promise<
  { readonly kind: "whole"; readonly json: object } | { readonly kind: "error"; readonly message: string }
> {
  const text = { content: "", thinking: "" };
  const calls: object[] = [];
  for await (const event of events) {
    switch (event.kind) {
      case "thinking":
      case "content":
        text[event.kind] += event.text;
        break;
      case "call":
        calls.push(toToolCall(event));
        break;
      case "error":
        return event;
      case "end": {
        const message = {
          role: "assistant",
          content: text.content === "" ? null : text.content,
          ...(text.thinking !== "" && { reasoning_content: text.thinking }),
          ...(calls.length > 0 && { tool_calls: calls }),
        };
        const choice = { index: 0, message, finish_reason: finishOf(event.reason, calls.length) };
        const head = { id: newId("chatcmpl"), object: "chat.completion", created: 0, model };
        const usage = event.usage === undefined ? {} : { usage: event.usage };
        return { kind: "whole", json: { ...head, choices: [choice], ...usage } };
      }
    }
  }
  throw new CloisterError("the answer had no end", {
    code: "upstream-broken",
    next: "try again; when it happens again, look at Ollama's log",
  });
}

function toToolCall(call: Extract<OllamaEvent, { kind: "call" }>): object {
  return { id: call.id, type: "function", function: { name: call.name, arguments: call.arguments } };
}

function finishOf(reason: "stop" | "length", calls: number): string {
  return reason === "stop" && calls > 0 ? "tool_calls" : reason;
}

/** The parts of OpenAI Chat Completions that Cloister speaks (API reference, "Create chat completion", 2026). */
import { CloisterError, isRecord, type Json, type JsonObject } from "@cloister/base";

/** Where the lines of a message came from. Ours beside the protocol: the airlock takes it off before it sends. */
export interface Provenance {
  readonly source: SourceKind;
  /** The tool whose result this is. */
  readonly tool?: string;
  readonly files?: readonly { readonly path: string; readonly from: number; readonly to: number }[];
}

export type SourceKind = "system" | "user" | "instructions" | "assistant" | "file" | "command" | "tool";

/** A message with everything a client sent in it; fields that we do not know travel along. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: Json;
  readonly tool_calls?: Json;
  readonly cloister?: Provenance;
  readonly [field: string]: Json | Provenance | undefined;
}

export interface ChatTool {
  readonly type: "function";
  readonly function: { readonly name: string; readonly description: string; readonly parameters: JsonObject };
}

export function parseChatMessage(value: unknown, what: string): ChatMessage {
  if (!isRecord(value) || typeof value["role"] !== "string") {
    throw new CloisterError(`${what} is not a message with a role`, { code: "bad-request" });
  }
  return value as ChatMessage;
}

/** One fragment of a streamed answer, as far as we read it. */
export interface ChatChunk {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly CallFragment[];
  readonly finish: string | undefined;
  readonly usage: Usage | undefined;
  /** An error object in the place of a chunk: llama.cpp and SGLang break off that way, with status 200. */
  readonly error: string | undefined;
}

export interface CallFragment {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
}

export interface Usage {
  readonly promptTokens: number;
  readonly cachedTokens: number | undefined;
  readonly completionTokens: number;
}

/** Reads a chunk tolerantly: servers leave out, null and rename fields. Undefined when it is not JSON at all. */
export function parseChatChunk(text: string): ChatChunk | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the caller reports a broken stream; it knows where it stood
  }
  if (!isRecord(value)) return undefined;
  const choices = Array.isArray(value["choices"]) ? value["choices"] : [];
  const choice: unknown = choices[0];
  const delta = isRecord(choice)
    ? isRecord(choice["delta"])
      ? choice["delta"]
      : choice["message"]
    : undefined;
  return {
    text: textOf(delta, "content"),
    reasoning: textOf(delta, "reasoning_content") || textOf(delta, "reasoning"),
    calls: callFragments(delta),
    finish:
      isRecord(choice) && typeof choice["finish_reason"] === "string" ? choice["finish_reason"] : undefined,
    usage: parseUsage(value["usage"]),
    error: errorText(value),
  };
}

function textOf(delta: unknown, field: string): string {
  const value = isRecord(delta) ? delta[field] : undefined;
  return typeof value === "string" ? value : "";
}

function callFragments(delta: unknown): CallFragment[] {
  const calls = isRecord(delta) && Array.isArray(delta["tool_calls"]) ? delta["tool_calls"] : [];
  return calls.filter(isRecord).map((call) => {
    const body = isRecord(call["function"]) ? call["function"] : {};
    return {
      index: typeof call["index"] === "number" ? call["index"] : undefined,
      id: nonEmpty(call["id"]),
      name: nonEmpty(body["name"]),
      // Some servers send the arguments as an object, whole.
      arguments: typeof body["arguments"] === "string" ? body["arguments"] : stringified(body["arguments"]),
    };
  });
}

function nonEmpty(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function stringified(value: unknown): string {
  return isRecord(value) ? JSON.stringify(value) : "";
}

function parseUsage(value: unknown): Usage | undefined {
  if (!isRecord(value) || typeof value["prompt_tokens"] !== "number") return undefined;
  const details = isRecord(value["prompt_tokens_details"]) ? value["prompt_tokens_details"] : {};
  return {
    promptTokens: value["prompt_tokens"],
    cachedTokens: typeof details["cached_tokens"] === "number" ? details["cached_tokens"] : undefined,
    completionTokens: typeof value["completion_tokens"] === "number" ? value["completion_tokens"] : 0,
  };
}

/** Errors come nested, flat, or as a bare string. */
export function errorText(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const error = value["error"];
  if (typeof error === "string") return error;
  if (isRecord(error)) return typeof error["message"] === "string" ? error["message"] : JSON.stringify(error);
  if (value["object"] === "error" && typeof value["message"] === "string") return value["message"];
  return undefined;
}

/** The parts of OpenAI Chat Completions that Cloister speaks (API reference, "Create chat completion", 2026). */
import { isRecord, type Json, type JsonObject } from "@cloister/base";

/** Where the lines of a message came from. Ours beside the protocol: the airlock takes it off before it sends. */
export interface Provenance {
  readonly source: SourceKind;
  /** The tool whose result this is. */
  readonly tool?: string;
  readonly files?: readonly { readonly path: string; readonly from: number; readonly to: number }[];
}

export type SourceKind =
  | "system"
  | "user"
  | "instructions"
  | "assistant"
  | "file"
  | "command"
  | "tool"
  /** The words of an MCP server. */
  | "mcp"
  /** A page that was fetched. */
  | "web"
  /** What a person showed and nobody vouches for: the clipboard, a program's input, a file from elsewhere. */
  | "attachment";

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

/** Why a model stopped. */
export type FinishReason = "stop" | "calls" | "length" | "filter";

/** A piece of a tool call in a streamed answer. */
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

/** Errors come nested, flat, or as a bare string. */
export function errorText(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const error = value["error"];
  if (typeof error === "string") return error;
  if (isRecord(error)) return typeof error["message"] === "string" ? error["message"] : JSON.stringify(error);
  if (value["object"] === "error" && typeof value["message"] === "string") return value["message"];
  return undefined;
}

/**
 * Which file a tool's result is the text of, for clients that do not say: the call that asked for it named the file.
 * A secret that is sealed in such a result is restored into edits of that file only.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { toKnownCall } from "./known-tools.ts";
import { toPlace } from "./workspace-file.ts";

export interface Origins {
  /** Takes note of the calls in an item of the conversation. Items come in their order. */
  note(item: JsonObject): void;
  /** The file whose text the result of this call is, as `toPlace` has it; undefined for any other. */
  of(callId: unknown): string | undefined;
}

/** Beyond these the oldest go: their secrets stay sealed. */
const CALLS_MAX = 10_000;

export function createOrigins(workspace: string | undefined): Origins {
  const places = new Map<string, string>();
  const noteCall = (id: unknown, name: unknown, given: unknown): void => {
    if (typeof id !== "string" || typeof name !== "string") return;
    // Ids come again with some servers: what an earlier call of that id read is no longer meant.
    places.delete(id);
    const known = toKnownCall(name, argumentsOf(given));
    if (known.kind !== "read" || known.tool !== "Read" || known.path === "") return;
    const [oldest] = places.keys();
    if (places.size >= CALLS_MAX && oldest !== undefined) places.delete(oldest);
    places.set(id, toPlace(known.path, workspace));
  };
  return {
    note(item) {
      for (const call of list(item["tool_calls"])) {
        const { function: called } = call;
        if (isRecord(called)) noteCall(call["id"], called["name"], called["arguments"]);
      }
      for (const block of list(item["content"])) {
        if (block["type"] === "tool_use") noteCall(block["id"], block["name"], block["input"]);
      }
      if (item["type"] === "function_call") noteCall(item["call_id"], item["name"], item["arguments"]);
    },
    of: (callId) => (typeof callId === "string" ? places.get(callId) : undefined),
  };
}

/** The call that a record is the result of, in any of the three protocols. */
export function resultOf(record: Readonly<Record<string, Json>>): unknown {
  if (record["role"] === "tool") return record["tool_call_id"];
  if (record["type"] === "tool_result") return record["tool_use_id"];
  return record["type"] === "function_call_output" ? record["call_id"] : undefined;
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? (value.filter((item: Json) => isRecord(item)) as JsonObject[]) : [];
}

function argumentsOf(given: unknown): JsonObject {
  if (typeof given !== "string") return isRecord(given) ? (given as JsonObject) : {};
  try {
    const value = JSON.parse(given) as Json;
    return isRecord(value) ? value : {};
  } catch {
    return {}; // a call that broke read no file
  }
}

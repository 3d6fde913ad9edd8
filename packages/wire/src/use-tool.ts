/**
 * One fixed tool that stands for many: their schemas are not in the prompt, and a server that brings forty tools does
 * not change what every request begins with.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";

export const USE_TOOL = "UseTool";

export interface InnerCall {
  readonly name: string;
  readonly args: JsonObject;
}

/** The call that a call of `UseTool` makes; undefined for any other, and for one that only asks for a schema. */
export function innerCallOf(name: string, args: JsonObject): InnerCall | undefined {
  const inner = args["name"];
  if (name !== USE_TOOL || typeof inner !== "string" || inner === USE_TOOL) return undefined;
  const given = toObject(args["arguments"]);
  return given === undefined ? undefined : { name: inner, args: given };
}

/** Models also write the inner object as its JSON text. */
function toObject(value: Json | undefined): JsonObject | undefined {
  if (isRecord(value)) return value;
  if (typeof value !== "string") return undefined;
  try {
    const parsed = JSON.parse(value) as Json;
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined; // no call: whoever asked hears of the schema instead
  }
}

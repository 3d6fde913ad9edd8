/** The schema of a server's tool, made small and harmless enough to show to a model. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import { wordsOf } from "./names.ts";

const DEPTH_MAX = 12;
const SCHEMA_CHARS_MAX = 16_000;
const TEXT_CHARS_MAX = 300;
const BARE_TEXT_CHARS_MAX = 60;
/** Words that say nothing of which arguments fit. */
const left = new Set(["$schema", "$id", "$comment", "examples", "title", "markdownDescription"]);
/** Under these, keys are names that the server chose, and not words of JSON Schema. */
const named = new Set(["properties", "$defs", "definitions", "patternProperties"]);

/** Undefined when it stays too large without its descriptions. */
export function cleanSchema(given: unknown): JsonObject | undefined {
  for (const textCharsMax of [TEXT_CHARS_MAX, BARE_TEXT_CHARS_MAX, 0]) {
    const cleaned = clean((isRecord(given) ? given : {}) as JsonObject, textCharsMax, 0);
    const schema = { ...cleaned, type: "object", properties: cleaned["properties"] ?? {} };
    if (JSON.stringify(schema).length <= SCHEMA_CHARS_MAX) return schema;
  }
  return undefined;
}

function clean(schema: JsonObject, textCharsMax: number, depth: number): JsonObject {
  const kept: [string, Json][] = [];
  for (const [word, value] of Object.entries(schema)) {
    if (left.has(word) || depth > DEPTH_MAX) continue;
    if (word === "description") {
      const text = wordsOf(value, textCharsMax);
      if (textCharsMax > 0 && text !== "") kept.push([word, text]);
    } else if (named.has(word) && isRecord(value)) {
      const inner = Object.entries(value).map(([name, one]) => [name, cleanValue(one, textCharsMax, depth)]);
      kept.push([word, Object.fromEntries(inner) as JsonObject]);
    } else kept.push([word, cleanValue(value, textCharsMax, depth)]);
  }
  return Object.fromEntries(kept);
}

function cleanValue(value: Json, textCharsMax: number, depth: number): Json {
  if (Array.isArray(value)) return value.map((item: Json) => cleanValue(item, textCharsMax, depth + 1));
  return isRecord(value) ? clean(value, textCharsMax, depth + 1) : value;
}

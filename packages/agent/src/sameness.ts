/** When two calls, and what came of them, are the same to anybody who wants to get on. */
import { canonicalJson, sha256, type Json, type JsonObject } from "@cloister/base";

/** Arguments that only say what a call is for. */
const labels = new Set(["description", "explanation", "reason", "thought", "activeForm"]);

/** What changes from one run to the next by itself. Numbers stay: three of ten is not four of ten. */
const volatile: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  [/\b\d{1,2}:\d\d(:\d\d([.,]\d+)?)?\b/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b/gi, "<id>"],
  [/\b1\d{9}(\d{3})?\b/g, "<time>"],
  [/\b\d+(\.\d+)? ?(ms|µs|ns|s|sec|seconds?|m|min|minutes?)\b/g, "<span>"],
  [/\b(pid|PID)[ =:]+\d+/g, "<pid>"],
  [/\s+/g, " "],
];

/** Equal for calls that are the same but for labels, white space, and for ids and times in what came of them. */
export function canonicalText(name: string, args: JsonObject, result: string): string {
  const said = canonical(withoutLabels(args));
  let text = result;
  for (const [pattern, stand] of volatile) text = text.replace(pattern, stand);
  return sha256(`${name}\0${said}\0${text.trim()}`).toString("base64");
}

function withoutLabels(value: Json): Json {
  if (typeof value === "string") return value.replace(/\s+/g, " ").trim();
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => withoutLabels(item));
  const rest = Object.entries(value).filter(([key]) => !labels.has(key));
  return Object.fromEntries(rest.map(([key, item]) => [key, withoutLabels(item)]));
}

function canonical(value: Json): string {
  try {
    return canonicalJson(value);
  } catch {
    return JSON.stringify(value); // fractions and broken characters have no canonical form; as written will do
  }
}

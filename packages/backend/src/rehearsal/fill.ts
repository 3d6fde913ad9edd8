// `{{match:REGEX}}`: a piece of the request that a scripted turn uses again.

import { isRecord } from "@cloister/base";
import type { Json, JsonObject } from "@cloister/base";

// The closing braces are the last two of a run, so that REGEX may end in a quantifier such as `{8}`.
const placeholder = /\{\{match:(.+?)\}\}(?!\})/gs;

/** The regular expressions in a text of the script. */
export function patternsIn(text: string): string[] {
  return [...text.matchAll(placeholder)].map((found) => found[1] ?? "");
}

export type Filled<T> =
  | { readonly kind: "filled"; readonly value: T }
  | { readonly kind: "no-match"; readonly pattern: string };

/** Replaces each placeholder by the first match (by its first group, when there is one) in the request's text. */
export function fillText(text: string, requestText: string): Filled<string> {
  for (const pattern of patternsIn(text)) {
    if (!RegExp(pattern).test(requestText)) return { kind: "no-match", pattern };
  }
  const value = text.replaceAll(placeholder, (_, pattern: string) => {
    const found = RegExp(pattern).exec(requestText);
    return found?.[1] ?? found?.[0] ?? "";
  });
  return { kind: "filled", value };
}

/** As `fillText`, in every text value inside. */
export function fillArguments(value: JsonObject, requestText: string): Filled<JsonObject> {
  const misses: string[] = [];
  const fill = (inner: Json): Json => {
    if (typeof inner === "string") {
      const filled = fillText(inner, requestText);
      if (filled.kind === "filled") return filled.value;
      misses.push(filled.pattern);
      return inner;
    }
    if (isList(inner)) return inner.map(fill);
    return isRecord(inner) ? fillObject(inner) : inner;
  };
  const fillObject = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, fill(inner)]));

  const filled = fillObject(value);
  const [pattern] = misses;
  return pattern === undefined ? { kind: "filled", value: filled } : { kind: "no-match", pattern };
}

/** Every text in a request, decoded, in the order in which it stands there: what a model would be shown. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join("\n");
  if (!isRecord(value)) return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
  return Object.entries(value)
    .map(([key, inner]) => `${key}\n${textOf(inner)}`)
    .join("\n");
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

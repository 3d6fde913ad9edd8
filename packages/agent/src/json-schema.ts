/**
 * Checks a value against a JSON Schema (2020-12): types, enum, const, properties, required, additionalProperties, items,
 * the limits on numbers, texts and lists, anyOf, oneOf, allOf, and $ref within the document. Other words are not checked.
 */
import { canonicalJson, isRecord, type Json, type JsonObject } from "@cloister/base";

const DEPTH_MAX = 64;

/** The first fault with its place, or undefined. */
export function schemaFault(
  value: Json,
  schema: Json,
  root: Json = schema,
  at = "$",
  depth = 0,
): string | undefined {
  if (schema === false) return `${at} is not allowed`;
  if (!isRecord(schema)) return undefined;
  if (depth > DEPTH_MAX) return `${at} is nested too deeply`;
  const words: JsonObject = schema;
  const check = (inner: Json, place = at, item = value): string | undefined =>
    schemaFault(item, inner, root, place, depth + 1);

  const { $ref: ref } = words;
  const fault =
    (typeof ref === "string" ? check(resolveRef(ref, root)) : undefined) ??
    typeFault(value, words["type"], at) ??
    choiceFault(value, words, at) ??
    limitFault(value, words, at) ??
    objectFault(value, words, at, check) ??
    listFault(value, words, at, check);
  if (fault !== undefined) return fault;

  const { anyOf, oneOf, allOf } = words;
  for (const inner of lists(allOf)) {
    const found = check(inner);
    if (found !== undefined) return found;
  }
  const any = lists(anyOf);
  if (any.length > 0 && any.every((inner) => check(inner) !== undefined)) {
    return `${at} fits none of anyOf: ${check(any[0] ?? true)}`;
  }
  const one = lists(oneOf);
  const fitting = one.filter((inner) => check(inner) === undefined).length;
  return one.length > 0 && fitting !== 1 ? `${at} fits ${fitting} of oneOf, not exactly one` : undefined;
}

type Check = (schema: Json, place?: string, item?: Json) => string | undefined;

function typeFault(value: Json, type: Json | undefined, at: string): string | undefined {
  const types = typeof type === "string" ? [type] : lists(type);
  if (types.length === 0 || types.some((name) => hasType(value, name))) return undefined;
  return `${at} must be of type ${types.map((name) => JSON.stringify(name)).join(" or ")}`;
}

function hasType(value: Json, type: Json): boolean {
  switch (typeof type === "string" ? type : "") {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function choiceFault(value: Json, words: JsonObject, at: string): string | undefined {
  if (words["const"] !== undefined && !isSame(value, words["const"])) {
    return `${at} must be ${JSON.stringify(words["const"])}`;
  }
  const choices = lists(words["enum"]);
  if (choices.length === 0 || choices.some((choice) => isSame(value, choice))) return undefined;
  return `${at} must be one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`;
}

function limitFault(value: Json, words: JsonObject, at: string): string | undefined {
  const below = (word: string, size: number): boolean => {
    const limit = words[word];
    return typeof limit === "number" && size < limit;
  };
  const above = (word: string, size: number): boolean => {
    const limit = words[word];
    return typeof limit === "number" && size > limit;
  };
  const failed = (word: string): string => `${at} breaks ${word} ${JSON.stringify(words[word])}`;
  if (typeof value === "number") {
    if (below("minimum", value)) return failed("minimum");
    if (above("maximum", value)) return failed("maximum");
  }
  if (typeof value === "string") {
    const { length } = Array.from(value);
    if (below("minLength", length)) return failed("minLength");
    if (above("maxLength", length)) return failed("maxLength");
  }
  if (Array.isArray(value)) {
    if (below("minItems", value.length)) return failed("minItems");
    if (above("maxItems", value.length)) return failed("maxItems");
  }
  return undefined;
}

function objectFault(value: Json, words: JsonObject, at: string, check: Check): string | undefined {
  if (!isRecord(value)) return undefined;
  const properties: Record<string, unknown> = isRecord(words["properties"]) ? words["properties"] : {};
  for (const name of lists(words["required"])) {
    if (typeof name === "string" && !Object.hasOwn(value, name)) return `${at}.${name} is missing`;
  }
  for (const [name, item] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, name)
      ? properties[name]
      : (words["additionalProperties"] ?? true);
    const fault = check(inner as Json, `${at}.${name}`, item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function listFault(value: Json, words: JsonObject, at: string, check: Check): string | undefined {
  if (!Array.isArray(value) || words["items"] === undefined) return undefined;
  for (const [index, item] of value.entries()) {
    const fault = check(words["items"], `${at}[${index}]`, item as Json);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** A reference to nothing is one that allows nothing, so that the mistake shows. */
function resolveRef(ref: string, root: Json): Json {
  if (!ref.startsWith("#")) return false;
  let found: unknown = root;
  for (const part of ref.slice(1).split("/").filter(Boolean)) {
    found = isRecord(found) ? found[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  }
  return (found ?? false) as Json;
}

function lists(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

function isSame(a: Json, b: Json): boolean {
  try {
    return canonicalJson(a) === canonicalJson(b);
  } catch {
    return JSON.stringify(a) === JSON.stringify(b); // fractions have no canonical form
  }
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** Checks a call's arguments against the tool's own schema, the few words of JSON Schema that tools use. */
import { isRecord } from "@cloister/base";
import type { Json, JsonObject } from "@cloister/base";

export type CheckedArguments =
  | { readonly kind: "valid"; readonly args: JsonObject }
  | { readonly kind: "invalid"; readonly why: string };

/**
 * Takes null for an absent optional argument, and refuses unknown ones: a model that misspells an argument must hear
 * of it. Text is never touched: white space inside it is data.
 */
export function checkArguments(schema: JsonObject, args: JsonObject): CheckedArguments {
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  const known = Object.keys(properties);
  const checked: Record<string, Json> = {};
  for (const [name, value] of Object.entries(args)) {
    const wanted = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (!isRecord(wanted)) return invalid(`unknown argument "${name}"; known are ${known.join(", ")}`);
    if (value === null && !required.includes(name)) continue;
    const read = readValue(wanted, value);
    if (read.kind === "invalid") return invalid(`argument "${name}" ${read.why}`);
    checked[name] = read.value;
  }
  const missing = required.filter((name) => !Object.hasOwn(checked, String(name)));
  if (missing.length > 0) return invalid(`required argument missing: ${missing.join(", ")}`);
  return { kind: "valid", args: checked };
}

type ReadValue =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "invalid"; readonly why: string };

function readValue(schema: JsonObject, value: Json): ReadValue {
  if (schema.type === "string") return readText(schema, value);
  if (schema.type === "integer") {
    if (Number.isSafeInteger(value) && Number(value) >= 0) return { kind: "value", value };
    return invalid("must be a whole number, not negative");
  }
  if (schema.type === "array") return readList(schema, value);
  if (schema.type === "object" && isRecord(value)) return { kind: "value", value };
  if (schema.type === "object") return invalid("must be an object");
  if (typeof value === "boolean") return { kind: "value", value };
  return invalid("must be true or false");
}

function readText(schema: JsonObject, value: Json): ReadValue {
  if (typeof value !== "string") return invalid("must be a string");
  // Half a surrogate pair would reach the file as U+FFFD: a silent change of what the model wrote.
  if (!value.isWellFormed()) {
    return invalid("holds half of a UTF-16 surrogate pair; send the whole character");
  }
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) {
    return invalid(`must be one of ${schema.enum.join(", ")}`);
  }
  return { kind: "value", value };
}

function readList(schema: JsonObject, list: Json): ReadValue {
  if (!isList(list)) return invalid("must be a list");
  if (!isRecord(schema.items)) return { kind: "value", value: list };
  const items: Json[] = [];
  for (const [index, item] of list.entries()) {
    if (!isRecord(item)) return invalid(`must hold objects; item ${index + 1} is none`);
    const checked = checkArguments(schema.items, item);
    if (checked.kind === "invalid") return invalid(`item ${index + 1}: ${checked.why}`);
    items.push(checked.args);
  }
  return { kind: "value", value: items };
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

function invalid(why: string): { readonly kind: "invalid"; readonly why: string } {
  return { kind: "invalid", why };
}

import { isRecord, type Json } from "@cloister/base";

/**
 * Reads what models write for a number, a boolean or a structure inside a string, where the schema asks for one and
 * the whole text is one: "12", "True", "[{…}]". Text that the schema wants as text is never touched.
 */
export function coerce(value: Json, schema: Json | undefined): Json {
  if (!isRecord(schema)) return value;
  if (typeof value === "string") return coerceText(value, schema);
  if (Array.isArray(value)) {
    return value.map((item: Json) => coerce(item, schema["items"]));
  }
  if (isRecord(value)) {
    const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, coerce(item, properties[name])]),
    );
  }
  return value;
}

function coerceText(text: string, schema: Record<string, unknown>): Json {
  switch (schema["type"]) {
    case "integer":
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case "number":
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
    case "boolean":
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text;
    case "array":
    case "object":
      return coerceStructure(text, schema);
    default:
      return text;
  }
}

function coerceStructure(text: string, schema: Record<string, unknown>): Json {
  try {
    const value = JSON.parse(text) as Json;
    const isWanted = schema["type"] === "array" ? Array.isArray(value) : isRecord(value);
    return isWanted ? coerce(value, schema as Json) : text;
  } catch {
    return text; // the check that follows says what is wrong with it
  }
}

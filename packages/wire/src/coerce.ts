import { isRecord, type Json } from "@cloister/base";
import { parseLooseWhole } from "./dialects/loose-json.ts";

/**
 * Reads what models write for a number, a boolean or a structure inside a string, where the schema asks for one and
 * the whole text is one: "12", "True", "[{…}]". Text that the schema allows as text is never touched.
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
      Object.entries(value).map(([name, item]) => [
        name,
        coerce(item, Object.hasOwn(properties, name) ? properties[name] : schema["additionalProperties"]),
      ]),
    );
  }
  return value;
}

/** The types that a schema names, itself or in `anyOf` and `oneOf`; empty when it does not say. */
export function typesOf(schema: Json | undefined): readonly string[] {
  if (!isRecord(schema)) return [];
  const { type } = schema;
  if (typeof type === "string") return [type];
  if (Array.isArray(type)) return type.filter((name) => typeof name === "string");
  const branches = [schema["anyOf"], schema["oneOf"]].flatMap((list): unknown[] =>
    Array.isArray(list) ? list : [],
  );
  const types = branches.map((branch) => typesOf(branch as Json));
  // A branch that does not say leaves everything possible.
  return types.some((names) => names.length === 0) ? [] : types.flat();
}

function coerceText(text: string, schema: Record<string, unknown>): Json {
  const types = typesOf(schema as Json);
  if (types.length === 0 || types.includes("string")) return text;
  // A null stands for absence, which the check allows for optional arguments.
  if (text === "null" || text === "None") return null;
  for (const type of types) {
    const value = coerceTo(text, type, schema);
    if (value !== undefined) return value;
  }
  return text; // the check that follows says what is wrong with it
}

function coerceTo(written: string, type: string, schema: Record<string, unknown>): Json | undefined {
  const text = unwrapped(written);
  switch (type) {
    case "integer":
      // `20.0` is how Python's JSON writes a float that is whole.
      return /^-?\d{1,15}(\.0+)?$/.test(text) ? Number(text) : undefined;
    case "number":
      return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
    case "boolean":
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
    case "array": {
      const value = parseLooseWhole(text);
      return Array.isArray(value) ? coerce(value as Json, schema as Json) : undefined;
    }
    case "object": {
      const value = parseLooseWhole(text);
      return isRecord(value) ? coerce(value, schema as Json) : undefined;
    }
    default:
      return undefined;
  }
}

const SCALAR_CHARS_MAX = 64;

/** Without a second pair of quotes around a number or a word, or a code fence around a structure. */
function unwrapped(text: string): string {
  const quoted = text.length <= SCALAR_CHARS_MAX ? /^(["'])([\w.-]+)\1$/.exec(text)?.[2] : undefined;
  const fenced = /^\s*```/.test(text) ? /^\s*```\w{0,8}\s*\n([^]*)\n```\s*$/.exec(text)?.[1] : undefined;
  return quoted ?? fenced ?? text;
}

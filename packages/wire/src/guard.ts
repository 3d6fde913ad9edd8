/**
 * The guard over tool calls: one runs only if it names an offered tool, its arguments are whole and fit the schema,
 * and the stream ended normally. Anything else becomes an exact error for the model, and nothing runs.
 */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { FinishReason } from "./chat.ts";
import { coerce, typesOf } from "./coerce.ts";
import type { RawCall } from "./calls.ts";
import { parseArguments, withSchemaKeys } from "./dialects/arguments.ts";
import { isPathKey } from "./dialects/values.ts";
import { nearestName, resolveName } from "./dialects/names.ts";
import { limitFault } from "./schema-limits.ts";

export type GuardCause = "truncated" | "missing-argument" | "type" | "syntax" | "unknown-tool";

export type Guarded =
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly args: JsonObject }
  | {
      readonly kind: "refused";
      readonly id: string;
      readonly name: string;
      /** `denied`: a rule forbids it, whatever its form. */
      readonly cause: GuardCause | "denied";
      readonly detail: string;
      /** Of one that is denied, for hooks: as they were written. */
      readonly args?: JsonObject;
    };

export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of an object. `type`, `properties`, `required`, `enum`, `items` and limits are checked. */
  readonly parameters: JsonObject;
}

/**
 * @param aliases Tool names as a model family writes them, to the offered ones.
 * What can mean one thing only is repaired: names but for case, separators and leaked tokens; JSON but for Python's
 * literals, commas and quotes; keys by well-known aliases; numbers and lists inside strings, after the schema.
 */
export function guardCall(
  call: RawCall,
  finish: FinishReason,
  offered: readonly OfferedTool[],
  aliases: Readonly<Record<string, string>> = {},
): Guarded {
  const refuse = (cause: GuardCause, detail: string): Guarded => ({
    kind: "refused",
    id: call.id,
    name: call.name,
    cause,
    detail,
  });

  if (finish === "length") {
    return refuse(
      "truncated",
      "The answer hit the token limit inside this call, so nothing was run. Make the call again in smaller parts.",
    );
  }
  if (finish === "filter") {
    return refuse("truncated", "The server's content filter ended the answer, so nothing was run.");
  }
  const name = resolveName(call.name, offered, aliases);
  const tool = offered.find((candidate) => candidate.name === name);
  if (tool === undefined) return refuse("unknown-tool", unknownTool(call.name, offered));

  const parsed = parseArguments(call.arguments);
  if (parsed.kind === "cut") {
    return refuse(
      "truncated",
      `The arguments of ${tool.name} end in the middle, so nothing was run. Make the call again, in smaller parts if it is long.`,
    );
  }
  if (parsed.kind === "bad") {
    return refuse(
      "syntax",
      `The arguments of ${tool.name} are not a valid JSON object: ${parsed.detail}. Nothing was run. Make the call again.`,
    );
  }
  const keyed = withSchemaKeys(parsed.args, tool);
  if (keyed.fault !== undefined) {
    return refuse("syntax", `${tool.name}: ${keyed.fault}. Nothing was run. Make the call again.`);
  }
  const args = coerce(keyed.args, tool.parameters) as JsonObject;
  const fault = checkValue(args, tool.parameters, "") ?? checkDrivePaths(args);
  if (fault !== undefined) {
    return refuse(fault.cause, `${tool.name}: ${fault.detail}. Nothing was run. Make the call again.`);
  }
  return { kind: "call", id: call.id, name: tool.name, args };
}

function unknownTool(written: string, offered: readonly OfferedTool[]): string {
  const nearest = nearestName(written, offered);
  const hint = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
  return `There is no tool "${written}".${hint} The tools are: ${offered.map(({ name }) => name).join(", ")}.`;
}

/** `"C:\temp\new"` is valid JSON, and a path with a tab and a line break that nobody meant. */
function checkDrivePaths(args: JsonObject): Fault | undefined {
  for (const [name, value] of Object.entries(args)) {
    if (typeof value === "string" && isPathKey(name) && /^[A-Za-z]:[^/]*[\b\f\n\r\t]/.test(value)) {
      const detail = `"${name}" holds a control character where a path has a backslash; write each backslash as \\\\`;
      return { cause: "syntax", detail };
    }
  }
  return undefined;
}

interface Fault {
  readonly cause: GuardCause;
  readonly detail: string;
}

function checkValue(value: Json, schema: Json | undefined, path: string): Fault | undefined {
  if (!isRecord(schema)) return undefined;
  const types = typesOf(schema);
  if (types.length > 0 && !types.some((type) => hasType(value, type))) {
    const wanted = types.map(article).join(" or ");
    return { cause: "type", detail: `"${path}" must be ${wanted}, not ${article(typeName(value))}` };
  }
  if (Array.isArray(schema["enum"]) && !schema["enum"].includes(value)) {
    return { cause: "type", detail: `"${path}" must be one of ${schema["enum"].map(String).join(", ")}` };
  }
  const limit = limitFault(value, schema);
  if (limit !== undefined) return { cause: "type", detail: `"${path}" ${limit}` };
  if (isRecord(value)) return checkObject(value, schema, path);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const fault = checkValue(item as Json, schema["items"], `${path}[${index}]`);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function checkObject(value: JsonObject, schema: JsonObject, path: string): Fault | undefined {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  for (const name of required) {
    // A null stands for absence: models write it for "not given".
    if (typeof name === "string" && (value[name] ?? undefined) === undefined) {
      return {
        cause: "missing-argument",
        detail: `the required argument "${at(path, name)}" is missing; its schema is ${JSON.stringify(properties[name])}`,
      };
    }
  }
  for (const [name, item] of Object.entries(value)) {
    const schemaOfItem = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const fault = item === null ? undefined : checkValue(item, schemaOfItem, at(path, name));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function hasType(value: Json, type: string): boolean {
  if (type === "integer") return Number.isInteger(value);
  if (type === "number") return typeof value === "number";
  return typeName(value) === type;
}

function typeName(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function article(type: string): string {
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`;
}

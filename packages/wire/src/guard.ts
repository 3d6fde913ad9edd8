/**
 * The guard over tool calls: one runs only if it names an offered tool, its arguments are whole and fit the schema,
 * and the stream ended normally. Anything else becomes an exact error for the model, and nothing runs.
 */
import { isRecord, messageOf, type Json, type JsonObject } from "@cloister/base";
import type { FinishReason } from "./answer.ts";
import { coerce } from "./coerce.ts";
import type { RawCall } from "./calls.ts";

export type GuardCause = "truncated" | "missing-argument" | "type" | "syntax" | "unknown-tool";

export type Guarded =
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly args: JsonObject }
  | {
      readonly kind: "refused";
      readonly id: string;
      readonly name: string;
      readonly cause: GuardCause;
      readonly detail: string;
    };

export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of an object. `type`, `properties`, `required`, `enum` and `items` are checked. */
  readonly parameters: JsonObject;
}

export function guardCall(call: RawCall, finish: FinishReason, offered: readonly OfferedTool[]): Guarded {
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
  const tool = offered.find(({ name }) => name === call.name);
  if (tool === undefined) {
    return refuse(
      "unknown-tool",
      `There is no tool "${call.name}". The tools are: ${offered.map(({ name }) => name).join(", ")}.`,
    );
  }
  const parsed = parseArguments(call.arguments);
  if (parsed.kind === "bad") {
    return refuse(
      "syntax",
      `The arguments of ${call.name} are not a valid JSON object: ${parsed.detail}. Nothing was run. Make the call again.`,
    );
  }
  const args = coerce(parsed.args, tool.parameters);
  const fault = checkValue(args, tool.parameters, "");
  if (fault !== undefined) {
    return refuse(fault.cause, `${call.name}: ${fault.detail}. Nothing was run. Make the call again.`);
  }
  return { kind: "call", id: call.id, name: call.name, args: args as JsonObject };
}

type Parsed =
  | { readonly kind: "ok"; readonly args: JsonObject }
  | { readonly kind: "bad"; readonly detail: string };

/** No arguments at all is an empty object: several servers send nothing for a tool without parameters. */
function parseArguments(text: string): Parsed {
  if (text.trim() === "") return { kind: "ok", args: {} };
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value)
      ? { kind: "ok", args: value as JsonObject }
      : { kind: "bad", detail: "not an object" };
  } catch (error) {
    return { kind: "bad", detail: messageOf(error) };
  }
}

interface Fault {
  readonly cause: GuardCause;
  readonly detail: string;
}

function checkValue(value: Json, schema: Json | undefined, path: string): Fault | undefined {
  if (!isRecord(schema)) return undefined;
  const type = schema["type"];
  if (typeof type === "string" && !hasType(value, type)) {
    return { cause: "type", detail: `"${path}" must be ${article(type)}, not ${article(typeName(value))}` };
  }
  if (Array.isArray(schema["enum"]) && !schema["enum"].includes(value)) {
    return { cause: "type", detail: `"${path}" must be one of ${schema["enum"].map(String).join(", ")}` };
  }
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
    const fault = item === null ? undefined : checkValue(item, properties[name], at(path, name));
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

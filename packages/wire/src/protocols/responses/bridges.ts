/** Built-in tools of the Responses API that run at the client's, as functions for models that know nothing else. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { TurnTool } from "../../turn.ts";

export interface Bridge {
  /** The type of the tool, and the name of the function. */
  readonly tool: string;
  readonly callType: string;
  readonly outputType: string;
  /** The field of the call's item that holds what the function has as arguments. */
  readonly field: string;
  /** What the item's field holds besides. */
  readonly fixed: JsonObject;
  readonly description: string;
  readonly parameters: JsonObject;
}

const STRING: JsonObject = { type: "string" };
const INTEGER: JsonObject = { type: "integer" };
const STRINGS: JsonObject = { type: "array", items: STRING };

export const BRIDGES: readonly Bridge[] = [
  {
    tool: "local_shell",
    callType: "local_shell_call",
    outputType: "local_shell_call_output",
    field: "action",
    fixed: { type: "exec", env: {} },
    description: "Runs one command, given as a list of arguments, on the user's machine.",
    parameters: object(
      { command: STRINGS, working_directory: STRING, timeout_ms: INTEGER },
      { required: ["command"] },
    ),
  },
  {
    tool: "shell",
    callType: "shell_call",
    outputType: "shell_call_output",
    field: "action",
    fixed: {},
    description: "Runs shell commands on the user's machine, side by side.",
    parameters: object(
      { commands: STRINGS, timeout_ms: INTEGER, max_output_length: INTEGER },
      { required: ["commands"] },
    ),
  },
  {
    tool: "apply_patch",
    callType: "apply_patch_call",
    outputType: "apply_patch_call_output",
    field: "operation",
    fixed: {},
    description: "Creates, changes or deletes one file. The diff has no headers, only @@ lines and hunks.",
    parameters: object(
      {
        type: { type: "string", enum: ["create_file", "update_file", "delete_file"] },
        path: STRING,
        diff: STRING,
      },
      { required: ["type", "path"] },
    ),
  },
];

function object(properties: JsonObject, { required }: { readonly required: readonly string[] }): JsonObject {
  return { type: "object", properties, required, additionalProperties: false };
}

/** A client's own function may bear the same name, so the whole tool is compared. */
export function bridgeOf(tool: TurnTool): Bridge | undefined {
  return BRIDGES.find(
    (bridge) =>
      tool.name === bridge.tool &&
      tool.description === bridge.description &&
      JSON.stringify(tool.parameters) === JSON.stringify(bridge.parameters),
  );
}

/** The arguments of a bridged call in a history, as the function would have been called. */
export function bridgedArguments(bridge: Bridge, item: Record<string, unknown>): string {
  const held = item[bridge.field];
  const known = bridge.parameters["properties"];
  if (!isRecord(held) || !isRecord(known)) return "{}";
  const entries = Object.keys(known).flatMap((name): [string, unknown][] =>
    (held[name] ?? undefined) === undefined ? [] : [[name, held[name]]],
  );
  return JSON.stringify(Object.fromEntries(entries));
}

/** The fields of the call's item, or undefined when the arguments are no object. */
export function bridgedFields(bridge: Bridge, args: unknown): JsonObject | undefined {
  if (!isRecord(args)) return undefined;
  return { [bridge.field]: { ...bridge.fixed, ...(args as Record<string, Json>) } };
}

// A step in the words of the tools that an agent offers: found by their names, filled in by their schemas.
import { isRecord, type JsonObject } from "@cloister/base";
import type { Step } from "./scenario.ts";

export interface OfferedTool {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

export interface Call {
  readonly name: string;
  readonly arguments: JsonObject;
}

/** A request of the Chat protocol, or a part of one, as somebody sent it. */
export type Body = Readonly<Record<string, unknown>>;

export function toolsOf(body: Body): OfferedTool[] {
  const tools = Array.isArray(body["tools"]) ? body["tools"].filter(isRecord) : [];
  return tools.flatMap((tool): OfferedTool[] => {
    const given = isRecord(tool["function"]) ? tool["function"] : {};
    const { name } = given;
    const schema = isRecord(given["parameters"]) ? given["parameters"] : {};
    const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
    const required = Array.isArray(schema["required"])
      ? schema["required"].filter((item) => typeof item === "string")
      : [];
    return typeof name === "string" ? [{ name, properties, required }] : [];
  });
}

const pathName = /^(?:absolute_|file_?|target_)?path$/i;

const kinds: Readonly<Record<Step["kind"], { readonly tool: RegExp; readonly property: RegExp }>> = {
  read: { tool: /^(?:read|view)(?:_?file)?$/i, property: pathName },
  search: { tool: /^(?:grep|search)/i, property: /^pattern$/i },
  edit: { tool: /^(?:edit|replace)/i, property: pathName },
  run: { tool: /bash|shell|exec/i, property: /^(?:command|cmd)$/i },
};

/** Undefined when no tool that is offered does such a thing. Paths become absolute, for some agents want only those. */
export function callFor(step: Step, tools: readonly OfferedTool[], project: string): Call | undefined {
  const { tool: named, property } = kinds[step.kind];
  const tool = tools.find(({ name, properties }) => named.test(name) && nameIn(properties, property));
  if (tool === undefined) return undefined;
  switch (step.kind) {
    case "read":
      return fill(tool, [
        [pathName, `${project}/${step.path}`],
        [/^offset$/i, step.from],
        [/^limit$/i, step.lines],
      ]);
    case "search":
      return fill(tool, [
        [/^pattern$/i, step.pattern],
        [/^path$/i, `${project}/${step.path}`],
        [/^output_mode$/, "content"],
      ]);
    case "edit":
      return fill(tool, [
        [pathName, `${project}/${step.path}`],
        [/^old/i, step.old],
        [/^new/i, step.now],
        [/^edits$/, [{ oldText: step.old, newText: step.now }]],
      ]);
    case "run":
      return fill(tool, [[/^(?:command|cmd)$/i, step.command]]);
  }
}

function nameIn(properties: OfferedTool["properties"], pattern: RegExp): string | undefined {
  return Object.keys(properties).find((name) => pattern.test(name));
}

/** These values where a name fits, and something of the right type for whatever else is required. */
function fill(tool: OfferedTool, values: readonly (readonly [RegExp, JsonObject[string]])[]): Call {
  const filled: Record<string, JsonObject[string]> = {};
  for (const [pattern, value] of values) {
    const name = nameIn(tool.properties, pattern);
    if (name !== undefined) filled[name] = value;
  }
  for (const name of tool.required) filled[name] ??= plainValue(tool.properties[name]);
  return { name: tool.name, arguments: filled };
}

function plainValue(schema: unknown): JsonObject[string] {
  if (isRecord(schema) && Array.isArray(schema["enum"])) return schema["enum"][0] as JsonObject[string];
  switch (isRecord(schema) ? schema["type"] : undefined) {
    case "boolean":
      return false;
    case "number":
    case "integer":
      return 1000;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return "as the script says";
  }
}

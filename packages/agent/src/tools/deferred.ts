/** The tools whose schemas are not in the prompt: their names are, and the one tool that reaches them. */
import type { JsonObject } from "@cloister/base";
import { guardCall, innerCallOf, USE_TOOL, type Guarded } from "@cloister/wire";
import type { Tool } from "./tool.ts";
import { refusal } from "./tool.ts";
import { guarded } from "./toolset.ts";

/** Those of our own, for every session. Their names stand in the fixed prompt, in this order. */
export const deferredTools: readonly Tool[] = [];

type UseToolArgs = { readonly name: string; readonly arguments?: JsonObject };

/** `others`: all that can be reached now, also what servers brought since the session began. */
export function createUseTool(others: () => readonly Tool[]): Tool {
  const names = deferredTools.map(({ name }) => name).join(", ");
  const tool: Tool<UseToolArgs> = {
    name: USE_TOOL,
    // A call that reaches another tool is that tool's call by the time it runs; what is left only reads a schema.
    effect: "read",
    description: `Call another tool; without arguments: show its schema. There are: ${names}.`,
    parameters: {
      type: "object",
      properties: { name: { type: "string" }, arguments: { type: "object" } },
      required: ["name"],
      additionalProperties: false,
    },
    run: ({ name }) => {
      const found = others().find((other) => other.name === name);
      if (found === undefined) return Promise.resolve(refusal(unknown(name, others())));
      const { description, parameters } = found;
      const text = `${description}\nSchema of its arguments: ${JSON.stringify(parameters)}`;
      return Promise.resolve({ ok: true, text, sources: [] });
    },
  };
  return guarded(tool);
}

const NAMES_SHOWN_MAX = 50;

function unknown(name: string, others: readonly Tool[]): string {
  const names = others.slice(0, NAMES_SHOWN_MAX).map((other) => other.name);
  return `There is no tool "${name}". There are: ${names.join(", ")}.`;
}

/** The call that is meant by a call of `UseTool`, judged by that tool's own schema; any other call as it is. */
export function toInnerCall(call: Guarded, tools: readonly Tool[]): Guarded {
  const inner = call.kind === "call" ? innerCallOf(call.name, call.args) : undefined;
  if (inner === undefined) return call;
  return guardCall({ id: call.id, name: inner.name, arguments: JSON.stringify(inner.args) }, "stop", tools);
}

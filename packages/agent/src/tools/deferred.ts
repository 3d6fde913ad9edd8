/** The tools whose schemas are not in the prompt: their names are, and the one tool that reaches them. */
import type { JsonObject } from "@cloister/base";
import { guardCall, innerCallOf, USE_TOOL, type Guarded, type InnerCall } from "@cloister/wire";
import { bashInputTool, bashOutputTool, bashTerminalTool, killBashTool } from "./background-tools.ts";
import { lspTool } from "./lsp-tool.ts";
import { notebookEditTool } from "./notebook-edit.ts";
import { repoMapTool } from "./repo-map.ts";
import { skillTool } from "./skill.ts";
import type { Tool } from "./tool.ts";
import { refusal } from "./tool.ts";
import { guarded } from "./toolset.ts";
import { webFetchTool } from "./web-fetch.ts";

/** Those of our own, for every session. Their names stand in the fixed prompt, in this order. */
export const deferredTools: readonly Tool[] = [
  guarded(skillTool),
  guarded(bashOutputTool),
  guarded(bashInputTool),
  guarded(killBashTool),
  guarded(bashTerminalTool),
  guarded(webFetchTool),
  guarded(notebookEditTool),
  guarded(lspTool),
  guarded(repoMapTool),
];

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

/**
 * The call that is meant by a call of `UseTool`, judged by that tool's own schema; any other call as it is. It was
 * judged as it was written, so it runs so or not at all: a name or an argument that would have to be mended first could
 * mean something else here than it did to the judge.
 */
export function toInnerCall(call: Guarded, tools: readonly Tool[]): Guarded {
  const inner = call.kind === "call" ? innerCallOf(call.name, call.args) : undefined;
  if (inner === undefined) return call;
  const { id } = call;
  const meant = guardCall({ id, name: inner.name, arguments: JSON.stringify(inner.args) }, "stop", tools);
  if (meant.kind === "refused" || isAsWritten(inner, meant)) return meant;
  const known = Object.keys(tools.find(({ name }) => name === meant.name)?.parameters["properties"] ?? {});
  const detail = `Write it as {"name": "${meant.name}", "arguments": {…}} with the tool's own arguments, which are ${known.join(", ")}. Nothing was run.`;
  return { kind: "refused", id, name: meant.name, cause: "syntax", detail };
}

/** Numbers and lists inside texts may be read as such; a text itself, and what it is called, stays. */
function isAsWritten(
  written: InnerCall,
  meant: { readonly name: string; readonly args: JsonObject },
): boolean {
  const keys = Object.keys(written.args);
  return (
    written.name === meant.name &&
    keys.length === Object.keys(meant.args).length &&
    keys.every((key) => Object.hasOwn(meant.args, key))
  );
}

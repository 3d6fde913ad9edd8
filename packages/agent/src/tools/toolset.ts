/** The tools on files and the one on commands, in the order in which models see them. */
import { messageOf, systemCodeOf } from "@cloister/base";
import { checkArguments } from "./arguments.ts";
import { bashTool } from "./bash.ts";
import { editTool } from "./edit.ts";
import { globTool } from "./glob.ts";
import { grepTool } from "./grep.ts";
import { readTool } from "./read.ts";
import { todoTool } from "./todo.ts";
import { refusal } from "./tool.ts";
import type { Tool } from "./tool.ts";
import { writeTool } from "./write.ts";

export const tools: readonly Tool[] = [
  guarded(readTool),
  guarded(writeTool),
  guarded(editTool),
  guarded(bashTool),
  guarded(grepTool),
  guarded(globTool),
  guarded(todoTool),
];

/**
 * The edge of a tool: arguments are checked once, here, and a file system that says no (permission, full disk, name
 * too long) becomes an answer for the model. Anything else is thrown on.
 */
export function guarded<Args>(tool: Tool<Args>): Tool {
  return {
    name: tool.name,
    description: tool.description,
    parameters: tool.parameters,
    effect: tool.effect,
    ...(tool.effectFor === undefined ? {} : { effectFor: tool.effectFor }),
    ...(tool.isPolling === undefined ? {} : { isPolling: tool.isPolling }),
    run: async (args, world, signal) => {
      signal.throwIfAborted();
      const checked = checkArguments(tool.parameters, args);
      if (checked.kind === "invalid") return refusal(`${tool.name}: ${checked.why}.`);
      try {
        // The schema that was just checked is the one that Args is written after.
        return await tool.run(checked.args as Args, world, signal);
      } catch (error) {
        if (signal.aborted || !isSystemError(error)) throw error;
        return refusal(`${tool.name} failed: ${messageOf(error).replaceAll(`${world.workspace}/`, "")}`);
      }
    },
  };
}

function isSystemError(error: unknown): boolean {
  // Errors of the file system carry a name such as EACCES; our own codes are kebab-case.
  return /^E[A-Z0-9]{2,}$/.test(systemCodeOf(error) ?? "");
}

/** What the agent itself holds back in a mode. The keeper decides about every call whatever the agent thinks. */
import type { JsonObject } from "@cloister/base";
import { noRules, weighPermission } from "@cloister/policy";
import { effectOfCall, type Mode, type Tool } from "./tools/tool.ts";

export function forbiddenInMode(
  tool: Tool,
  mode: Mode,
  call: { readonly args: JsonObject; readonly workspace: string },
): string | undefined {
  const effect = effectOfCall(tool, call.args);
  if (mode !== "plan" || effect === "read" || effect === "own") return undefined;
  if (tool.name === "Bash" && onlyLooks(call)) return undefined;
  return `Plan mode is on: ${tool.name} was not run, for nothing may be changed yet. Look with Read, Grep and Glob; when the plan is ready, show it with ExitPlan.`;
}

/** As the keeper judges it too. */
function onlyLooks({ args, workspace }: { readonly args: JsonObject; readonly workspace: string }): boolean {
  const { command, ...more } = args;
  if (typeof command !== "string" || more["run_in_background"] === true) return false;
  const facts = { tool: "Bash", text: command, places: { workspace, home: undefined }, canAsk: false };
  return weighPermission(noRules, "plan", facts).verdict === "allow";
}

/** The tools stay as they are, for their bytes stand before everything else: the model is told in a message. */
export function modeChangeText(from: Mode, to: Mode): string | undefined {
  if (to === "plan") {
    return "Plan mode is on. Look around without changing anything; of commands only those that look, such as git log, are run. Think, and show the finished plan with ExitPlan.";
  }
  return from === "plan" ? "Plan mode is off. Files may be changed and commands run." : undefined;
}

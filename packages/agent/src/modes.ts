/** What the agent itself holds back in a mode. The keeper decides about every call whatever the agent thinks. */
import type { Mode, Tool } from "./tools/tool.ts";

export function forbiddenInMode(tool: Tool, mode: Mode): string | undefined {
  if (mode !== "plan" || tool.effect === "read" || tool.effect === "own") return undefined;
  return `Plan mode is on: ${tool.name} was not run, for nothing may be changed yet. Look with Read, Grep and Glob; when the plan is ready, show it with ExitPlan.`;
}

/** The tools stay as they are, for their bytes stand before everything else: the model is told in a message. */
export function modeChangeText(from: Mode, to: Mode): string | undefined {
  if (to === "plan") {
    return "Plan mode is on. Look around without changing anything and without commands, think, and show the finished plan with ExitPlan.";
  }
  return from === "plan" ? "Plan mode is off. Files may be changed and commands run." : undefined;
}

/** Gives the text of a skill or a command of the project's, the person's or a plugin's; the model is told their names. */
import type { Tool } from "./tool.ts";
import { refusal } from "./tool.ts";

export const skillTool: Tool<{ readonly skill: string; readonly args?: string }> = {
  name: "Skill",
  effect: "own",
  description: "Get the text of a skill by its name, and follow it.",
  parameters: {
    type: "object",
    properties: { skill: { type: "string" }, args: { type: "string" } },
    required: ["skill"],
    additionalProperties: false,
  },
  run: ({ skill, args = "" }, world, signal) =>
    world.skill?.({ name: skill, args }, signal) ??
    Promise.resolve(refusal("There are no skills in this session.")),
};

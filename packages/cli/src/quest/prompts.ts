/** What the model is asked in a quest. */
import type { JsonObject } from "@cloister/base";
import type { QuestTask } from "./tasks.ts";

const look =
  "Look at the project first, as far as the goal needs it. Change nothing. Be concrete: name files, functions and commands that are there. Write for the engineer who will do it.";

export function requirementsPrompt(goal: string): string {
  return [
    `We plan a piece of work before anybody begins it. The goal:\n${goal}`,
    look,
    "Your last answer is the document with the requirements, in Markdown and nothing else: what is asked for and why, what is not part of it, each requirement numbered (R1, R2, …) with how one sees that it is met, and questions that are open with the answer you assume.",
  ].join("\n\n");
}

export function designPrompt(goal: string, requirements: string): string {
  return [
    `We plan a piece of work before anybody begins it. The goal:\n${goal}`,
    `The requirements, approved:\n\n${requirements}`,
    look,
    "Your last answer is the design, in Markdown and nothing else: how each requirement is met, which files change and how, what data travels where, what could go wrong and how it is noticed, how it is tested, and what was considered and left.",
  ].join("\n\n");
}

export function tasksPrompt(goal: string, requirements: string, design: string): string {
  return [
    `We plan a piece of work before anybody begins it. The goal:\n${goal}`,
    `The requirements, approved:\n\n${requirements}`,
    `The design, approved:\n\n${design}`,
    "Cut the work into tasks, in the order in which they are to be done. Each is a step that leaves the project whole, small enough for one sitting, and has a check: one shell command that runs in the project without a network, fails before the task is done and passes after it.",
  ].join("\n\n");
}

export const tasksSchema: JsonObject = {
  type: "object",
  properties: {
    tasks: {
      type: "array",
      items: {
        type: "object",
        properties: {
          title: { type: "string" },
          details: { type: "string" },
          check: { type: "string" },
        },
        required: ["title", "details", "check"],
      },
    },
  },
  required: ["tasks"],
};

/** A document written anew, after what a person said of it. */
export function againPrompt(first: string, document: string, words: string): string {
  return `${first}\n\nThere is a first version:\n\n${document}\n\nThis was said of it:\n${words}\n\nWrite it anew, with that in it.`;
}

export interface WorkPlan {
  readonly goal: string;
  readonly requirements: string;
  readonly design: string;
  readonly tasks: readonly QuestTask[];
}

export function taskPrompt(plan: WorkPlan, task: QuestTask): string {
  const list = plan.tasks.map((each) => `- [${each.isDone ? "x" : " "}] ${each.title}`).join("\n");
  const details = task.details === "" ? "" : `\n${task.details}`;
  const check = task.check === undefined ? "" : `\nIt is done when this command passes: ${task.check}`;
  return [
    `We work on this goal, task by task:\n${plan.goal}`,
    `Requirements:\n\n${plan.requirements}`,
    `Design:\n\n${plan.design}`,
    `All tasks:\n${list}`,
    `Do this one now, and no other. Part of it may be there already: look first.\n${task.title}${details}${check}`,
  ].join("\n\n");
}

export function checkFailedPrompt(command: string, output: string): string {
  return `The check did not pass: ${command}\n\n${output}\n\nFind out why and mend it. Do not change the check itself to make it pass.`;
}

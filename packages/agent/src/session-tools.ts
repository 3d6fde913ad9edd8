/** The tools on the session itself: ask the person, end planning, hand work to a subagent. */
import type { AskAnswer, Mode, Question, Tool, ToolResult, ToolWorld } from "./tools/tool.ts";
import { refusal } from "./tools/tool.ts";
import { guarded } from "./tools/toolset.ts";

export interface Desk {
  readonly mode: () => Mode;
  readonly setMode: (mode: Mode) => void;
  readonly startSubagent: (
    args: TaskArgs,
    call: string | undefined,
    signal: AbortSignal,
  ) => Promise<ToolResult>;
}

export type TaskArgs = {
  readonly description: string;
  readonly prompt: string;
  readonly subagent_type?: string;
  readonly model?: string;
};

/** The same names and schemas everywhere, so that one cached prefix serves every conversation; only what they do is bound. */
export function createSessionTools(desk: Desk): readonly Tool[] {
  const taskTool: Tool<TaskArgs> = {
    name: "Task",
    // Its calls are judged one by one, and several may be at work at the same time.
    effect: "read",
    description: "Hand self-contained work to a subagent with a context of its own; returns its report.",
    parameters: {
      type: "object",
      properties: {
        description: { type: "string" },
        prompt: { type: "string" },
        subagent_type: { type: "string" },
        // Where there are others the conversation is told of it; elsewhere it would only be tokens.
        model: { type: "string", hidden: true },
      },
      required: ["description", "prompt"],
      additionalProperties: false,
    },
    run: (args, { callId }, signal) => desk.startSubagent(args, callId, signal),
  };
  const exitPlanTool: Tool<{ readonly plan: string }> = {
    name: "ExitPlan",
    effect: "own",
    description: "In plan mode: show the finished plan for approval.",
    parameters: {
      type: "object",
      properties: { plan: { type: "string" } },
      required: ["plan"],
      additionalProperties: false,
    },
    run: ({ plan }, world, signal) => exitPlan(plan, desk, world, signal),
  };
  return [guarded(taskTool), guarded(askUserTool), guarded(exitPlanTool)];
}

const askUserTool: Tool<{ readonly questions: readonly Question[] }> = {
  name: "AskUser",
  effect: "own",
  description: "Ask what only the user can decide.",
  parameters: {
    type: "object",
    properties: {
      questions: {
        type: "array",
        items: {
          type: "object",
          properties: {
            question: { type: "string" },
            options: {
              type: "array",
              items: {
                type: "object",
                properties: { label: { type: "string" }, description: { type: "string" } },
                required: ["label"],
                additionalProperties: false,
              },
            },
            multiSelect: { type: "boolean" },
          },
          required: ["question", "options"],
          additionalProperties: false,
        },
      },
    },
    required: ["questions"],
    additionalProperties: false,
  },
  run: ({ questions }, world, signal) => askUser(questions, world, signal),
};

const QUESTIONS_MAX = 4;
const nobody = "No one is here to answer. Decide yourself, and say in your report what you assumed.";

async function askUser(
  questions: readonly Question[],
  world: ToolWorld,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (questions.length === 0 || questions.length > QUESTIONS_MAX) {
    return refusal(`Ask one to ${QUESTIONS_MAX} questions at a time.`);
  }
  const answer = await ask({ kind: "choice", questions }, world, signal);
  switch (answer.kind) {
    case "chosen": {
      const lines = questions.map(
        ({ question }, index) => `${question}\n→ ${answer.texts[index] ?? "(no answer)"}`,
      );
      return { ok: true, text: lines.join("\n"), sources: [] };
    }
    case "declined":
      return refusal(`The user does not want to answer.${answer.why === undefined ? "" : ` ${answer.why}`}`);
    case "absent":
    case "approved":
      return { ok: true, text: nobody, sources: [] };
  }
}

async function exitPlan(
  plan: string,
  desk: Desk,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<ToolResult> {
  if (desk.mode() !== "plan") return refusal("Plan mode is not on. Go on with the work.");
  const answer = await ask({ kind: "plan", plan }, world, signal);
  switch (answer.kind) {
    case "approved":
      desk.setMode(answer.mode);
      return { ok: true, text: "The user approved the plan. Plan mode is off: begin.", sources: [] };
    case "declined":
      return refusal(
        `The user wants to go on planning.${answer.why === undefined ? "" : ` They said: ${answer.why}`}`,
      );
    case "chosen":
      return refusal(`The user said: ${answer.texts.join(", ")}. Plan mode is still on.`);
    case "absent":
      return refusal("No one is here to approve. Plan mode stays on: write the plan as your last answer.");
  }
}

function ask(
  what: Parameters<NonNullable<ToolWorld["question"]>>[0],
  world: ToolWorld,
  signal: AbortSignal,
): Promise<AskAnswer> {
  return world.question === undefined ? Promise.resolve({ kind: "absent" }) : world.question(what, signal);
}

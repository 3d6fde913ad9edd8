/**
 * Hooks that a model decides: `prompt` by one question, `agent` by a subagent that may look. Both see what the session
 * holds already, so their requests have its label; the judge may read files of the workspace and does nothing else.
 */
import type { AgentDefinition } from "./agent-definition.ts";
import { userMessage } from "./conversation.ts";
import { startDeadline } from "./deadline.ts";
import type { Ending } from "./events.ts";
import type { HookRunOptions } from "./extension/hooks/hooks.ts";
import type { HookRun } from "./extension/hooks/outcome.ts";
import { askFresh, type FreshQuestionWorld } from "./fresh-question.ts";
import { chooseModel, type ModelChoice } from "./models.ts";

const TURNS_MAX = 20;

/** What it may use stands here and not in the hook: whoever wrote that chose the question, not the means. */
export const judge: AgentDefinition = {
  name: "hook",
  description: "judges for a hook",
  prompt: "You judge for a hook: look at what is there, change nothing.",
  tools: ["Read", "Grep", "Glob"],
  turnsMax: TURNS_MAX,
  isPlanning: true,
};

export interface ModelHook {
  readonly prompt: string;
  readonly model: string | undefined;
}

/** A subagent's work on one question. @throws nothing: an abort is an ending */
export type RunJudge = (
  task: { readonly prompt: string; readonly model: string | undefined },
  signal: AbortSignal,
) => Promise<Ending | { readonly outcome: "refused"; readonly why: string }>;

export interface ModelHookWorld extends FreshQuestionWorld {
  readonly model: string;
  readonly models: readonly ModelChoice[];
}

const answerForm = 'Answer with JSON alone: {"ok": true} or {"ok": false, "reason": "why"}.';

export async function askModelHook(
  hook: ModelHook,
  { input, timeoutMs, signal }: HookRunOptions,
  world: ModelHookWorld,
): Promise<HookRun> {
  // A name of another vendor's, or one that is not there: the session's own does it.
  const chosen = chooseModel(hook.model, world.model, world.models);
  const model = chosen.kind === "other" ? chosen.model : world.model;
  const whole = `${questionOf(hook, input)}\n\nCall no tools. ${answerForm}`;
  const answer = await askFresh(
    { model, messages: [userMessage(whole, "instructions")], timeoutMs },
    world,
    signal,
  );
  return answer.kind === "answer" ? { kind: "judged", text: answer.text } : answer;
}

export async function askAgentHook(
  hook: ModelHook,
  { input, timeoutMs, signal }: HookRunOptions,
  { clock, run }: { readonly clock: FreshQuestionWorld["clock"]; readonly run: RunJudge },
): Promise<HookRun> {
  using over = startDeadline(clock, timeoutMs, "it took too long");
  const prompt = `${questionOf(hook, input)}\n\nLook first where that is needed. ${answerForm}`;
  const ending = await run({ prompt, model: hook.model }, AbortSignal.any([signal, over.signal]));
  if (ending.outcome === "done") return { kind: "judged", text: ending.text };
  if (ending.outcome === "refused") return { kind: "failed", why: ending.why };
  if (over.signal.aborted) return { kind: "timed-out" };
  return { kind: "failed", why: ending.error?.message ?? `its work ended as ${ending.outcome}` };
}

/** `$ARGUMENTS` in the prompt is the hook's input. */
function questionOf({ prompt }: ModelHook, input: string): string {
  return prompt.includes("$ARGUMENTS")
    ? prompt.replaceAll("$ARGUMENTS", () => input)
    : `${prompt}\n\n${input}`;
}

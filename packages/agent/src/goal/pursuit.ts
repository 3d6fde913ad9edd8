/**
 * Holds work to its goal. Where the model says that it is done, the goal is looked at; what is missing goes back to it as
 * the next message, in the same piece of work: its limits count all of it, and whoever goes round in circles is stopped.
 */
import { isRecord } from "@cloister/base";
import type { ChatMessage } from "@cloister/wire";
import { readModelAnswer, type AskOptions } from "../answer.ts";
import type { Conversation } from "../conversation.ts";
import type { AgentEvent, Trouble } from "../events.ts";
import { contentOf, note } from "../history.ts";
import type { Meter } from "../limits.ts";
import type { Watch } from "../progress.ts";
import { cutMiddle } from "../tools/cut.ts";
import type { Mode } from "../tools/tool.ts";
import { GOAL_CHECKS_MAX, type Goal, type GoalCheck, type GoalStep } from "./goal.ts";

export interface Pursuit {
  readonly goal: Goal | undefined;
  set(goal: Goal | undefined): void;
  /** The keeper's answer to `checking`. Another one than is waited for is nothing. */
  checked(id: string, check: GoalCheck): void;
  /** What the conversation, as it stands, has not been told yet. */
  news(items: readonly ChatMessage[]): readonly ChatMessage[];
  /** When the model says that it is done. Rejects only when the signal is aborted. */
  beforeEnd(thread: PursuingThread, signal: AbortSignal): Promise<GoalVerdict>;
}

export type GoalVerdict =
  | { readonly kind: "end" }
  | { readonly kind: "more"; readonly message: ChatMessage }
  | { readonly kind: "stop"; readonly error: Trouble };

/** Of the conversation at work. */
export interface PursuingThread extends Omit<AskOptions, "emit"> {
  readonly conversation: Pick<Conversation, "items" | "requestWith">;
  readonly meter: Pick<Meter, "spend">;
  readonly watch: Watch;
  readonly mode: () => Mode;
  readonly inbox: { readonly hasMessages: boolean };
}

export interface PursuitOptions {
  readonly goal: Goal | undefined;
  readonly emit: (event: AgentEvent) => void;
}

/** A check may print megabytes; how it began and how it ended says most. */
const TEXT_CHARS_MAX = 8000;
/** Looks in a row between which the model did nothing but talk. */
const IDLE_LOOKS_MAX = 3;
const MISSED = "The goal is not reached";
const TAKEN_BACK = "The goal was taken back. Finish as you usually would.";

export function createPursuit({ goal, emit }: PursuitOptions): Pursuit {
  let now = goal;
  let checks = 0;
  let idle = 0;
  /** What the conversation was told of last; undefined: nothing, or that it is over. */
  let told: string | undefined;
  let waiting: { readonly id: string; readonly resolve: (check: GoalCheck) => void } | undefined;

  const tell = (step: GoalStep): void => emit({ kind: "goal", goal: now, step });

  const askKeeper = async (signal: AbortSignal): Promise<GoalCheck> => {
    const id = `check-${(checks += 1)}`;
    const { promise, resolve, reject } = Promise.withResolvers<GoalCheck>();
    const stop = (): void => reject(new Error("interrupted while the goal was checked"));
    signal.addEventListener("abort", stop, { once: true });
    waiting = { id, resolve };
    tell({ kind: "checking", id });
    if (signal.aborted) stop();
    try {
      return await promise;
    } finally {
      waiting = undefined;
      signal.removeEventListener("abort", stop);
    }
  };

  const look = async (at: Goal, thread: PursuingThread, signal: AbortSignal): Promise<GoalCheck> => {
    if (at.check !== undefined) return askKeeper(signal);
    tell({ kind: "checking", id: `check-${(checks += 1)}` });
    return judge(at, thread, signal);
  };

  const giveUp = (text: string, error: Trouble): GoalVerdict => {
    now = undefined;
    told = undefined;
    tell({ kind: "given-up", text });
    return { kind: "stop", error };
  };

  return {
    get goal() {
      return now;
    },
    set: (next) => {
      if (next === undefined && now === undefined) return;
      now = next;
      idle = 0;
      // The keeper ended the check with its goal; what stands here is read by nobody.
      waiting?.resolve({ kind: "failed", why: "the goal was changed" });
      tell(next === undefined ? { kind: "cleared" } : { kind: "set" });
    },
    checked: (id, check) => {
      if (waiting?.id === id) waiting.resolve(check);
    },
    news: (items) => {
      if (now === undefined) {
        const wasTold = told !== undefined;
        told = undefined;
        return wasTold ? [note(TAKEN_BACK)] : [];
      }
      const text = beginningText(now);
      if (told === text) return [];
      told = text;
      const message = note(text);
      // A conversation that goes on was told when it began, unless the goal was taken back since.
      const said = items.map(contentOf);
      const isTold = said.lastIndexOf(contentOf(message)) > said.lastIndexOf(contentOf(note(TAKEN_BACK)));
      return isTold ? [] : [message];
    },
    beforeEnd: async (thread, signal) => {
      const at = now;
      // A plan is looked at by the person, and what waits to be said may change the goal.
      if (at === undefined || thread.mode() === "plan" || thread.inbox.hasMessages) return { kind: "end" };
      const found = await look(at, thread, signal);
      signal.throwIfAborted();
      if (now !== at) return { kind: "end" };
      if (found.kind === "failed") return giveUp(found.why, noVerdict(found.why));
      const text = cutMiddle(found.text.trimEnd(), TEXT_CHARS_MAX);
      if (found.passed) {
        now = undefined;
        told = undefined;
        tell({ kind: "reached", text });
        return { kind: "end" };
      }
      const missed = (at.missed ?? 0) + 1;
      now = { ...at, missed };
      tell({ kind: "missed", text });
      if (missed >= GOAL_CHECKS_MAX) {
        return giveUp(`missed ${missed} times`, notReached(at, missed));
      }
      idle = isIdle(thread.conversation.items) ? idle + 1 : 1;
      if (idle >= IDLE_LOOKS_MAX) return { kind: "stop", error: onlyTalks(idle) };
      const args = { goal: at.text, ...(at.check === undefined ? {} : { check: at.check }) };
      const seen = { name: "the goal's check", args, effect: "run", isPolling: false } as const;
      const circle = thread.watch.see(seen, { ok: false, text });
      if (circle.kind === "stop") return { kind: "stop", error: inCircles(circle.why) };
      const nudge = circle.kind === "nudge" ? `\n${circle.text}` : "";
      return { kind: "more", message: missedMessage(at, missed, `${text}${nudge}`) };
    },
  };
}

/** What the goal is stands in the user's own message. */
function beginningText({ check }: Goal): string {
  if (check === undefined) {
    return (
      "What the user asks for is a goal. When you say that you are done it is judged whether it is reached, by what the " +
      "results show; if not, you go on."
    );
  }
  return (
    `What the user asks for is a goal. It is reached when this command ends with 0: ${check}\n` +
    "It is run for you whenever you say that you are done; if it fails you are shown what it printed, and go on. " +
    "Do not weaken what it checks."
  );
}

/** What a program printed is no word of the person's. */
function missedMessage({ text, check }: Goal, missed: number, found: string): ChatMessage {
  const count = `look ${missed} of ${GOAL_CHECKS_MAX}`;
  if (check === undefined) return note(`${MISSED} (${count}): ${found}\nThe goal: ${text}\nGo on.`);
  const said = `${MISSED} (${count}): this command failed: ${check}\nGo on until it ends with 0. It printed:\n\n${found}`;
  return { ...note(said), cloister: { source: "command" } };
}

/** Whether no call was made since the goal was last missed. After a compaction nobody knows. */
function isIdle(items: readonly ChatMessage[]): boolean {
  const last = items.findLastIndex((item) => contentOf(item).startsWith(contentOf(note(MISSED))));
  return last >= 0 && !items.slice(last).some(({ role }) => role === "tool");
}

/** By the model that did the work, over what the conversation shows; on record like every request. */
async function judge(
  { text }: Goal,
  { conversation, meter, ask, clock, room }: PursuingThread,
  signal: AbortSignal,
): Promise<GoalCheck> {
  const request = conversation.requestWith(
    note(
      "Judge as a strict reviewer who did not do this work whether the goal is reached. Only what the results above show " +
        "counts: files as they were written or read, what commands printed. What was only said is not done. Call no tools.\n\n" +
        `The goal: ${text}\n\nAnswer with JSON alone: {"reached": true or false, "why": "what shows it, or what is missing"}.`,
    ),
  );
  const unheard = { ask, clock, room, emit: () => undefined };
  const said = await readModelAnswer(request, unheard, signal);
  if (said.kind === "failed") return { kind: "failed", why: said.message };
  meter.spend(said.usage, said.extension?.answeredBy?.name);
  return readJudgement(said.text);
}

/** What cannot be read as a yes is none. */
function readJudgement(said: string): GoalCheck {
  try {
    const value: unknown = JSON.parse(/\{.*\}/su.exec(said)?.[0] ?? "");
    if (isRecord(value) && typeof value["reached"] === "boolean") {
      const why = typeof value["why"] === "string" ? value["why"] : "";
      return { kind: "ran", passed: value["reached"], text: why };
    }
  } catch {
    // Not JSON: said below.
  }
  return { kind: "ran", passed: false, text: "the judgement could not be read" };
}

const setAnew = "say how to go on, or take the goal back by /goal clear";

function notReached({ check }: Goal, missed: number): Trouble {
  const what = check === undefined ? "was judged" : `${check} was run`;
  return {
    code: "goal-not-reached",
    message: `the goal was not reached: ${what} ${missed} times`,
    next: "look at what is missing, then set the goal again, or a smaller one",
  };
}

function noVerdict(why: string): Trouble {
  return {
    code: "goal-not-checked",
    message: `whether the goal is reached could not be found out: ${why}`,
    next: "mend that, then set the goal again",
  };
}

function onlyTalks(looks: number): Trouble {
  return {
    code: "no-progress",
    message: `the goal is not reached, and the model has done nothing between the last ${looks} looks`,
    next: setAnew,
  };
}

function inCircles(why: string): Trouble {
  return { code: "no-progress", message: `the goal is not reached: ${why}`, next: setAnew };
}

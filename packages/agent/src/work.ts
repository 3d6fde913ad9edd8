/** One piece of work from what was asked to its end: stream an answer, run its calls, append the results, again. */
import { isRecord, messageOf, type Json, type JsonObject } from "@cloister/base";
import { guardCall, type Guarded } from "@cloister/wire";
import { emptyTurn, mendedIn, nudgeFor, readModelAnswer, refusedIn, unusableAnswer } from "./answer.ts";
import type { Answer, Failure } from "./answer.ts";
import { runCalls } from "./calls.ts";
import { compact, type CompactionRequest } from "./compaction.ts";
import { startDeadline } from "./deadline.ts";
import type { Ending, Trouble } from "./events.ts";
import { assistantMessage, note } from "./history.ts";
import type { Meter } from "./limits.ts";
import { isOverflow } from "./overflow.ts";
import type { Thread } from "./thread.ts";
import { toInnerCall } from "./tools/deferred.ts";

interface Outcome {
  readonly outcome: Ending["outcome"];
  readonly error?: Trouble;
  readonly structured?: Json;
}

/** Never throws. When it returns, the conversation is one that can go on. */
export async function work(thread: Thread, signal: AbortSignal): Promise<Ending> {
  const { meter, clock } = thread;
  const said = { text: "" };
  using deadline = startDeadline(clock, meter.timeLeftMs(), "out of time");
  const stop = AbortSignal.any([signal, deadline.signal]);
  let outcome: Outcome;
  try {
    outcome = await takeTurns(thread, said, stop);
  } catch (error) {
    outcome = stop.aborted
      ? { outcome: "cancelled" }
      : { outcome: "failed", error: { code: "internal", message: messageOf(error) } };
  }
  if (outcome.outcome === "cancelled" && deadline.signal.aborted && !signal.aborted) {
    outcome = { outcome: "max-time", error: meter.describe("max-time") };
  }
  const cost = costIn(meter);
  return { ...outcome, text: said.text, turns: meter.turns, usage: meter.usage, ...cost };
}

async function takeTurns(thread: Thread, said: { text: string }, signal: AbortSignal): Promise<Outcome> {
  const { conversation, inbox, meter, hooks, guide } = thread;
  let nudged = false;
  for (;;) {
    const ceiling = meter.reached();
    if (ceiling !== undefined) return { outcome: ceiling, error: meter.describe(ceiling) };
    await inbox.deliver(signal);

    const asked = await askWithRoom(thread, signal);
    if (asked.kind === "stopped") return asked.outcome;
    const { answer } = asked;
    for (const event of mendedIn(answer)) thread.emit(event);
    const { denied, unusable } = refusedIn(answer);
    const isUnusable = unusable.length > 0 && answer.calls.length + denied.length === 0;
    if (isUnusable) return { outcome: "failed", error: unusableAnswer(unusable) };
    said.text = answer.text.trim() === "" ? said.text : answer.text;

    const calls: Guarded[] = [
      ...answer.calls.map((call) =>
        guardCall({ ...call, id: thread.ids.unique(call.id) }, answer.finish, thread.tools),
      ),
      ...denied.map(({ call, detail }): Guarded => {
        const id = thread.ids.unique(call.id);
        const args = objectIn(call.arguments);
        return { kind: "refused", id, name: call.name, cause: "denied", detail, args };
      }),
    ];
    conversation.add(
      assistantMessage({ ...answer, calls: [...answer.calls, ...denied.map(({ call }) => call)] }, calls),
    );
    if (calls.length > 0) {
      nudged = false;
      const meant = calls.map((call) => toInnerCall(call, thread.allTools()));
      const circle = await runCalls(meant, thread, signal);
      if (signal.aborted) return { outcome: "cancelled" };
      if (circle !== undefined) return { outcome: "failed", error: noProgress(circle) };
      if (hooks.stopped !== undefined) return stoppedBy(hooks.stopped);
      for (const message of await guide.take()) conversation.add(message);
    } else if (answer.finish === "stop" && answer.text.trim() !== "") {
      nudged = false;
      if (inbox.hasMessages) continue;
      const checked = checkAnswer(answer.text, thread);
      if (checked === undefined) continue;
      if (checked.outcome !== "done") return checked;
      const more = await hooks.beforeStop(answer.text, signal);
      const verdict = more === undefined ? await thread.pursuit?.beforeEnd(thread, signal) : undefined;
      if (verdict?.kind === "stop") return { outcome: "failed", error: verdict.error };
      if (more !== undefined) conversation.add(note(more));
      else if (verdict?.kind === "more") conversation.add(verdict.message);
      else return checked;
    } else if (nudged) {
      return { outcome: "failed", error: emptyTurn(answer) };
    } else {
      nudged = true;
      conversation.add(note(nudgeFor(answer)));
    }
  }
}

/** Undefined when the model is to answer again. */
function checkAnswer(text: string, { check, conversation }: Thread): Outcome | undefined {
  if (check === undefined) return { outcome: "done" };
  const checked = check.check(text);
  switch (checked.kind) {
    case "fits":
      return { outcome: "done", structured: checked.value };
    case "failed":
      return { outcome: "failed", error: checked.trouble };
    case "repair":
      conversation.add(note(checked.text));
      return undefined;
  }
}

type Asked =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "stopped"; readonly outcome: Outcome };

/** Makes room before the prompt would pass the window; and once more when the server says that it did. */
async function askWithRoom(thread: Thread, signal: AbortSignal): Promise<Asked> {
  const { conversation, window, inbox } = thread;
  const wanted = inbox.takeCompaction();
  const isFull = window.usable !== undefined && window.estimate(conversation.bytes) > window.usable;
  if (wanted !== undefined || isFull) {
    const stopped = await makeRoom(thread, { ...wanted, trigger: isFull ? "full" : "asked" }, signal);
    if (stopped !== undefined) return { kind: "stopped", outcome: stopped };
  }
  for (let tries = 0; ; tries++) {
    const bytes = conversation.bytes;
    const answer = await readModelAnswer(conversation.request(), thread, signal);
    if (answer.kind === "end") {
      settle(thread, answer, bytes);
      return { kind: "answer", answer };
    }
    keepWhatWasSaid(answer, thread);
    if (answer.code === "cancelled") return { kind: "stopped", outcome: { outcome: "cancelled" } };
    if (!isOverflow(answer) || tries > 0) {
      return { kind: "stopped", outcome: { outcome: "failed", error: toTrouble(answer) } };
    }
    window.learnOverflow(bytes, answer);
    const stopped = await makeRoom(thread, { trigger: "overflow" }, signal);
    if (stopped !== undefined) return { kind: "stopped", outcome: stopped };
  }
}

async function makeRoom(
  thread: Thread,
  request: CompactionRequest,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const compacted = await compact(thread, request, signal);
  switch (compacted.kind) {
    case "done":
      return undefined;
    case "cancelled":
      return { outcome: "cancelled" };
    case "no-room":
      return { outcome: "failed", error: compacted.trouble };
  }
}

function settle({ meter, window, emit, conversation }: Thread, answer: Answer, bytes: number): void {
  const { usage, speed } = answer;
  const by = answer.extension?.answeredBy;
  meter.turn(usage, by?.name);
  window.answered(by);
  // With answers that the airlock asked for again, their prompts are counted too: that says nothing of this one.
  if ((answer.extension?.retries ?? 0) === 0) window.learn(bytes, usage);
  emit({ kind: "turn", number: meter.turns, ...(usage === undefined ? {} : { usage }), speed });
  emit({ kind: "context", used: window.estimate(conversation.bytes), window: window.size });
}

function costIn({ cost, unpricedTokens }: Meter): Pick<Ending, "cost" | "unpricedTokens"> {
  if (cost === undefined) return {};
  return unpricedTokens === 0 ? { cost } : { cost, unpricedTokens };
}

/** A broken off answer stays as far as it came: the user saw it, and may speak of it. Its calls were not whole. */
function keepWhatWasSaid(failure: Failure, { conversation, emit }: Thread): void {
  if (failure.text !== "") conversation.add({ role: "assistant", content: failure.text });
  else if (failure.code === "cancelled" && failure.speed.firstMs === undefined && failure.waitedMs >= 1000) {
    const seconds = Math.round(failure.waitedMs / 1000);
    emit({
      kind: "status",
      text: `stopped after ${seconds} s, before the first word; it is not asked again by itself`,
    });
  }
}

function objectIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? (value as JsonObject) : {};
  } catch {
    return {}; // denied by its name alone
  }
}

function noProgress(why: string): Trouble {
  return {
    code: "no-progress",
    message: `the model goes round in circles: ${why}, though it was told`,
    next: "say what it should do instead, or try a larger model",
  };
}

function stoppedBy(why: string): Outcome {
  const next = "do what it says, or see by /hooks or cloister trust --show whose it is";
  return {
    outcome: "failed",
    error: { code: "stopped-by-hook", message: `a hook ended the work: ${why}`, next },
  };
}

function toTrouble({ code, message, next }: Failure): Trouble {
  return { code, message, ...(next === undefined ? {} : { next }) };
}

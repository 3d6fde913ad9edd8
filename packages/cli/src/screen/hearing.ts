/**
 * What the model said before a question is to stand above it. The question comes from the airlock at once; the words
 * take the way through the agent's cell, and are a little later. Behind them comes `judging`, with the calls' ids.
 */
import type { AgentEvent } from "@cloister/agent";
import type { Clock } from "@cloister/base";

export interface Hearing {
  /** Each event of the agent's, in order. */
  heard(event: AgentEvent): void;
  /**
   * Resolves once all is told that the model said before this call; after a second, or an abort, in any case. Never
   * rejects.
   */
  toldBefore(call: string, signal: AbortSignal): Promise<void>;
}

/** The agent's word is not trusted: one that says nothing does not keep the question from the person. */
const WAIT_MS_MAX = 1000;
const CALLS_MAX = 1000;
const ID_CHARS_MAX = 1000;

export function createHearing(clock: Clock): Hearing {
  const calls = new Set<string>();
  let changed = Promise.withResolvers<void>();

  const heard = (event: AgentEvent): void => {
    if (event.kind === "subagent" && event.what.kind === "event") return heard(event.what.event);
    // Servers may number calls anew in each answer; until its result a call may be asked about again.
    if (event.kind === "result") calls.delete(event.id);
    if (event.kind !== "judging") return;
    for (const id of event.calls) if (id.length <= ID_CHARS_MAX) calls.add(id);
    for (const oldest of calls) {
      if (calls.size <= CALLS_MAX) break;
      calls.delete(oldest);
    }
    changed.resolve();
    changed = Promise.withResolvers();
  };
  return {
    heard,
    toldBefore: async (call, signal) => {
      const done = new AbortController();
      const end = (): boolean => true;
      // An abort ends it too: nobody waits for an answer any more, and whoever asks sees that himself.
      const over = clock.sleep(WAIT_MS_MAX, AbortSignal.any([signal, done.signal])).then(end, end);
      let isOver = false;
      while (!calls.has(call) && !isOver) {
        isOver = await Promise.race([changed.promise.then(() => false), over]);
      }
      done.abort(new Error("told"));
    },
  };
}

/**
 * What the model said before a question is to stand above it. The question comes from the airlock at once; the words
 * take the way through the agent's cell, and are a little later.
 */
import type { Clock } from "@cloister/base";

export interface Hearing {
  /** Something of the agent's has arrived. */
  heard(): void;
  /** Resolves once nothing has arrived for a moment; after a second, or an abort, in any case. Never rejects. */
  silence(signal: AbortSignal): Promise<void>;
}

/** Shorter than a person notices, and long enough for a busy machine. */
const QUIET_MS = 150;
/** Subagents that work beside it are never quiet. */
const WAIT_MS_MAX = 1000;

export function createHearing(clock: Clock): Hearing {
  let heardAt = 0;
  return {
    heard: () => {
      heardAt = clock.now();
    },
    silence: async (signal) => {
      const begun = clock.now();
      for (;;) {
        const until = Math.min(Math.max(begun, heardAt) + QUIET_MS, begun + WAIT_MS_MAX);
        const restMs = until - clock.now();
        if (restMs <= 0) return;
        try {
          await clock.sleep(restMs, signal);
        } catch {
          return; // nobody waits for an answer any more; whoever asks sees that himself
        }
      }
    },
  };
}

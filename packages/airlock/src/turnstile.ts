/** So much of one kind of work at a time, and no more: whoever asks beyond that is told, and waits by itself. */
import { CloisterError } from "@cloister/base";

export interface Turnstile {
  /** @throws CloisterError `too-many-questions` when as many are at work already, and what the work throws */
  pass<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createTurnstile(atOnceMax: number): Turnstile {
  let inside = 0;
  return {
    pass: async (work) => {
      if (inside >= atOnceMax) {
        throw new CloisterError(`${atOnceMax} calls are being judged already`, {
          code: "too-many-questions",
          next: "wait until one of them is answered",
        });
      }
      inside += 1;
      try {
        return await work();
      } finally {
        inside -= 1;
      }
    },
  };
}

/**
 * The agent's words to its keeper, a line each. Those of one tick leave in one write: a turn says six things in a row,
 * and each write costs both sides a system call and wakes the keeper once more.
 */
import { once } from "node:events";
import type { Writable } from "node:stream";

export interface EventLines {
  /** `line` has no line feed in it. */
  readonly send: (line: string) => void;
  /** The reader has not taken what was written: whoever sends more shall wait for `caughtUp`. */
  readonly isAhead: boolean;
  readonly caughtUp: () => Promise<void>;
  /** Resolves once all that was said before has been written, so that whoever then asks for something is heard second. */
  readonly sent: () => Promise<void>;
  /** Writes at once what is left. */
  readonly flush: () => void;
}

/** Of one write, beyond its last line. */
const GATHERED_CHARS_MAX = 64 * 1024;

export function createEventLines(out: Writable): EventLines {
  let gathered = "";
  const flush = (): void => {
    const lines = gathered;
    gathered = "";
    if (lines !== "") out.write(lines);
  };
  return {
    send(line) {
      // After whatever promises bring in this tick, before anything is waited for.
      if (gathered === "") process.nextTick(flush);
      gathered += `${line}\n`;
      if (gathered.length > GATHERED_CHARS_MAX) flush();
    },
    get isAhead() {
      return out.writableNeedDrain;
    },
    caughtUp: async () => {
      await once(out, "drain");
    },
    // Goes on when all ticks are done that are due by then, ours among them.
    sent: () => new Promise((resolve) => process.nextTick(resolve)),
    flush,
  };
}

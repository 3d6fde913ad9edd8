/** What a test sees of the machine it runs on, which may be slow and busy with other things. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const LOOK_MS = 10;
/** A minute and more: what comes late on a busy machine has come. */
const LOOKS_MAX = 6000;

/** @throws Error that names `what`, when it has not come true after more than a minute. */
export async function eventually(what: string, isSo: () => boolean): Promise<void> {
  for (let looks = 0; !isSo(); looks++) {
    if (looks === LOOKS_MAX) throw new Error(`gave up waiting for ${what}`);
    await wait(LOOK_MS);
  }
}

/** The ids of all processes whose command line holds the mark; its words are separated by `\0`. */
export function runningWith(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark);
    } catch {
      return false; // ended meanwhile
    }
  });
}

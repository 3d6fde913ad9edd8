/**
 * A guard against work that never ends. How long something takes depends on the machine, so no test asks; that a
 * search does not hang is a claim that holds on any of them.
 */
import { once } from "node:events";
import { createContext, Script, type Context } from "node:vm";
import { Worker } from "node:worker_threads";
import { isRecord } from "@cloister/base";

/** So long that no busy machine needs it for honest work, and so short that a quadratic search of a megabyte is caught. */
export const HANG_MS_MAX = 60_000;
/** Of the input's name; a test's whole megabyte would hide the rest of the message. */
const NAME_CHARS_MAX = 60;

const script = new Script("work()");
/** A context takes milliseconds to make, so there is one for all; the work itself still runs in the test's own. */
let room: Context | undefined;

export interface HangOptions {
  /** Clock time, and that of a machine which does other things too; default `HANG_MS_MAX`. */
  readonly limitMs?: number;
}

/**
 * Runs synchronous work and returns what it returns; an endless loop or a regular expression that backtracks for ever
 * is ended at the limit, and the error names `what`: usually the input itself, of which the beginning is shown.
 * Only one call into native code (`indexOf`, `JSON.parse`) cannot be ended before it comes back.
 */
export function neverHangs<T>(what: string, work: () => T, { limitMs = HANG_MS_MAX }: HangOptions = {}): T {
  let result: { readonly value: T } | undefined;
  room ??= createContext({});
  room["work"] = (): void => {
    result = { value: work() };
  };
  try {
    // Ends the whole thread's execution from another one: neither a `catch` of the work nor a regular expression holds it.
    script.runInContext(room, { timeout: limitMs });
  } catch (error) {
    if (!isRecord(error) || error["code"] !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
  }
  if (result === undefined) throw new Error(`not over after ${limitMs / 1000} s: ${shown(what)}`);
  return result.value;
}

/**
 * The same for work with promises in it, whose parts run when no caller stands above them to be ended: a second thread
 * watches, and at the limit it names `what` on the error output and ends the whole process. So it comes after
 * `neverHangs`, where that will do.
 */
export async function neverHangsAsync<T>(
  what: string,
  work: () => Promise<T>,
  { limitMs = HANG_MS_MAX }: HangOptions = {},
): Promise<T> {
  const message = `not over after ${limitMs / 1000} s: ${shown(what)}\n`;
  const watch = new Worker(WATCH, { eval: true, execArgv: [], workerData: { limitMs, message } });
  await once(watch, "online");
  try {
    return await work();
  } finally {
    await watch.terminate();
  }
}

/** The main thread may be busy for ever, so nothing here goes through it. */
const WATCH = `const { writeSync } = require("node:fs");
const { workerData } = require("node:worker_threads");
setTimeout(() => {
  writeSync(2, workerData.message);
  process.kill(process.pid, "SIGKILL");
}, workerData.limitMs);`;

function shown(what: string): string {
  const begin = JSON.stringify(what.slice(0, NAME_CHARS_MAX));
  return what.length <= NAME_CHARS_MAX ? begin : `${begin}… (${what.length} characters)`;
}

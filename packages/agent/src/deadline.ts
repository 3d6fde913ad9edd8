/** A signal that is aborted when a time is over. Disposing of it ends the wait. */
import type { Clock } from "@cloister/base";

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/** `afterMs` undefined: there is none. `why` is what the signal is aborted with. */
export function startDeadline(clock: Clock, afterMs: number | undefined, why: string): Deadline {
  const over = new AbortController();
  const done = new AbortController();
  if (afterMs !== undefined) {
    clock.sleep(afterMs, done.signal).then(
      () => over.abort(new Error(why)),
      () => {
        /* the work ended first */
      },
    );
  }
  return { signal: over.signal, [Symbol.dispose]: () => done.abort(new Error("done")) };
}

/**
 * Lets time pass for every timer of the process, those inside Node as well: of sockets, servers, abort signals. They are
 * known by Node's async hooks, and made to fire as the event loop would do it. What is measured by no timer, such as the
 * ages of connections that a server looks at now and then, does not grow older.
 */
import { createHook } from "node:async_hooks";

export interface AllTimers extends Disposable {
  /** Fires all that were set since `watchTimers` for so long a time or a shorter one. */
  pass(ms: number): void;
}

/** What Node keeps in a timer, under these names since its first version. */
interface Timer {
  readonly _idleTimeout: number;
  readonly _repeat: number | null;
  readonly _timerArgs?: readonly unknown[];
  readonly _onTimeout: ((...values: readonly unknown[]) => void) | null;
}

export function watchTimers(): AllTimers {
  const timers = new Map<number, Timer>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (type === "Timeout") timers.set(id, resource as unknown as Timer);
    },
    destroy: (id) => void timers.delete(id),
  }).enable();
  return {
    pass(ms) {
      for (const timer of [...timers.values()]) {
        const { _idleTimeout: delayMs, _onTimeout: act, _repeat: repeatMs, _timerArgs: values = [] } = timer;
        if (act === null || delayMs < 0 || delayMs > ms) continue;
        if (repeatMs === null) clearTimeout(timer as unknown as NodeJS.Timeout);
        act.apply(timer, [...values]);
      }
    },
    [Symbol.dispose]: () => void hook.disable(),
  };
}

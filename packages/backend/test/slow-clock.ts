import type { Clock } from "@cloister/base";

/** Time passes when the test says so. */
export interface SlowClock extends Clock {
  pass(ms: number): void;
  readonly waiting: number;
}

export function createSlowClock(): SlowClock {
  const waits = new Set<{ readonly until: number; readonly over: () => void }>();
  let now = 0;
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const wait = { until: now + ms, over: resolve };
        waits.add(wait);
        signal?.addEventListener("abort", () => (waits.delete(wait), reject(signal.reason)), { once: true });
      }),
    pass: (ms) => {
      now += ms;
      for (const wait of [...waits].filter(({ until }) => until <= now)) {
        waits.delete(wait);
        wait.over();
      }
    },
    get waiting() {
      return waits.size;
    },
  };
}

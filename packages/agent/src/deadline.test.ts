import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@cloister/base";
import { startDeadline } from "./deadline.ts";

function stopped(): { readonly clock: Clock; readonly ring: () => void; readonly waits: () => number } {
  const waiting = new Set<() => void>();
  return {
    clock: {
      now: () => 0,
      sleep: (_ms, signal) =>
        new Promise((resolve, reject) => {
          waiting.add(resolve);
          signal?.addEventListener("abort", () => {
            waiting.delete(resolve);
            reject(signal.reason as Error);
          });
        }),
    },
    ring: () => [...waiting].forEach((resolve) => resolve()),
    waits: () => waiting.size,
  };
}

test("a deadline aborts when its time is over, and whoever is done before leaves no wait behind", async () => {
  const { clock, ring, waits } = stopped();
  const first = startDeadline(clock, 10, "out of time");
  first[Symbol.dispose]();
  assert.equal(waits(), 0);
  assert.ok(!first.signal.aborted);
  using second = startDeadline(clock, 10, "out of time");
  ring();
  await Promise.resolve();
  assert.match(String(second.signal.reason), /out of time/);
  using none = startDeadline(clock, undefined, "never");
  assert.ok(!none.signal.aborted);
});

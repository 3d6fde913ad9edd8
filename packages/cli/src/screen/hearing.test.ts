import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@cloister/base";
import { createHearing } from "./hearing.ts";

/** Each sleep ends at once, that much later; `during` says what arrives meanwhile. */
function clockThat(during: (now: number) => void): Clock {
  let now = 1000;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
      during(now);
      await Promise.resolve();
    },
  };
}

test("a question waits for the words that are on their way, and not for ever", async () => {
  const { signal } = new AbortController();
  const quiet = clockThat(() => undefined);
  await createHearing(quiet).silence(signal);
  assert.equal(quiet.now(), 1150);

  let words = 3;
  const busy = clockThat(() => {
    if (words-- > 0) hearing.heard();
  });
  const hearing = createHearing(busy);
  await hearing.silence(signal);
  assert.equal(busy.now(), 1600, "a moment after the last word");

  const loud = clockThat(() => ears.heard());
  const ears = createHearing(loud);
  await ears.silence(signal);
  assert.equal(loud.now(), 2000);
});

test("a question that nobody waits for any more is not kept", async () => {
  const clock = clockThat(() => undefined);
  await createHearing(clock).silence(AbortSignal.abort());
  assert.equal(clock.now(), 1000);
});

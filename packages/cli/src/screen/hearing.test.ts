import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import type { Clock } from "@cloister/base";
import { createHearing } from "./hearing.ts";

/** Nothing is late until `pass` says so. */
function stoppedClock(): Clock & { pass(): void; readonly waits: number[] } {
  const passed = Promise.withResolvers<void>();
  const waits: number[] = [];
  return {
    now: () => 1000,
    sleep: (ms, signal) => {
      waits.push(ms);
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      const aborted = Promise.withResolvers<void>();
      signal?.addEventListener("abort", () => aborted.reject(signal.reason));
      return Promise.race([passed.promise, aborted.promise]);
    },
    pass: () => passed.resolve(),
    waits,
  };
}

const isTold = (waiting: Promise<void>): Promise<boolean> =>
  Promise.race([waiting.then(() => true), new Promise<boolean>((done) => void setImmediate(done, false))]);
const result: AgentEvent = { kind: "result", id: "a", name: "Bash", ok: true, text: "" };
const { signal } = new AbortController();

test("a question waits for the words before its call, and for no others", async () => {
  const hearing = createHearing(stoppedClock());
  const waiting = hearing.toldBefore("a", signal);
  hearing.heard({ kind: "text", text: "I look." });
  hearing.heard({ kind: "judging", calls: ["b"] });
  assert.equal(await isTold(waiting), false);
  hearing.heard({ kind: "judging", calls: ["z", "a"] });
  assert.equal(await isTold(waiting), true);
  assert.equal(
    await isTold(hearing.toldBefore("a", signal)),
    true,
    "what a hook changed is asked about again",
  );
});

test("a call that has its result says nothing about a later one with the same id", async () => {
  const hearing = createHearing(stoppedClock());
  hearing.heard({ kind: "judging", calls: ["a"] });
  hearing.heard(result);
  assert.equal(await isTold(hearing.toldBefore("a", signal)), false);
});

test("a subagent's words are waited for like the agent's", async () => {
  const hearing = createHearing(stoppedClock());
  hearing.heard({
    kind: "subagent",
    id: "1",
    parent: undefined,
    what: { kind: "event", event: { kind: "judging", calls: ["a"] } },
  });
  assert.equal(await isTold(hearing.toldBefore("a", signal)), true);
});

test("an agent that says nothing keeps no question from the person", async () => {
  const clock = stoppedClock();
  const waiting = createHearing(clock).toldBefore("a", signal);
  assert.equal(await isTold(waiting), false);
  clock.pass();
  assert.equal(await isTold(waiting), true);
  assert.deepEqual(clock.waits, [1000]);
});

test("a question that nobody waits for any more is not kept", async () => {
  const hearing = createHearing(stoppedClock());
  assert.equal(await isTold(hearing.toldBefore("a", AbortSignal.abort())), true);
});

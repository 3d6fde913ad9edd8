import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

const { signal } = new AbortController();

test("turns come one at a time, in order", async () => {
  const turns = new Turns(8);
  const log: number[] = [];
  const first = await turns.take(signal);
  const others = [1, 2, 3].map(async (number) => {
    const release = await turns.take(signal);
    log.push(number);
    await Promise.resolve();
    log.push(number);
    release();
  });
  assert.deepEqual(log, []);
  first();
  await Promise.all(others);
  assert.deepEqual(log, [1, 1, 2, 2, 3, 3]);
});

test("a turn given back twice is given to one", async () => {
  const turns = new Turns(8);
  const first = await turns.take(signal);
  let taken = 0;
  const others = [1, 2].map(() => turns.take(signal).then(() => (taken += 1)));
  first();
  first();
  await others[0];
  await Promise.resolve();
  assert.equal(taken, 1);
});

test("nobody comes in between a turn that is passed on and its next owner", async () => {
  const turns = new Turns(8);
  const log: string[] = [];
  const first = await turns.take(signal);
  const second = turns.take(signal).then(() => log.push("second"));
  first();
  void turns.take(signal).then(() => log.push("third"));
  await second;
  assert.deepEqual(log, ["second"]);
});

test("who is cancelled while waiting takes no turn", async () => {
  const turns = new Turns(8);
  const first = await turns.take(signal);
  const stop = new AbortController();
  const gone = assert.rejects(turns.take(stop.signal), { code: "cancelled" });
  const next = turns.take(signal);
  stop.abort();
  await gone;
  first();
  (await next)();
  await assert.rejects(turns.take(AbortSignal.abort()), { code: "cancelled" });
});

test("a queue that is full refuses", async () => {
  const turns = new Turns(1);
  await turns.take(signal);
  void turns.take(signal);
  await assert.rejects(turns.take(signal), { code: "queue-full" });
});

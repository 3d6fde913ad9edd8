import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { createEventLines } from "./event-lines.ts";

/** Takes writes when it is told to. */
function createSlowOut(highWaterMark = 1024 * 1024): {
  readonly out: Writable;
  readonly writes: string[];
  readonly take: () => void;
} {
  const writes: string[] = [];
  let take: () => void = () => undefined;
  const out = new Writable({
    highWaterMark,
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      writes.push(chunk);
      take = done;
    },
  });
  return { out, writes, take: () => take() };
}

test("lines of one tick leave in one write, those of the next in another", async () => {
  const { out, writes, take } = createSlowOut();
  const lines = createEventLines(out);
  lines.send("a");
  await Promise.resolve();
  lines.send("b");
  assert.deepEqual(writes, []);
  await lines.sent();
  take();
  lines.send("c");
  await lines.sent();
  assert.deepEqual(writes, ["a\nb\n", "c\n"]);
});

test("what promises bring after somebody began to wait is written before the waiting ends", async () => {
  const { out, writes } = createSlowOut();
  const lines = createEventLines(out);
  const sent = lines.sent();
  const saying = Promise.resolve().then(() => lines.send("late"));
  await sent;
  await saying;
  assert.deepEqual(writes, ["late\n"]);
});

test("much leaves before the tick is over, and a reader that is behind is waited for", async () => {
  const { out, writes, take } = createSlowOut(16);
  const lines = createEventLines(out);
  lines.send("x".repeat(70_000));
  assert.equal(writes.length, 1);
  assert.ok(lines.isAhead);
  const caughtUp = lines.caughtUp();
  take();
  await caughtUp;
  assert.ok(!lines.isAhead);
  lines.send("y");
  lines.flush();
  assert.deepEqual(writes.slice(1), ["y\n"]);
});

test("what is left is written at once when asked, and nothing twice", async () => {
  const { out, writes } = createSlowOut();
  const lines = createEventLines(out);
  lines.send("last");
  lines.flush();
  await lines.sent();
  assert.deepEqual(writes, ["last\n"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { passing } from "./passing.ts";

async function* numbers(failing = false): AsyncGenerator<number> {
  yield 1;
  yield 2;
  if (failing) throw new Error("broken");
}

test("each value is taken through the step, and the end is told once, however it comes", async () => {
  let ends = 0;
  const through = (failing: boolean): AsyncIterable<number> =>
    passing(
      numbers(failing),
      (value) => value * 10,
      () => (ends += 1),
    );
  assert.deepEqual(await Array.fromAsync(through(false)), [10, 20]);
  assert.equal(ends, 1);
  await assert.rejects(Array.fromAsync(through(true)), /broken/);
  assert.equal(ends, 2);
  for await (const value of through(false)) if (value === 10) break;
  assert.equal(ends, 3);
});

test("a step that throws ends it as well", async () => {
  let ends = 0;
  const fail = (): never => {
    throw new Error("no");
  };
  await assert.rejects(Array.fromAsync(passing(numbers(), fail, () => (ends += 1))), /no/);
  assert.equal(ends, 1);
});

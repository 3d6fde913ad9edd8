import assert from "node:assert/strict";
import { test } from "node:test";
import { takeRandom } from "./random.ts";

test("no byte is given out twice, also across the end of a pool and beyond its size", () => {
  const seen = new Set<string>();
  for (let round = 0; round < 1000; round += 1) seen.add(takeRandom(12 + (round % 21)).toString("hex"));
  assert.equal(seen.size, 1000);
  const large = takeRandom(10_000);
  assert.equal(large.length, 10_000);
  assert.ok(new Set(large).size > 200);
});

test("what was given out stays as it is", () => {
  const first = takeRandom(32);
  const copy = Buffer.from(first);
  for (let round = 0; round < 500; round += 1) takeRandom(32);
  assert.deepEqual(first, copy);
});

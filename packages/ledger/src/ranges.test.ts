import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeRanges } from "./ranges.ts";

test("ranges that overlap or touch become one", () => {
  const ranges = [
    { from: 40, to: 60 },
    { from: 1, to: 10 },
    { from: 11, to: 20 },
    { from: 5, to: 7 },
    { from: 22, to: 22 },
  ];
  assert.deepEqual(mergeRanges(ranges), [
    { from: 1, to: 20 },
    { from: 22, to: 22 },
    { from: 40, to: 60 },
  ]);
  assert.deepEqual(mergeRanges([]), []);
});

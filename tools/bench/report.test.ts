import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTable, median, percentile, ratio } from "./report.ts";

test("a median stands between the two in the middle when there are two", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 9]), 3);
  assert.ok(Number.isNaN(median([])));
});

test("the 99th percentile of few values leans towards the largest", () => {
  assert.equal(percentile([1, 2, 3], 100), 3);
  assert.equal(percentile([0, 100], 99), 99);
});

test("there is no ratio to nothing", () => {
  assert.equal(ratio(5, 2), "2.5×");
  assert.equal(ratio(50, 2), "25×");
  assert.equal(ratio(5, 0), "–");
  assert.equal(ratio(5, Number.NaN), "–");
});

test("a table stands in line, with names left and figures right", () => {
  assert.equal(
    formatTable(
      ["", "CPU"],
      [
        ["floor", "1"],
        ["us", "300"],
      ],
    ),
    ["|       | CPU |", "| ----- | --: |", "| floor |   1 |", "| us    | 300 |"].join("\n"),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { nearestRegion } from "./nearest.ts";

test("of two regions alike the first is named", () => {
  const lines = ["start", "call(one, two)", "middle", "call(one, two)", "end"];
  assert.deepEqual(nearestRegion(lines, ["call(one, three)"]), { from: 2, to: 2 });
});

test("a word said often counts no more often than it is wanted", () => {
  const lines = ["log log log log log", "x", "save(log)"];
  assert.deepEqual(nearestRegion(lines, ["save(log, now)"]), { from: 3, to: 3 });
});

test("lines that left the window leave the score", () => {
  const lines = ["alpha alpha", "beta", "filler", "filler", "alpha gamma", "beta delta"];
  assert.deepEqual(nearestRegion(lines, ["alpha gamma", "beta delta!"]), { from: 5, to: 6 });
  const early = ["a b", "c d", "x", "y", "a", "z"];
  assert.deepEqual(nearestRegion(early, ["a b", "c e"]), { from: 1, to: 2 });
});

test("nothing is named where nothing is alike, or there are no words", () => {
  assert.equal(nearestRegion(["alpha", "beta"], ["gamma"]), undefined);
  assert.equal(nearestRegion(["a b c d e f g"], ["g h i j k l m n"]), undefined);
  assert.equal(nearestRegion([], ["gamma"]), undefined);
  assert.equal(nearestRegion(["", ""], [""]), undefined);
});

test("a region is no longer than the file or thirty lines", () => {
  assert.deepEqual(nearestRegion(["one two"], ["one two", "three"]), { from: 1, to: 1 });
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
  assert.deepEqual(nearestRegion(lines, lines.slice(20, 80)), { from: 21, to: 50 });
});

test("a long file of much the same words is searched to its end", () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `a b c d e f ${i}`);
  const wanted = ["a b c d e f 19000", "a b c f 19001"];
  assert.deepEqual(nearestRegion(lines, wanted), { from: 19_001, to: 19_002 });
});

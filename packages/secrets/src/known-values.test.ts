import assert from "node:assert/strict";
import { test } from "node:test";
import { createKnownValues } from "./known-values.ts";

function find(values: readonly string[], text: string): [number, string][] {
  const known = createKnownValues();
  for (const value of values) known.add(value);
  return known.find(text).map(({ start, value }) => [start, value]);
}

test("all occurrences are found, at the edges and overlapping too", () => {
  assert.deepEqual(find(["12345678"], "1234567812345678"), [
    [0, "12345678"],
    [8, "12345678"],
  ]);
  assert.deepEqual(find(["aaaaaaaa"], "aaaaaaaaa").length, 2);
  assert.deepEqual(find(["abcdefghij", "cdefghijkl", "defghijk"], "abcdefghijkl"), [
    [0, "abcdefghij"],
    [2, "cdefghijkl"],
    [3, "defghijk"],
  ]);
});

test("values beyond ASCII are found", () => {
  assert.deepEqual(find(["密码是八个字以上"], "我的密码是八个字以上。"), [[2, "密码是八个字以上"]]);
});

test("short values and near misses are not", () => {
  assert.deepEqual(find(["1234567"], "1234567"), []);
  assert.deepEqual(find(["123456789"], "12345678"), []);
  assert.deepEqual(find(["x12345678y"], "z12345678y 12345678"), []);
  assert.deepEqual(find([], "12345678"), []);
});

test("the search agrees with the plain one on random texts", () => {
  let state = 9;
  const random = (chars: number): string =>
    Array.from({ length: chars }, () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return "ab"[(state >>> 12) % 2];
    }).join("");
  for (let round = 0; round < 50; round++) {
    const values = [...new Set([random(8), random(9), random(11)])];
    const text = random(600);
    const plain = values.flatMap((value) =>
      Array.from({ length: text.length }, (_, at) => at).filter((at) => text.startsWith(value, at)),
    );
    assert.deepEqual(
      find(values, text).map(([at]) => at),
      plain.toSorted((a, b) => a - b),
    );
  }
});

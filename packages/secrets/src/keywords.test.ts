import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeywordFinder } from "./keywords.ts";

function hits(keywords: readonly string[], text: string): [string, number][] {
  const found: [string, number][] = [];
  createKeywordFinder(keywords)(text, (keyword, start) => found.push([keywords[keyword] ?? "", start]));
  return found;
}

test("keywords inside keywords are all reported", () => {
  assert.deepEqual(hits(["he", "she", "his", "hers"], "ushers"), [
    ["she", 1],
    ["he", 2],
    ["hers", 2],
  ]);
});

test("case makes no difference, and other scripts are read", () => {
  assert.deepEqual(hits(["AkIa", "密码"], "akia AKIA 密码"), [
    ["AkIa", 0],
    ["AkIa", 5],
    ["密码", 10],
  ]);
});

test("a broken-off keyword leads to the next", () => {
  assert.deepEqual(hits(["aab"], "aaab aa b"), [["aab", 1]]);
  assert.deepEqual(hits(["abcx", "bcd"], "abcd"), [["bcd", 1]]);
  assert.deepEqual(hits(["a"], ""), []);
});

test("the same keyword given twice is reported for both", () => {
  assert.deepEqual(createHits(["sk-", "sk-"], "sk-"), [0, 1]);
});

function createHits(keywords: readonly string[], text: string): number[] {
  const found: number[] = [];
  createKeywordFinder(keywords)(text, (keyword) => found.push(keyword));
  return found;
}

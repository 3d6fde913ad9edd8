import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { findSecrets } from "./find.ts";
import { importRules } from "./foreign-rules.ts";

const ticket = { id: "corp-ticket", regex: "(?i)\\bcorp-([0-9a-f]{16})\\b", keywords: ["corp-"] };
const value = "9f8e7d6c5b4a3f21";

test("a rule of the house finds what ours do not know, and its group is the secret", () => {
  const { rules, problems } = importRules({ rules: [ticket] });
  assert.deepEqual(problems, []);
  const text = `see CORP-${value} here`;
  assert.deepEqual(findSecrets(text), []);
  assert.deepEqual(findSecrets(text, { rules }), [
    { start: 9, end: 25, kind: "custom-rule", rule: "corp-ticket", confidence: "likely" },
  ]);
});

test("entropy, stop words and allowlists are obeyed", () => {
  const find = (rule: object, file: object = {}): number =>
    importRules({ ...file, rules: [{ ...ticket, ...rule }] }).rules.find(`corp-${value}`).length;
  assert.equal(find({ entropy: 3.5 }), 1);
  assert.equal(find({ entropy: 4.5 }), 0);
  assert.equal(find({ allowlist: { stopwords: ["7D6C"] } }), 0);
  assert.equal(find({ allowlists: [{ regexes: ["^9f"] }] }), 0);
  assert.equal(find({ allowlists: [{ regexes: ["^corp"], regexTarget: "match" }] }), 0);
  assert.equal(find({ allowlists: [{ regexes: ["^corp"] }] }), 1);
  assert.equal(find({}, { allowlists: [{ targetRules: ["other"], stopwords: ["9f"] }] }), 1);
  assert.equal(find({ allowlists: [{ condition: "AND", regexes: ["^9f"], stopwords: ["zz"] }] }), 1);
  assert.equal(find({ allowlists: [{ condition: "AND", regexes: ["^9f"], paths: ["x"] }] }), 1);
});

test("what is not understood is reported with its rule", () => {
  const { rules, problems } = importRules({
    extend: { useDefault: true },
    rules: [
      ticket,
      { id: "look", regex: "(?=a)" },
      { id: "path", path: "x" },
      { ...ticket, id: "more", filter: "x > 1" },
    ],
    allowlist: { paths: ["vendor/"] },
  });
  assert.equal(rules.count, 2);
  assert.deepEqual(
    problems.map((problem) => problem.split(":")[0]),
    ["[extend] is not followed", "the file", "rule look", "rule path", "rule more"],
  );
  assert.deepEqual(importRules("nonsense").problems, ["the file has no [[rules]]"]);
});

test("a rule without keywords reads the whole text, and a long text is read to its end", () => {
  const { rules } = importRules({ rules: [{ ...ticket, keywords: [] }] });
  const text = `${"x ".repeat(60_000)}corp-${value}${" y".repeat(10)}`;
  assert.equal(rules.find(text).length >= 1, true);
  const far = importRules({ rules: [ticket] }).rules;
  const many = `corp-${value} `.repeat(3_000);
  assert.equal(new Set(far.find(many).map(({ start }) => start)).size, 3_000);
});

test("what there was no time to read counts as a secret", () => {
  let now = 0;
  const slow = importRules({ rules: [ticket] }, { nowMs: () => (now += 50), deadlineMs: 60 });
  const gap = " ".repeat(9_000);
  const kinds = slow.rules.find(`corp-${value}${gap}corp-1${gap}corp-2`).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["custom-rule", "unread-text", "unread-text"]);
});

test("an expression that tries every two ends of a text is confined to its windows", () => {
  for (const regex of ["corp-[\\w ]*[\\w ]*!", "corp-(?:\\w{1,20}\\s?){1,4}!"]) {
    const { rules } = importRules({ rules: [{ id: "slow", regex, keywords: ["corp-"] }] });
    assert.equal(rules.find("corp-abc!").length, 1);
    // Twenty beginnings, and a hundred thousand characters behind each of them.
    const text = `${"corp-aa ".repeat(20)}${"aa ".repeat(33_000)}`;
    neverHangs(regex, () => rules.find(text));
    neverHangs(regex, () => rules.find("corp-aaaaaaaaaaaaaaaaaaaaaaaa ".repeat(700)));
  }
});

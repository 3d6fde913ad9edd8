import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { GOAL_CHARS_MAX, parseGoal } from "./goal.ts";

const goalOf = (line: string): unknown => {
  const parsed = parseGoal(line);
  return parsed.kind === "goal" ? parsed.goal : parsed.fault;
};

test("a goal is a text, a command that checks it, or both", () => {
  assert.deepEqual(goalOf(" all tests pass "), { text: "all tests pass" });
  assert.deepEqual(goalOf("mend it --until npm test"), { text: "mend it", check: "npm test" });
  assert.deepEqual(goalOf("mend\nit --until\n npm test -- --grep x"), {
    text: "mend\nit",
    check: "npm test -- --grep x",
  });
  assert.deepEqual(goalOf("--until make"), { text: "Make this command succeed: make", check: "make" });
});

test("quotes around the whole command are the shell's; others are the command's own", () => {
  assert.deepEqual(goalOf(`x --until "npm test"`), { text: "x", check: "npm test" });
  assert.deepEqual(goalOf(`x --until 'a "b"'`), { text: "x", check: `a "b"` });
  assert.deepEqual(goalOf(`x --until test "$A" = "b"`), { text: "x", check: `test "$A" = "b"` });
});

test("what is no goal is named", () => {
  assert.equal(goalOf("  "), "empty");
  assert.equal(goalOf("x --until"), "no-check");
  assert.equal(goalOf(`x --until ""`), "no-check");
  assert.equal(goalOf("x".repeat(GOAL_CHARS_MAX + 1)), "too-long");
  assert.deepEqual(goalOf("write about --untilled land"), { text: "write about --untilled land" });
});

test("no line is too much for the pattern", () => {
  const line = `${" --until ".repeat(50_000)}x`;
  assert.equal(
    neverHangs(line, () => parseGoal(line).kind),
    "fault",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "../arguments.ts";
import { toGoal } from "./goal-arguments.ts";

test("--until gives a task its check, and /goal is read as on the screen", () => {
  assert.deepEqual(toGoal("mend it", "npm test"), {
    prompt: "mend it",
    goal: { text: "mend it", check: "npm test" },
  });
  assert.deepEqual(toGoal("/goal mend it --until npm test", undefined), toGoal("mend it", "npm test"));
  assert.deepEqual(toGoal("/goal all is well", undefined), {
    prompt: "all is well",
    goal: { text: "all is well" },
  });
  assert.deepEqual(toGoal("/goals of this project?", undefined), { prompt: "/goals of this project?" });
});

test("what goes wrong on the command line is said with a line that is right", () => {
  for (const argv of [
    ["-p", "x", "--until", " "],
    ["-p", "/goal"],
    ["-p", "/goal x --until"],
    ["-p", "/goal x", "--until", "y"],
    ["--until", "y"],
    ["-p", "x", "--models", "a,b", "--until", "y"],
  ]) {
    assert.throws(() => parseArguments(argv), { code: "usage" }, argv.join(" "));
  }
});

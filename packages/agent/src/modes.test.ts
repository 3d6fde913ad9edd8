import assert from "node:assert/strict";
import { test } from "node:test";
import { forbiddenInMode, modeChangeText } from "./modes.ts";
import { bashTool } from "./tools/bash.ts";

function held(args: { readonly command?: string; readonly run_in_background?: boolean }): boolean {
  return forbiddenInMode(bashTool, "plan", { args, workspace: "/w" }) !== undefined;
}

test("plan mode lets a command through that only looks", () => {
  for (const command of ["git log --oneline", "ls -la && git status", "grep -rn x src | head"]) {
    assert.equal(held({ command }), false, command);
  }
  for (const command of [
    "touch a",
    "npm test",
    "git commit -m x",
    "echo x > a",
    "$X",
    "ls; rm a",
    "cat /etc/shadow",
  ]) {
    assert.equal(held({ command }), true, command);
  }
  assert.equal(held({ command: "ls", run_in_background: true }), true);
  assert.equal(held({}), true);
});

test("the model is told of the mode when it begins and when it ends", () => {
  assert.match(modeChangeText("default", "plan") ?? "", /only those that look/);
  assert.match(modeChangeText("plan", "default") ?? "", /is off/);
  assert.equal(modeChangeText("default", "bypass"), undefined);
});

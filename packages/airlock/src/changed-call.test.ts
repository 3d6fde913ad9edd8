import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChangedCall } from "./changed-call.ts";

test("the name of a changed call is one that a tool can have: a person reads it above the question", () => {
  const call = (name: string, id = "call_1"): unknown => ({ id, name, arguments: {} });
  for (const name of ["Edit", "mcp__far-server__do.it", "UseTool"]) {
    assert.equal(parseChangedCall(call(name)).name, name);
  }
  const bad = ["", "Bash\u001b[2K", "Bash: ls\nRead", "Ba\u202esh", "Bash ls", "x".repeat(201)];
  for (const name of bad) assert.throws(() => parseChangedCall(call(name)), { code: "bad-request" }, name);
  for (const id of ["1\u001b[2J", "a\nb", "x".repeat(300)]) {
    assert.throws(() => parseChangedCall(call("Edit", id)), { code: "bad-request" }, id);
  }
});

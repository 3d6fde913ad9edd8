import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "../arguments.ts";

test("several models are two to eight different ones, with one task in new sessions", () => {
  const args = parseArguments(["-p", "do it", "--models", "a, b,lab/c", "--check", "npm test"]);
  assert.ok(args.command === "versus");
  assert.deepEqual([args.models, args.check, args.run.prompt], [["a", "b", "lab/c"], "npm test", "do it"]);
  const task = ["-p", "do it", "--models"];
  for (const wrong of [
    [...task, "a"],
    [...task, "a,a"],
    [...task, "a,,b"],
    [...task, "a,b,c,d,e,f,g,h,i"],
    [...task, "a,b", "--continue"],
    [...task, "a,b", "--worktree", "x"],
    [...task, "a,b", "--session-id", "x"],
    [...task, "a,b", "--check"],
    [...task, "a,b", "--input-format", "stream-json"],
    ["-p", "", "--models", "a,b"],
    ["-p", "do it", "--check", "npm test"],
    ["--models", "a,b"],
  ]) {
    assert.throws(() => parseArguments(wrong), { code: "usage" }, wrong.join(" "));
  }
});

test("--check stays a word of its own for a wiki", () => {
  const wiki = parseArguments(["wiki", "--check"]);
  assert.ok(wiki.command === "wiki" && wiki.isCheck);
  const other = parseArguments(["wiki"]);
  assert.ok(other.command === "wiki" && !other.isCheck);
});

test("the clearance of `mcp serve` is that of the client, and public without a word", () => {
  const bare = parseArguments(["mcp", "serve"]);
  assert.ok(bare.command === "mcp-serve" && bare.clientClearance === "public");
  const said = parseArguments(["mcp", "serve", "--clearance", "internal", "--model", "m"]);
  assert.ok(said.command === "mcp-serve");
  assert.deepEqual([said.clientClearance, said.run.clearance, said.run.model], ["internal", undefined, "m"]);
  assert.throws(() => parseArguments(["mcp", "serve", "x"]), { code: "usage" });
  assert.throws(() => parseArguments(["acp", "x"]), { code: "usage" });
});

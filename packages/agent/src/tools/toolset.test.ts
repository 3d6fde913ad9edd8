import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { openScratch, quiet } from "./scratch.ts";
import { tools } from "./toolset.ts";

/** The system prompt and the tools together have 2,000. */
const TOKENS_MAX = 800;

test("the seven tools cost few tokens and hold nothing volatile", () => {
  const offered = tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, description, parameters },
  }));
  const tokens = encode(JSON.stringify(offered)).length;
  assert.ok(tokens <= TOKENS_MAX, `${tokens} tokens`);
  assert.deepEqual(
    tools.map((tool) => tool.name),
    ["Read", "Write", "Edit", "Bash", "Grep", "Glob", "TodoWrite"],
  );
  assert.ok(!JSON.stringify(offered).includes(process.cwd()));
});

test("wrong arguments are named, and a null stands for an absent one", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "1\n2\n");
  const cases: readonly (readonly [string, Parameters<typeof scratch.call>[1], RegExp])[] = [
    ["Read", {}, /^Read: required argument missing: file_path\.$/],
    ["Read", { file_path: null }, /"file_path" must be a string/],
    ["Read", { file_path: "a", offset: -1 }, /"offset" must be a whole number/],
    ["Read", { file_path: "a", pages: "1" }, /unknown argument "pages"; known are file_path, offset, limit/],
    ["Read", { file_path: "a", constructor: "1" }, /unknown argument "constructor"/],
    ["Write", { file_path: "a", content: "\ud83d" }, /surrogate/],
    ["Grep", { pattern: "a", output_mode: "all" }, /must be one of content, files_with_matches, count/],
    ["Grep", { pattern: "a", "-i": "yes" }, /"-i" must be true or false/],
    ["TodoWrite", { todos: "later" }, /"todos" must be a list/],
    ["TodoWrite", { todos: [{ content: "x", status: "open" }] }, /item 1: argument "status" must be one of/],
  ];
  for (const [name, args, expected] of cases) {
    const result = await scratch.call(name, args);
    assert.equal(result.ok, false);
    assert.match(result.text, expected);
  }
  assert.match((await scratch.call("Read", { file_path: "a", offset: 2, limit: null })).text, /^2\t2$/);
});

test("the task list is confirmed, and a second task in progress is advised against", async () => {
  await using scratch = await openScratch();
  const todos = [
    { content: "read", status: "completed" },
    { content: "write", status: "in_progress", activeForm: "writing" },
    { content: "test", status: "pending" },
  ];
  assert.equal((await scratch.call("TodoWrite", { todos })).text, "1 of 3 tasks done. Now: write");
  const two = todos.map(({ content }) => ({ content, status: "in_progress" }));
  assert.match((await scratch.call("TodoWrite", { todos: two })).text, /3 tasks are in_progress; keep one/);
});

test("an aborted call does nothing", async () => {
  await using scratch = await openScratch(quiet);
  const write = tools.find((tool) => tool.name === "Write");
  assert.ok(write !== undefined);
  const run = write.run(
    { file_path: "a", content: "x" },
    scratch.world,
    AbortSignal.abort(new Error("stopped")),
  );
  await assert.rejects(run, /stopped/);
  await assert.rejects(scratch.textOf("a"), { code: "ENOENT" });
});

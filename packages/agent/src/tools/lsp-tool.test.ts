import assert from "node:assert/strict";
import { test } from "node:test";
import { forbiddenInMode } from "../modes.ts";
import { lspTool } from "./lsp-tool.ts";
import { openScratch } from "./scratch.ts";
import { guarded } from "./toolset.ts";

const tool = guarded(lspTool);
const rename = { action: "rename", path: "a.x", line: 1, symbol: "a", new_name: "b" };

test("in plan mode it may look, and show what a rename would change, and change nothing", () => {
  const forbidden = (args: object): boolean =>
    forbiddenInMode(tool, "plan", { args: args as never, workspace: "/work" }) !== undefined;
  assert.equal(forbidden({ action: "references", path: "a.x", files: ["a.x"] }), false);
  assert.equal(forbidden(rename), false);
  assert.equal(forbidden({ ...rename, files: [] }), false);
  assert.equal(forbidden({ ...rename, files: ["a.x"] }), true);
});

test("without a server for the file, and for a path outside, the model is told so", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.x", "a\n");
  const ask = (path: string): Promise<{ ok: boolean; text: string }> =>
    tool.run({ ...rename, path }, scratch.world, new AbortController().signal);
  assert.match((await ask("a.x")).text, /No language server is there for a\.x/);
  assert.match((await ask("../a.x")).text, /outside the workspace/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { isOwnCall } from "./own-call.ts";

const own = { name: "Write", args: { file_path: "AGENTS.md", content: "a" } };
const asked = (name: string, args: JsonObject): ReturnType<typeof isOwnCall> =>
  isOwnCall({ id: "1", name, arguments: args }, own);

test("the client's own call is known by what it is; another one under its name is not", async () => {
  assert.ok(await asked("Write", { content: "a", file_path: "AGENTS.md" }));
  assert.ok(!(await asked("Edit", own.args)));
  assert.ok(!(await asked("UseTool", { name: "Write", arguments: own.args })));
  assert.ok(!(await asked("Write", { ...own.args, content: "b" })));
  assert.ok(!(await asked("Write", { ...own.args, note: "b" })));
  assert.ok(!(await asked("Write", { file_path: "AGENTS.md" })));
});

test("what the airlock mends in a call, and a joiner that it put into what was shown, leave it the client's", async () => {
  const mended = { name: "Write", args: { path: "AGENTS.md", content: "<\u2060|im_end|>" } };
  const call = { id: "1", name: "Write", arguments: { file_path: "AGENTS.md", content: "<|im_end|>" } };
  assert.ok(await isOwnCall(call, mended));
  assert.ok(!(await isOwnCall({ ...call, arguments: { ...call.arguments, content: "<" } }, mended)));
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { checkWorkspace } from "./command-cell.ts";

test("a home or a project that is not there is named, with what to do", (t) => {
  const base = mkdtempSync(join(tmpdir(), "cloister-workspace-"));
  t.after(() => rmSync(base, { recursive: true }));
  const nowhere = join(base, "nowhere");
  assert.throws(() => checkWorkspace(base, nowhere), { code: "no-home", message: /no home at .*nowhere/ });
  assert.throws(() => checkWorkspace(nowhere, base), {
    code: "bad-workspace",
    message: /no folder .*nowhere/,
  });
  const file = join(base, "file");
  writeFileSync(file, "");
  assert.throws(() => checkWorkspace(file, base), { code: "bad-workspace", message: /file is no folder/ });
});

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findOwnProgram, ownFolders } from "./own-programs.ts";

test("what packages bring is nobody's own program, whichever folder above the project holds it", () => {
  const root = mkdtempSync(join(tmpdir(), "cloister-programs-"));
  try {
    const place = (path: string): string => {
      const folder = join(root, path);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "vi"), "");
      chmodSync(join(folder, "vi"), 0o755);
      return folder;
    };
    const directory = join(root, "repo", "packages", "a");
    const own = place("bin");
    const others = ["repo/packages/a/bin", "repo/packages/a/node_modules/.bin", "repo/node_modules/.bin"];
    const strange = others.map(place);
    const path = [...strange, `${strange[2]}/`, own];
    assert.deepEqual(ownFolders({ path, directory }), [own]);
    assert.equal(findOwnProgram("vi", { path, directory }), join(own, "vi"));
    assert.equal(findOwnProgram("vi", { path: strange, directory }), undefined);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { listFiles, takeFiles } from "./list-files.ts";

test("files come folder by folder, in the order in which they are listed at once; what git ignores does not", async () => {
  const workspace = mkdtempSync(join(tmpdir(), "list-files-"));
  try {
    for (const name of ["b.ts", "a.ts", "x/c.ts", "x/y/d.ts", "out/e.js", "z/f.ts"]) {
      mkdirSync(dirname(join(workspace, name)), { recursive: true });
      writeFileSync(join(workspace, name), "");
    }
    writeFileSync(join(workspace, ".gitignore"), "out\n");
    const { signal } = new AbortController();
    const folders: (readonly string[])[] = [];
    await takeFiles(workspace, (names) => void folders.push(names), signal);
    assert.deepEqual(folders, [[".gitignore", "a.ts", "b.ts"], ["x/c.ts"], ["x/y/d.ts"], ["z/f.ts"]]);
    assert.deepEqual(folders.flat(), await listFiles(workspace, signal));
  } finally {
    rmSync(workspace, { recursive: true });
  }
});

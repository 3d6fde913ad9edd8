/** What is written for a person beside a cell that is open: it is seen there, and still nothing there can write it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { openCells, removeMountPoints, missingGuarded, saveGuarded } from "../src/index.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

test("a guarded file that is saved meanwhile is seen by a cell that is open, which cannot write it", async (t) => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "cell-save-")));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const workspace = join(base, "work");
  mkdirSync(workspace);
  writeFileSync(join(workspace, ".npmrc"), "a long line that was there\n");
  const missing = missingGuarded(workspace);
  const cells = await openCells({
    ...{ tier: "bubblewrap", scratch: join(base, "cells"), architecture: process.arch, user: me },
  });
  t.after(() => cells.close());
  const view = {
    workspace,
    home: "/home/user",
    sockets: [],
    readable: ["/bin/sh"],
    system: "libraries",
  } as const;
  const script = `echo open; read go
    for file in .vscode/deep/a .npmrc; do
      read line < $file; echo "$line"
      ( echo evil > $file ) 2>/dev/null && echo written
    done
    ( echo evil > .vscode/b ) 2>/dev/null && echo written
    ( echo evil > .claude/b ) 2>/dev/null && echo written; echo end`;
  const argv = ["/bin/sh", "-c", script];
  const child = cells.spawn(view, { argv, directory: workspace, environment: {} });
  assert.ok(child.stdout !== null);
  const said = text(child.stdout);
  await new Promise((resolve) => child.stdout?.once("readable", resolve));
  const save = (path: string, content: string): unknown =>
    saveGuarded({ workspace, path, content: Buffer.from(content), mode: 0o600, user: me });
  assert.deepEqual(save(".vscode/deep/a", "made\n"), { kind: "saved" });
  assert.deepEqual(save(".npmrc", "new\n"), { kind: "saved" });
  assert.deepEqual(save("src/a.ts", "x"), { kind: "not-guarded" });
  child.stdin?.end("go\n");
  assert.equal(await said, "open\nmade\nnew\nend\n");
  assert.equal(readFileSync(join(workspace, ".npmrc"), "utf8"), "new\n");
  assert.equal(statSync(join(workspace, ".vscode/deep/a")).mode & 0o777, 0o600);
  removeMountPoints(workspace, missing);
  assert.equal(statSync(join(workspace, ".claude"), { throwIfNoEntry: false }), undefined);
  assert.ok(statSync(join(workspace, ".vscode/deep/a")).isFile(), "what was saved is no mount point");
});

test("a guarded file for whose new content there is no room stays as it was", (t) => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "cell-save-")));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const code = `
    import { readdirSync, readFileSync, writeFileSync } from "node:fs";
    import { saveGuarded } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
    const workspace = process.argv[1];
    writeFileSync(workspace + "/.npmrc", "old\\n".repeat(1000));
    // 24 kB are left: enough for the draft, and not for the file beside it.
    writeFileSync(workspace + "/filled", Buffer.alloc(36 * 1024));
    const save = (text) => saveGuarded({
      workspace, path: ".npmrc", content: Buffer.from(text), mode: undefined, user: ${JSON.stringify(me)},
    });
    let code;
    try { save("new!".repeat(4096)); } catch (error) { code = error.code; }
    const isOld = readFileSync(workspace + "/.npmrc", "utf8") === "old\\n".repeat(1000);
    const files = readdirSync(workspace);
    save("shorter");
    console.log(JSON.stringify([code, isOld, files, readFileSync(workspace + "/.npmrc", "utf8")]));
  `;
  const mounts = ["--dev-bind", "/", "/", "--size", "65536", "--tmpfs", base];
  const node = [process.execPath, "--input-type=module", "-e", code, base];
  const said = execFileSync("bwrap", [...mounts, "--", ...node], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(said), ["ENOSPC", true, [".npmrc", "filled"], "shorter"]);
});

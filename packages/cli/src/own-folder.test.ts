import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { applyWishes } from "./cell-wishes.ts";
import { checkWorkspace } from "./command-cell.ts";

test("no cell may write where later sessions find their settings and the keeper its compiled code", (t) => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "own-folder-")));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  const make = (...names: string[]): string => {
    const path = join(base, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const home = make("all", "u");
  const own = make("all", "u", ".cloister");
  const linked = make("all", "linked");
  const kept = make("all", "linked", "settings", "cloister");
  symlinkSync("settings/cloister", join(linked, ".cloister"));
  const bad: readonly (readonly [string, string])[] = [
    [own, home],
    [make("all", "u", ".cloister", "cache", "code"), home],
    [make("all", "u", ".cloister", "worktrees"), home],
    [join(base, "all"), home],
    [base, home],
    [join(linked, "settings"), linked],
    [kept, linked],
  ];
  const view = { workspace: base, readable: [], sockets: [], system: "whole" } as const;
  for (const [path, of] of bad) {
    assert.throws(() => checkWorkspace(path, of), { code: "bad-workspace" }, path);
    assert.throws(
      () => applyWishes({ ...view, home: of }, { write: [path] }),
      { code: "bad-workspace" },
      path,
    );
  }
  const good = [
    make("all", "u", "project"),
    make("all", "u", ".cloister-of-mine"),
    make("all", "u", ".cloister", "worktrees", "1", "a"),
    make("all", "other"),
  ];
  for (const path of good) {
    assert.equal(checkWorkspace(path, home), path);
    assert.deepEqual(applyWishes({ ...view, home }, { write: [path] }).writable, [path]);
  }
  // Nothing of ours is there yet.
  assert.throws(() => checkWorkspace(base, make("all", "new")), { code: "bad-workspace" });
});

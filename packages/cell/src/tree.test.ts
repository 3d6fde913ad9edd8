import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openTree, type Tree, type TreeLimits } from "./tree.ts";

let base: string;
let count = 0;

before(() => void (base = realpathSync(mkdtempSync(join(tmpdir(), "tree-")))));
after(() => rmSync(base, { recursive: true }));

test("installed packages, git's own files and what links lead to are not looked into", () => {
  const root = make("a/f.txt", "node_modules/x/f.txt", ".git/objects/f");
  symlinkSync("/etc", join(root, "way"));
  assert.deepEqual(seen(open(root)), [".", "a"]);
});

test("what changed is read again: made, moved and removed folders", () => {
  const root = make("a/b/f.txt");
  const tree = open(root);
  renameSync(join(root, "a"), join(root, "c"));
  mkdirSync(join(root, "c/b/d"));
  tree.refresh();
  assert.deepEqual(seen(tree), [".", "c", "c/b", "c/b/d"]);
  rmSync(join(root, "c/b"), { recursive: true });
  tree.refresh();
  assert.deepEqual(seen(tree), [".", "c"]);
});

test("where there are more folders than one look takes, each has its turn", () => {
  const root = make(...Array.from({ length: 20 }, (_, index) => `d${index}/f`));
  const tree = open(root, { refreshMax: 6 });
  mkdirSync(join(root, "d19/new"));
  for (let turn = 0; turn < 10; turn++) tree.refresh();
  assert.ok(seen(tree).includes("d19/new"));
});

test("a folder's time can be set back, and what was made in it is found all the same", () => {
  const root = make("a/f.txt");
  const tree = open(root, {}, () => Date.now() + 60_000);
  const { atime, mtime } = lstatSync(join(root, "a"));
  waitForTick(join(root, "a"));
  mkdirSync(join(root, "a/made"));
  utimesSync(join(root, "a"), atime, mtime);
  tree.refresh();
  assert.deepEqual(seen(tree), [".", "a", "a/made"]);
});

test("two changes under one stamp of the kernel are both seen", () => {
  const root = make("a/f.txt");
  const times = lstatSync(root).ctimeMs;
  const tree = open(root, {}, () => times + 1);
  for (let i = 0; i < 20; i++) {
    mkdirSync(join(root, `a/${i}`));
    tree.refresh();
    assert.ok(seen(tree).includes(`a/${i}`));
  }
});

test("a limit cuts the deepest and says so", () => {
  const root = make("a/b/c/d/f", "e/f");
  const shallow = open(root, { depthMax: 1 });
  assert.deepEqual(seen(shallow), [".", "a", "e"]);
  assert.match(shallow.cut() ?? "", /1 folders were not looked into/);
  assert.equal(seen(open(root, { foldersMax: 2 })).length, 2);
  assert.ok(seen(open(root, { entriesMax: 2 })).length < 4);
  assert.equal(open(root).cut(), undefined);
});

function make(...files: string[]): string {
  count += 1;
  const root = join(base, String(count));
  for (const file of files) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), "");
  }
  return root;
}

/** Until the kernel gives what changes another time than it has. */
function waitForTick(path: string): void {
  const probe = `${path}.tick`;
  for (let i = 0; i < 100_000; i++) {
    writeFileSync(probe, "");
    if (lstatSync(probe).ctimeMs !== lstatSync(path).ctimeMs) break;
  }
  rmSync(probe);
}

function open(root: string, limits: Partial<TreeLimits> = {}, nowMs: () => number = Date.now): Tree<string> {
  return openTree({ root, limits, nowMs, inspect: (folder) => folder.slice(root.length + 1) || "." });
}

function seen(tree: Tree<string>): string[] {
  return [...tree.inspected()].toSorted((a, b) => a.localeCompare(b));
}

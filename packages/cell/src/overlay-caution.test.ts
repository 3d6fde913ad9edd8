import assert from "node:assert/strict";
import { test } from "node:test";
import { cautionAbout } from "./overlay-caution.ts";

test("what git writes by itself is ordinary; what it runs, or reads what to run from, is not", () => {
  for (const path of [
    ".git/objects/ab/cdef",
    ".git/refs/heads/main",
    ".git/index",
    ".git/HEAD",
    "src/git.ts",
  ]) {
    assert.equal(cautionAbout({ path }), undefined, path);
  }
  for (const path of [
    ".git",
    ".git/hooks/pre-commit",
    ".git/config",
    ".git/info/attributes",
    ".git/objects/info/alternates",
    "sub/.git/modules/x/config",
    "sub/.GIT/hooks/x",
    ".git/HOOKS/x",
  ]) {
    assert.notEqual(cautionAbout({ path }), undefined, path);
  }
});

test("settings that programs read when a folder is opened are not ordinary, at any depth and in any case", () => {
  for (const path of [".vscode/tasks.json", "sub/.envrc", ".Claude/settings.json", ".cloister/policy"]) {
    assert.notEqual(cautionAbout({ path }), undefined, path);
  }
  assert.equal(cautionAbout({ path: "vscode/tasks.json" }), undefined);
});

test("a link may stay in the workspace; every way out of it, also through another link, is told", () => {
  const link = (path: string, target: string): string | undefined =>
    cautionAbout({ path, after: { type: "link", mode: 0o777, bytes: 0, target, stamp: "" } });
  for (const target of ["b", "b/c", "../x", "./b", "../../root"]) {
    assert.equal(link("a/b/link", target), undefined, target);
  }
  for (const target of ["/etc", "../../../up", "b/../../../up", "d/../outside", "d/./..//outside"]) {
    assert.notEqual(link("a/b/link", target), undefined, target);
  }
});

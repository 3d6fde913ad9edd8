import assert from "node:assert/strict";
import { symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compileGlob } from "./glob-pattern.ts";
import { openScratch } from "./scratch.ts";

test("patterns match as in a shell, leading dots included", () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["*.ts", ["a.ts", ".a.ts"], ["a/b.ts", "a.tsx"]],
    ["**/*.ts", ["a.ts", "a/b.ts", "a/b/c.ts"], ["a.js"]],
    ["src/**", ["src/a", "src/a/b"], ["src", "srcs/a"]],
    ["src/**/test/*.ts", ["src/test/a.ts", "src/x/y/test/a.ts"], ["src/testy/a.ts"]],
    ["a?c", ["abc", "a😀c"], ["a/c", "ac"]],
    ["[a-c]x", ["ax", "cx"], ["dx", "/x"]],
    ["[!a-c]x", ["dx"], ["ax", "/x"]],
    ["[]]x", ["]x"], ["x"]],
    ["[z-a]", ["z", "-", "a"], ["b"]],
    ["*.{ts,m{d,dx}}", ["a.ts", "a.md", "a.mdx"], ["a.m", "a.{ts"]],
    ["{a,**/b}", ["a", "b", "x/y/b"], ["x/a"]],
    ["a{b", ["a{b"], ["ab"]],
    ["\\*.ts", ["*.ts"], ["a.ts"]],
    ["a.b+(c)", ["a.b+(c)"], ["axb+(c)"]],
    ["[", ["["], []],
    ["app/[id]/page", ["app/i/page"], ["app/[id]/page"]],
  ];
  for (const [pattern, hits, misses] of cases) {
    const glob = compileGlob(pattern);
    for (const path of hits) assert.ok(glob.test(path), `${pattern} matches ${path}`);
    for (const path of misses) assert.ok(!glob.test(path), `${pattern} does not match ${path}`);
  }
});

test("a pattern full of stars is decided in linear time", () => {
  assert.equal(compileGlob(`${"*a".repeat(20)}*b`).test("a".repeat(250)), false);
  assert.equal(compileGlob(`${"**/".repeat(20)}b`).test("a/".repeat(120)), false);
});

test("the newest file comes first; .git and node_modules are left out", async () => {
  await using scratch = await openScratch();
  for (const [path, time] of [
    ["a.ts", 10],
    ["src/b.ts", 30],
    ["src/.c/d.ts", 20],
    [".git/x.ts", 40],
    ["node_modules/y.ts", 50],
  ] as const) {
    await scratch.put(path, "");
    await utimes(join(scratch.root, path), time, time);
  }
  assert.equal((await scratch.call("Glob", { pattern: "**/*.ts" })).text, "src/b.ts\nsrc/.c/d.ts\na.ts");
  assert.equal((await scratch.call("Glob", { pattern: "*.ts", path: "src" })).text, "src/b.ts");
  assert.equal((await scratch.call("Glob", { pattern: `${scratch.root}/src/*.ts` })).text, "src/b.ts");
  assert.equal((await scratch.call("Glob", { pattern: "node_modules/*.ts" })).text, "node_modules/y.ts");
  assert.match((await scratch.call("Glob", { pattern: "b.ts" })).text, /^src\/b\.ts\n\[none directly there/);
  assert.equal((await scratch.call("Glob", { pattern: "a.ts" })).text, "a.ts");
  assert.equal((await scratch.call("Glob", { pattern: "*.rs" })).text, "No file matches *.rs.");
});

test("more than a hundred are cut with a note", async () => {
  await using scratch = await openScratch();
  for (let i = 0; i < 103; i++) await scratch.put(`f${i}`, "");
  const rows = (await scratch.call("Glob", { pattern: "f*" })).text.split("\n");
  assert.equal(rows.length, 101);
  assert.equal(rows[100], "[first 100 of 103; use a narrower pattern]");
});

test("neither the path nor the pattern nor a link leads out of the workspace", async () => {
  await using scratch = await openScratch();
  await symlink("..", join(scratch.root, "up"));
  for (const args of [
    { pattern: "*", path: ".." },
    { pattern: "../*" },
    { pattern: "/etc/*" },
    { pattern: "up/*" },
    { pattern: "*", path: "up" },
  ]) {
    assert.match((await scratch.call("Glob", args)).text, /outside the workspace/, JSON.stringify(args));
  }
  assert.match((await scratch.call("Glob", { pattern: "**/*" })).text, /No file matches/);
});

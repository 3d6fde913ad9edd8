import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePathGlob, compileTextGlob } from "./index.ts";

const paths: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["firmware/**", ["firmware/a", "firmware/a/b.c"], ["firmwares/a", "x/firmware/a"]],
  ["firmware", ["firmware/a/b.c", "x/firmware/a", "firmware"], ["firmwares"]],
  ["*.pem", ["a.pem", "x/y/a.pem"], ["a.pem.txt", "apem"]],
  ["src/*.ts", ["src/a.ts"], ["src/a/b.ts", "a/src/b.ts"]],
  ["/docs", ["docs/a"], ["x/docs/a"]],
  ["a/**/b.c", ["a/b.c", "a/x/y/b.c"], ["a/xb.c"]],
  ["[ab]?.c", ["a1.c", "bx.c"], ["c1.c", "a.c"]],
  ["[!a].c", ["b.c"], ["a.c"]],
  ["设计/**", ["设计/图.md"], ["设计图.md"]],
  ["a(b+).c", ["a(b+).c"], ["abb.c"]],
];

for (const [pattern, matching, others] of paths) {
  test(`the path pattern ${pattern} matches ${matching.join(", ")} and not ${others.join(", ")}`, () => {
    const glob = compilePathGlob(pattern);
    assert.ok(glob !== undefined);
    for (const path of matching) assert.ok(glob.test(path), path);
    for (const path of others) assert.ok(!glob.test(path), path);
  });
}

test("a text pattern matches the whole text", () => {
  const glob = compileTextGlob("git push*");
  assert.ok(glob !== undefined);
  assert.ok(glob.test("git push --force\nnow"));
  assert.ok(!glob.test("x git push"));
});

test("a pattern that could not be matched in bounded time is refused", () => {
  assert.equal(compilePathGlob("*a".repeat(20)), undefined);
  assert.equal(compileTextGlob("x".repeat(2000)), undefined);
  assert.equal(compilePathGlob("/"), undefined);
});

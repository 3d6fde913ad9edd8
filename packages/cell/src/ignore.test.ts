import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { parseIgnore } from "./ignore.ts";

const rows: readonly [pattern: string, fits: readonly string[], not: readonly string[]][] = [
  ["secret.txt", ["secret.txt", "a/b/secret.txt"], ["secret.txt.md", "asecret.txt"]],
  ["/secret.txt", ["secret.txt"], ["a/secret.txt"]],
  ["*.key", ["x.key", "a/x.key", ".key"], ["x.key/y", "xkey"]],
  ["keys/", ["keys/", "a/keys/"], ["keys"]],
  ["a/*.txt", ["a/b.txt"], ["a/b/c.txt", "x/a/b.txt"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "x/a/b"]],
  ["**/b", ["b", "x/b", "x/y/b"], ["xb"]],
  ["a/**", ["a/b", "a/b/c"], ["a", "b/a/c"]],
  ["[ab].txt", ["a.txt"], ["c.txt"]],
  ["[!ab].txt", ["c.txt"], ["a.txt"]],
  ["a?c", ["abc"], ["ac", "a/c"]],
  [String.raw`\#x`, ["#x"], ["x"]],
  [String.raw`\!x`, ["!x"], ["x"]],
  ["a.b", ["a.b"], ["axb"]],
  ["# no", [], ["no", "# no"]],
  ["x  ", ["x"], ["x  "]],
];

for (const [pattern, fits, not] of rows) {
  test(`${JSON.stringify(pattern)} names what gitignore(5) says`, () => {
    const rules = parseIgnore(pattern);
    const matches = (path: string): boolean => rules.matches(path.replace(/\/$/, ""), path.endsWith("/"));
    for (const path of fits) assert.ok(matches(path), path);
    for (const path of not) assert.ok(!matches(path), path);
  });
}

test("the last rule that fits decides, so an exception can follow", () => {
  const rules = parseIgnore(".env*\n!.env.example\n");
  assert.ok(rules.matches(".env", false));
  assert.ok(!rules.matches(".env.example", false));
});

test("a pattern made to be slow is not", () => {
  const rules = parseIgnore(`${"a*".repeat(40)}b\n${"**/".repeat(30)}b`);
  for (const path of ["a".repeat(60), "a/".repeat(100) + "a"]) {
    assert.ok(!neverHangs(path, () => rules.matches(path, false)));
  }
});

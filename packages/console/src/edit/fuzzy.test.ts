import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { createFuzzySearch } from "./fuzzy.ts";

test("a name's own beginning counts before its middle, its folder, and scattered letters", () => {
  const search = createFuzzySearch([
    "c/a/r/t.ts",
    "cart/index.ts",
    "src/shopcart.ts",
    "src/cart.ts",
    "other.md",
  ]);
  assert.deepEqual(search.find("cart"), ["src/cart.ts", "src/shopcart.ts", "cart/index.ts", "c/a/r/t.ts"]);
});

test("a query that grows and one that changes give what a new search gives", () => {
  const names = Array.from({ length: 500 }, (_, index) => `src/part${index % 7}/file-${index}.ts`);
  const search = createFuzzySearch(names);
  for (const query of ["f", "fi", "file-4", "file-49", "p3", "part3/file", "zzz", "49"]) {
    assert.deepEqual(search.find(query), createFuzzySearch(names).find(query), query);
  }
});

test("of 100,000 names the one that was meant is found", () => {
  const names = Array.from(
    { length: 100_000 },
    (_, index) => `packages/p${index % 90}/src/module-${index}/file.ts`,
  );
  const search = createFuzzySearch(names);
  const [found] = neverHangs(
    "100,000 names",
    () => [search.find("m"), search.find("module-99999")].at(-1) ?? [],
  );
  assert.equal(found, names[99_999]);
});

test("what is added in portions is found as what was there at once, and a name's beginning comes first", () => {
  const names = Array.from(
    { length: 3000 },
    (_, index) => `src/part-${index % 7}/${"xyz"[index % 3]}-${index}.ts`,
  );
  const portions = createFuzzySearch();
  for (let at = 0; at < names.length; at += 100) {
    portions.add(names.slice(at, at + 100));
    // Each search packs what came so far.
    if (at % 700 === 0) portions.find("x");
  }
  for (const query of ["x", "y-1", "z-29", "part-3/x", "p3x99", "nothing", "X-3"]) {
    assert.deepEqual(portions.find(query), createFuzzySearch(names).find(query), query);
  }
  assert.ok(portions.find("y").every((name) => name.includes("/y-")));
});

test("a name in other letters is found whatever their case, by letters apart too, and comes back as it was", () => {
  const names = ["src/Übersicht.ts", "docs/ЗАМЕТКИ.md", "文档/说明.md", "src/plain.ts"];
  const search = createFuzzySearch(names);
  for (const [query, index] of [
    ["über", 0],
    ["ÜBER", 0],
    ["заметки", 1],
    ["згк", undefined],
    ["зки", 1],
    ["文说", 2],
    ["src/ü", 0],
  ] as const) {
    assert.deepEqual(search.find(query), index === undefined ? [] : [names[index]], query);
  }
  assert.deepEqual(search.find(""), names);
});

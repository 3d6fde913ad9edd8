import assert from "node:assert/strict";
import { test } from "node:test";
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

test("100,000 names are searched within a blink", () => {
  const names = Array.from(
    { length: 100_000 },
    (_, index) => `packages/p${index % 90}/src/module-${index}/file.ts`,
  );
  const search = createFuzzySearch(names);
  const started = process.cpuUsage();
  search.find("m");
  assert.equal(search.find("module-99999")[0], names[99_999]);
  assert.ok(process.cpuUsage(started).user < 1_000_000);
});

test("what is prepared in portions finds the same as what is not, and a name's beginning comes first", () => {
  const names = Array.from(
    { length: 3000 },
    (_, index) => `src/part-${index % 7}/${"xyz"[index % 3]}-${index}.ts`,
  );
  const portions = createFuzzySearch(names);
  while (portions.prepare(100));
  for (const query of ["x", "y-1", "z-29", "part-3/x", "p3x99", "nothing", "X-3"]) {
    assert.deepEqual(portions.find(query), createFuzzySearch(names).find(query), query);
  }
  assert.ok(portions.find("y").every((name) => name.includes("/y-")));
});

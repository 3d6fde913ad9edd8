import assert from "node:assert/strict";
import { test } from "node:test";
import type { IndexedFile } from "./index-files.ts";
import { rankDefinitions, type Interest } from "./rank.ts";
import { renderMap } from "./render.ts";

const nothing: Interest = { words: [], read: new Set() };

function file(path: string, defined: readonly string[], used: readonly string[]): IndexedFile {
  return {
    path,
    definitions: defined.map((name, at) => ({ name, line: at + 1, text: `function ${name}() {` })),
    names: new Map([...defined, ...used].map((name) => [name, 1])),
  };
}

const project = [
  file("a.ts", ["useful", "lonely"], []),
  file("b.ts", ["caller"], ["useful"]),
  file("c.ts", ["another"], ["useful", "caller"]),
];

test("what much is used of comes first, and what nobody uses comes last", () => {
  const names = rankDefinitions(project, nothing).map(({ text }) => text);
  assert.equal(names[0], "function useful() {");
  assert.ok(names.indexOf("function lonely() {") > names.indexOf("function caller() {"));
});

test("a question, and what was read already, move the map to themselves", () => {
  const asked = rankDefinitions(project, { words: ["another"], read: new Set() });
  const plain = rankDefinitions(project, nothing);
  const place = (list: typeof asked): number => list.findIndex(({ text }) => text.includes("another"));
  assert.ok(place(asked) < place(plain));
  const read = rankDefinitions(project, { words: [], read: new Set(["c.ts"]) });
  const score = (list: typeof asked): number => list.find(({ text }) => text.includes("caller"))?.score ?? 0;
  assert.ok(score(read) > score(plain));
});

test("a name that many files define leads nowhere", () => {
  const many = Array.from({ length: 12 }, (_, at) => file(`${at}.ts`, ["main"], []));
  const ranked = rankDefinitions([...many, file("x.ts", [], ["main"])], nothing);
  assert.equal(new Set(ranked.map(({ score }) => score.toFixed(6))).size, 1);
});

test("no files, and files that use nothing, are no trouble", () => {
  assert.deepEqual(rankDefinitions([], nothing), []);
  assert.ok(
    rankDefinitions([file("a.ts", ["one"], [])], nothing).every(({ score }) => Number.isFinite(score)),
  );
});

test("the map keeps to its budget, names each line that it shows, and shows what cannot be seen", () => {
  const ranked = Array.from({ length: 500 }, (_, at) => {
    return { path: `${at % 40}.ts`, line: at, text: `function f${at}() { \u202e`, score: 1 };
  });
  const { text, sources } = renderMap(ranked, 300);
  assert.ok(text.length <= 300 * 3.5);
  assert.equal(sources.length, text.split("\n").filter((row) => /^\d+\t/.test(row)).length);
  assert.ok(!text.includes("\u202e"));
});

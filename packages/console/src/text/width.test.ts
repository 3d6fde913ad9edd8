import assert from "node:assert/strict";
import { test } from "node:test";
import { cutWidth, displayWidth, fitWidth, graphemes, singles } from "./width.ts";

test("scripts of all kinds take the columns that terminals give them", () => {
  // As a real terminal (tmux 3.3) placed its cursor.
  const known: Readonly<Record<string, number>> = {
    ...{ abc: 3, 中: 2, 한글: 4, 각: 2, ｱ: 1, ﾊﾞ: 2, "…": 1, "→": 1, "✓": 1, "": 0 },
    ...{ क्षि: 3, हिन्दी: 5, กำ: 2, สวัสดี: 4, தமிழ்: 4, မြန်မာ: 5 },
    ...{ العربية: 7, שָׁלוֹם: 4, "e\u0301\u0323": 1, "👨‍👩‍👧": 2, "🇩🇪": 2 },
  };
  for (const [text, columns] of Object.entries(known)) assert.equal(displayWidth(text), columns, text);
});

test("a cut never parts a cluster, and never takes more room than there is", () => {
  const text = "हिन्दी 中👨‍👩‍👧e\u0301 العربية end";
  for (let columns = 1; columns < 30; columns++) {
    const cut = cutWidth(text, columns);
    assert.ok(text.startsWith(cut) && displayWidth(cut) <= columns);
    assert.ok(displayWidth(fitWidth(text, columns)) <= columns, String(columns));
    assert.doesNotMatch(text.slice(cut.length), /^[\p{M}\u200d]/u);
  }
});

test("characters that are taken for clusters of their own are that, beside any of the others", () => {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const all = singles.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
  const others = ["a", "中", "❤", "©", "ー", "ﾊ", "…"];
  // Each between two others, in one text: one that joined would make the clusters fewer.
  const text = all.map((code, at) => `${others[at % others.length]}${String.fromCharCode(code)}`).join("");
  assert.equal([...segmenter.segment(text)].length, text.length);
  const twice = all.map((code) => String.fromCharCode(code).repeat(2)).join("");
  assert.equal([...segmenter.segment(twice)].length, twice.length);
  assert.deepEqual(graphemes("e\u0301❤\ufe0fa"), ["e\u0301", "❤\ufe0f", "a"]);
});

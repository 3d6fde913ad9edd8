import assert from "node:assert/strict";
import { test } from "node:test";
import { fitLine, lineWidth, plainText, span, wrapLine } from "./line.ts";
import { displayWidth, fitWidth } from "./width.ts";

const wrap = (text: string, columns: number): string[] => wrapLine([span(text)], { columns }).map(plainText);

test("widths are a terminal's: wide characters and emoji two, marks none", () => {
  const widths = { abc: 3, 中文: 4, "e\u0301": 1, "👩‍💻": 2, "🇨🇳": 2, "❤️": 2, "１": 2, "": 0 };
  for (const [text, width] of Object.entries(widths)) assert.equal(displayWidth(text), width, text);
});

test("rows break at spaces, within a word only when it fits no row, and between wide characters", () => {
  assert.deepEqual(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
  assert.deepEqual(wrap("a abcdefghijkl", 5), ["a abc", "defgh", "ijkl"]);
  assert.deepEqual(wrap("中文没有空格可以断开", 8), ["中文没有", "空格可以", "断开"]);
  assert.deepEqual(wrap("", 8), [""]);
});

test("rows of a wrapped line hang below its beginning and keep their styles", () => {
  const [first, second] = wrapLine([span("one two", "strong")], {
    columns: 6,
    first: [span("- ")],
    rest: [span("  ")],
  });
  assert.equal(plainText(first ?? []), "- one");
  assert.deepEqual(second, [span("  "), span("two", "strong")]);
});

test("no row is wider than asked, whatever is in it", () => {
  const text = "wide 中文字符 and 👩‍💻👩‍💻👩‍💻 and averyveryverylongwordwithoutanyspace e\u0301e\u0301";
  for (let columns = 2; columns < 30; columns++) {
    for (const row of wrapLine([span(text)], { columns })) assert.ok(lineWidth(row) <= columns, `${columns}`);
    assert.ok(lineWidth(fitLine([span(text)], columns)) <= columns);
    assert.ok(displayWidth(fitWidth(text, columns)) <= columns);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { plainText, type Line } from "../text/line.ts";
import { renderDiff } from "./diff.ts";

const hunks =
  "@@ -10,3 +10,3 @@\n a\n-  return price * discount;\n+  return price * rate(discount);\n b\n@@ -90 +90,2 @@\n+new\n old\n";

test("lines have their numbers in the file, and a gap is a gap", () => {
  assert.deepEqual(
    renderDiff({ hunks }, 60, 40).map((each) => plainText(each).trimEnd()),
    [
      "10   a",
      "11 -   return price * discount;",
      "11 +   return price * rate(discount);",
      "12   b",
      "   ⋮",
      "90 + new",
      "91   old",
    ],
  );
});

test("of a changed line only the words that differ are marked", () => {
  const marked = (line: Line | undefined): string[] =>
    (line ?? []).filter(({ style }) => style.endsWith("Word")).map(({ text }) => text);
  const [, before, after] = renderDiff({ hunks }, 60, 40);
  assert.deepEqual(marked(before), []);
  assert.equal(marked(after).join(""), "rate()");
});

test("what is left out is counted", () => {
  assert.match(plainText(renderDiff({ hunks }, 60, 3).at(-1) ?? []), /\+4/);
});

test("a line of the file that carries escapes is drawn, not obeyed", () => {
  const text = renderDiff({ hunks: "@@ -0,0 +1 @@\n+\u001b]0;x\u0007\n" }, 60, 9).map(plainText).join("");
  assert.ok(text.includes("␛]0;x␇"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutLineNumbers } from "./line-numbers.ts";

test("numbers before every line but the first are taken off, with tabs or arrows", () => {
  assert.equal(withoutLineNumbers("a\n13\tb\n14\t\n15\t  c"), "a\nb\n\n  c");
  assert.equal(withoutLineNumbers("a\r\n    13→b\r\n   114→c"), "a\r\nb\r\nc");
});

test("anything else is left as it is", () => {
  for (const text of ["", "a", "12\ta", "a\nb", "a\n13\tb\nc", "a\n13 b", "a\n13\tb\n"]) {
    assert.equal(withoutLineNumbers(text), text);
  }
});

test("one number is taken off a line, not two", () => {
  assert.equal(withoutLineNumbers("a\n2\t7\tb"), "a\n7\tb");
});

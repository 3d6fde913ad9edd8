import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeExact, escapeLine, escapeUntrusted } from "./escape.ts";

test("what steers a terminal becomes visible", () => {
  assert.equal(escapeUntrusted("\u001b[31mred\u001b[0m \u009b2J \u0007"), "␛[31mred␛[0m \\u{9b}2J ␇");
  assert.equal(escapeUntrusted("a\rb"), "a␍b");
  assert.equal(escapeUntrusted("\u007f"), "␡");
});

test("line feeds stay, the ends of lines become one, tabs become spaces", () => {
  assert.equal(escapeUntrusted("a\r\nb\tc"), "a\nb    c");
  assert.equal(escapeLine("a\nb"), "a⏎b");
  assert.equal(escapeExact("a\tb\rc"), "a␉b␍c");
});

test("what hides or reorders text becomes its code point", () => {
  for (const character of [
    "\u202e",
    "\u2066",
    "\u200b",
    "\u{e0041}",
    "\u00ad",
    "\ufeff",
    "\u3164",
    "\u2028",
    "\ud800",
  ]) {
    assert.match(escapeUntrusted(`a${character}b`), /^a\\u\{[0-9a-f]+\}b$/, character);
  }
});

test("joiners stay in emoji and in scripts that join, and nowhere else", () => {
  for (const text of ["👨‍👩‍👧", "👩🏽‍💻", "می‌خواهم"]) assert.equal(escapeUntrusted(text), text);
  assert.equal(escapeUntrusted("rm\u200d -rf"), "rm\\u{200d} -rf");
  assert.equal(escapeUntrusted("pass\u200cword"), "pass\\u{200c}word");
});

test("a pile of marks is cut, so that it cannot draw over other lines", () => {
  assert.equal(escapeUntrusted(`e${"\u0301".repeat(50)}x`), `e${"\u0301".repeat(6)}x`);
});

test("what has passed once passes unchanged", () => {
  const text = "\u001b[2J\u202e\u200b\ta\u0301 中文 👨‍👩‍👧 \r\n\ud800";
  assert.equal(escapeUntrusted(escapeUntrusted(text)), escapeUntrusted(text));
});

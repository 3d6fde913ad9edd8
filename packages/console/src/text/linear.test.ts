import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../words/en.ts";
import { line, plainText, span } from "./line.ts";
import { createLinear } from "./linear.ts";

test("each event is a line with a word before it; empty lines, bars and indents are gone", () => {
  const linear = createLinear(en.reader);
  const indent = span("  ");
  const shown = linear
    .lines([
      [],
      [span("❯ ", "accent"), span("mend it", "user")],
      [],
      [indent, span("I look.")],
      [indent, span("Then I mend.")],
      [span("● ", "good"), span("Read"), span(" a.ts")],
      [span("● ", "bad"), span("Bash"), span(" npm test")],
      [indent, indent, span("failed")],
      [span("│ ", "warning"), span("rm -r x")],
      [span("✓ ", "good"), span("2 s")],
      line("Which?"),
    ])
    .map(plainText);
  assert.deepEqual(shown, [
    `${en.reader.user}: mend it`,
    `${en.reader.model}: I look.`,
    "Then I mend.",
    `${en.reader.call}: Read a.ts`,
    `${en.reader.failed}: Bash npm test`,
    "  failed",
    "rm -r x",
    `${en.reader.done}: 2 s`,
    "Which?",
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createPaint } from "../print/style.ts";
import { en } from "../words/en.ts";
import { formatChange, formatItem, formatLoss } from "./show-trust.ts";

const paint = createPaint(false);
const item = { kind: "hook", name: "Stop", path: "/w/.claude/settings.json", text: "echo a" } as const;

test("what cannot be seen is written out, and nothing steers the terminal", () => {
  const text = "rm \u202Ex\u200B\rsafe\u001B[2K";
  assert.equal(
    formatItem({ ...item, name: "a\u0007", text }, "/w", paint),
    "hook a\\u{7}  .claude/settings.json\n    rm \\u{202e}x\\u{200b}␍safe\\u{1b}[2K\n",
  );
  const loss = { path: "p\n\u001B", subject: "s", why: "w" };
  assert.equal(formatLoss(loss), "  p␊\\u{1b}: s: w\n");
});

test("a change shows what was and what is, also where one of the two is nothing", () => {
  const options = { workspace: "/w", paint, words: en.trust };
  const changed = formatChange({ before: item, after: { ...item, text: "echo b" } }, options);
  assert.match(changed, /^hook Stop \(changed\) {2}\.claude\/settings\.json\n@@[^]*\n-echo a\n\+echo b\n$/);
  assert.match(formatChange({ before: undefined, after: item }, options), /\(new\)[^]*\n\+echo a\n$/);
  assert.match(formatChange({ before: item, after: undefined }, options), /\(gone\)[^]*\n-echo a\n$/);
});

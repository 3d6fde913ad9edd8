import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { createSteadying, withoutVolatile, type VolatilePolicy } from "./volatile.ts";

const billing = "x-anthropic-billing-header: cc_version=2.1.29.a1; cc_entrypoint=cli; cch=0f3a;";

test("a telemetry line goes whatever it holds, and the lines around it stay", () => {
  const { text, counts } = first(`${billing}\nYou are an agent.\n`);
  assert.equal(text, "You are an agent.\n");
  assert.deepEqual(counts, { mark: 1 });
  assert.equal(first(`Say ${billing} when asked.`).text, `Say ${billing} when asked.`);
});

const dated = [
  ["Today's date: 2026-11-21", "Today's date: 2026-11-22"],
  ["Today's date is Saturday, November 21, 2026.", "Today's date is Sunday, November 22, 2026."],
  ["  - Current time: 09:15:01", "  - Current time: 09:17:44"],
  ["The current date is 21 November 2026", "The current date is 22 November 2026"],
  ["<current_date>2026-11-21</current_date>", "<current_date>2026-11-22</current_date>"],
  ["<env>Date: Sat Nov 21 2026</env>", "<env>Date: Sun Nov 22 2026</env>"],
  ["Today is 2026-11-21", "Today is 2026-11-22"],
  ["当前日期：2026年11月21日", "当前日期：2026年11月22日"],
  ["今天是2026年11月21日", "今天是2026年11月22日"],
] as const;

test("a date keeps its first value of the conversation, at the beginning, the end and in the middle of a text", () => {
  for (const [before, after] of dated) {
    for (const frame of ["%", "%\nGo on.", "You are an agent.\n%\nGo on.", "You are an agent.\n%"]) {
      const frozen = new Map<string, string>();
      const today = createSteadying("freeze", frozen).head(frame.replace("%", before));
      const tomorrow = createSteadying("freeze", frozen);
      assert.equal(today, frame.replace("%", before));
      assert.equal(tomorrow.head(frame.replace("%", after)), today, before);
      assert.deepEqual(tomorrow.counts, { date: 1 });
    }
  }
});

test("two dates of the same name are two dates, and another conversation has its own", () => {
  const frozen = new Map<string, string>();
  const text = "Date: 2026-11-21\nthen\nDate: 2025-01-01\n";
  assert.equal(createSteadying("freeze", frozen).head(text), text);
  const later = text.replaceAll("-", "/");
  assert.equal(createSteadying("freeze", frozen).head(later), text);
  assert.equal(createSteadying("freeze", new Map()).head(later), later);
});

test("prose with a year in it is no date line", () => {
  for (const text of [
    "Time spent on 2026 budgets is not billed.",
    "Update: 2026 is a year.",
    "Use dates such as 2026-11-21 in file names.",
    "The date: format it as YYYY-MM-DD.",
    "Timeout: 1000:00 ms",
    "A lifetime: 2026-01-01 and later",
  ]) {
    const { text: same, counts } = first(text, "remove");
    assert.equal(same, text);
    assert.deepEqual(counts, {});
  }
});

test("`remove` takes the date lines too, and `keep` touches nothing", () => {
  const text = `${billing}\nToday's date: 2026-11-21\nGo\u200B on.\n`;
  assert.equal(first(text, "remove").text, "Go on.\n");
  assert.deepEqual(first(text, "keep"), { text, counts: {} });
});

test("marks in characters nobody sees are made plain: apostrophes, blanks, zero width, tags, selectors", () => {
  const plain = "Today's date: 2026-11-21";
  for (const marked of [
    "Today\u2019s date: 2026-11-21",
    "Today\u02BCs date: 2026-11-21",
    "Today\uFF07s date: 2026-11-21",
    "Today's\u00A0date:\u202F2026-11-21",
    "Today's da\u200Bte: 20\uFE0126-11-21",
    "Today's date: 2026\uFE0F-11-21",
    "\uFEFFToday's date:\u{E0041}\u{E0042} 2026-11-21",
    "Today's date: 2026\u2060-11\u00AD-21",
  ]) {
    const { text, counts } = first(marked);
    assert.equal(text, plain, JSON.stringify(marked));
    assert.ok((counts.invisible ?? 0) > 0);
  }
});

test("pictures, keycaps, quotes and the scripts that need joiners stay as they are", () => {
  for (const text of ["👩‍💻 ❤️ 🏳️‍🌈 1️⃣", "‘quoted’ and “quoted”", "می‌خواهم", "क्‍ष", "plain ASCII `code`"]) {
    assert.deepEqual(first(text), { text, counts: {} }, text);
  }
});

test("a conversation is known again whatever its dates and marks are", () => {
  const said = (date: string, cch: string): unknown =>
    withoutVolatile([{ text: `x-anthropic-billing-header: cch=${cch};\nToday's date: ${date}\nWork.` }]);
  assert.deepEqual(said("2026-11-21", "1"), said("2026-11-22", "2"));
});

test("a hostile prompt of any length comes to an end", () => {
  const texts = [
    "today's date is ",
    "x-a-billing-header",
    "<aaaaaaaaaaaaaaaaaaaaaaaaa",
    "date: 2026 ",
    "\u2019a",
    "time :",
  ];
  for (const text of texts) {
    const long = text.repeat(400_000 / text.length);
    neverHangs(text, () => [first(long), first(long.replaceAll(" ", "\n"))]);
  }
});

function first(
  text: string,
  policy: VolatilePolicy = "freeze",
): { text: string; counts: object & { invisible?: number } } {
  const steadying = createSteadying(policy, new Map());
  return { text: steadying.head(text), counts: steadying.counts };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Input } from "../edit/keys.ts";
import { createTheme } from "../screen/theme.ts";
import { createVirtualTerminal } from "../screen/virtual-terminal.ts";
import { fitLine, line, linesOf, plainText, span, type Line } from "../text/line.ts";
import { graphemes } from "../text/width.ts";
import { en } from "../words/en.ts";
import { createFullScreen, type FullScreen } from "./full-screen.ts";
import { createRoll, type Roll } from "./roll.ts";

const theme = createTheme("plain", 0);
const bottom = { lines: [[], line("---"), line("> write")], cursor: { row: 2, column: 2 } };

interface Stage {
  readonly roll: Roll;
  readonly full: FullScreen;
  /** Blocks that were drawn since the last time. */
  readonly drawn: () => number;
  readonly press: (...keys: readonly string[]) => boolean;
  readonly mouse: (what: "press" | "wheel-up" | "wheel-down", row?: number) => void;
  readonly screen: (live?: readonly Line[]) => string;
  /** Bytes of the next frame. */
  readonly frame: (live?: readonly Line[]) => string;
  /** How often another picture was asked for. */
  readonly wanted: () => number;
}

function open(columns = 40, rows = 13): Stage {
  const terminal = createVirtualTerminal(columns, rows);
  const roll = createRoll();
  let drawn = 0;
  let wanted = 0;
  const block: Roll["block"] = (number) => {
    const found = roll.block(number);
    if (found === undefined) return undefined;
    return { ...found, lines: (wide) => ((drawn += 1), found.lines(wide)) };
  };
  const counted: Roll = Object.assign(Object.create(roll) as Roll, { block });
  const full = createFullScreen(counted, en, () => (wanted += 1));
  const frame = (live: readonly Line[] = []): string => full.draw({ live, bottom, columns, rows, theme });
  const give = (input: Input): boolean =>
    full.input(input, { hasDialog: false, hasPanel: false, isEmpty: true, isOwn: false });
  const screen = (live?: readonly Line[]): string => {
    terminal.write(frame(live));
    return terminal.screen();
  };
  return {
    ...{ roll, full, frame, screen },
    drawn: () => {
      const now = drawn;
      drawn = 0;
      return now;
    },
    press: (...keys) => {
      screen();
      const named = (key: string): Input =>
        graphemes(key).length === 1 ? { kind: "text", text: key } : { kind: "key", key };
      const taken = keys.map((key) => give(named(key)));
      return taken.every(Boolean);
    },
    mouse: (what, row = 0) => {
      screen();
      give({ kind: "mouse", what, row, column: 3 });
    },
    wanted: () => wanted,
  };
}

function add(roll: Roll, text: string, unfolded?: string): void {
  roll.add({
    lines: () => [[], ...linesOf(text)],
    chars: text.length,
    ...(unfolded === undefined ? {} : { unfolded: () => [[], ...linesOf(unfolded)] }),
  });
}

test("it follows the end, stays where one reads, counts what is below, and escape goes back", () => {
  const { roll, screen, press, mouse } = open();
  for (let index = 0; index < 30; index++) add(roll, `message ${index}`);
  assert.match(
    screen(),
    /message 25\n\nmessage 26\n\nmessage 27\n\nmessage 28\n\nmessage 29\n\n---\n> write$/,
  );
  mouse("wheel-up");
  const before = screen();
  assert.match(before, /message 27\n\n {2}↓ 3 more lines · [^\n]*\n---/);
  add(roll, "one more\nand another");
  assert.equal(screen(), before.replace("3 more", "6 more"));
  press("pageup", "pageup");
  assert.match(screen(), /↓ 22 more lines/);
  press("ctrl+home");
  assert.match(screen(), /^\nmessage 0\n/);
  assert.equal(press("escape"), true);
  assert.match(screen(), /and another\n\n---/);
  assert.equal(press("escape"), false);
});

test("what it was at is below what was said, and what was said before the screen was cleared is above", () => {
  const { roll, screen, press } = open();
  for (let index = 0; index < 30; index++) add(roll, `message ${index}`);
  roll.turnPage();
  assert.match(screen([[], line("working")]), /^\nworking\n+---/);
  add(roll, "new");
  assert.match(screen([line("working")]), /^\nnew\nworking\n+---/);
  press("pageup");
  assert.match(screen(), /message 25\n[^]*message 26\n/);
  press("ctrl+end");
  assert.doesNotMatch(screen(), /message/);
});

test("a block opens at its place by a click or by keys, and closes by its first line alone", () => {
  const { roll, screen, press, mouse } = open();
  add(roll, "before");
  add(roll, "● tool", "● tool\nall 1\nall 2\nall 3");
  for (let index = 0; index < 3; index++) add(roll, `message ${index}`);
  const rowOf = (text: string): number => screen().split("\n").indexOf(text);
  const row = rowOf("● tool");
  mouse("press", row);
  assert.match(screen(), /● tool\nall 1\nall 2\nall 3\n/);
  assert.equal(rowOf("● tool"), row);
  mouse("press", row + 2);
  assert.match(screen(), /all 2/);
  mouse("press", row);
  assert.doesNotMatch(screen(), /all 2/);
  press("escape");
  assert.equal(press("enter"), false);
  press("alt+up");
  assert.equal(press("enter"), true);
  assert.match(screen(), /● tool\nall 1/);
});

test("a search goes upwards first, marks every match, and finds what was wrapped and what is wide", () => {
  const { roll, screen, press } = open(20);
  add(roll, "The Needle is here");
  add(roll, "长长的中文长长的中文\n里有一根针");
  for (let index = 0; index < 10; index++) add(roll, `message ${index}`);
  add(roll, "a needle\nneed\nle");
  for (let index = 10; index < 20; index++) add(roll, `message ${index}`);
  screen();
  press("ctrl+f");
  for (const letter of "NEEDLE") press(letter);
  assert.match(screen(), /a needle\n/);
  assert.match(screen(), /search: NEEDLE▏/);
  press("enter", "n");
  assert.match(screen(), /The Needle is here/);
  press("N");
  assert.match(screen(), /a needle\n/);
  press("escape");
  press("/");
  for (const letter of "中文里有") press(letter);
  assert.match(screen(), /长长的中\n文\n里有一根针/);
  press("backspace", "x");
  assert.match(screen(), /search: 中文里x▏…/);
  press("escape", "escape");
  assert.match(screen(), /message 19/);
});

test("a match keeps whole characters together, over spans and rows", async () => {
  const { createSearch } = await import("./search.ts");
  const { createSheet } = await import("./sheet.ts");
  const roll = createRoll();
  const rows = [line(span("ab e\u0301e", "code"), span("👩‍💻 cd", "text")), line(span("  ef gh"))];
  roll.add({ lines: () => rows, chars: 0 });
  const sheet = createSheet(roll);
  sheet.setColumns(40);
  const search = createSearch(sheet);
  const found = (query: string): string[] => {
    search.type(query, 0);
    const mark = search.marker();
    return rows.map((row, index) =>
      mark({ block: 0, row: index }, row)
        .map(({ text, style }) => (style === "found" ? `[${text}]` : style === "match" ? `(${text})` : text))
        .join(""),
    );
  };
  assert.deepEqual(found("B E"), ["a[b e\u0301]e👩‍💻 cd", "  ef gh"]);
  assert.deepEqual(found("👩"), ["ab e\u0301e[👩‍💻] cd", "  ef gh"]);
  assert.deepEqual(found("cd ef"), ["ab e\u0301e👩‍💻 [cd]", "  [ef] gh"]);
  assert.deepEqual(found("x"), ["ab e\u0301e👩‍💻 cd", "  ef gh"]);
  assert.equal(search.isFound, false);
  assert.deepEqual(found("e"), ["ab (e\u0301)(e)👩‍💻 cd", "  [e]f gh"]);
});

test("however it was reached, a picture is the one that would be drawn from nothing", () => {
  let seed = 5;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const { roll, screen, press, mouse, full } = open(30, 14);
  const word = (): string => ["word", "中文", "e\u0301", "👩‍💻", "needle", ""][random(6)] ?? "";
  const keys = ["pageup", "pagedown", "alt+up", "enter", "ctrl+f", "n", "e", "escape", "ctrl+home"];
  for (let step = 0; step < 600; step++) {
    const text = Array.from({ length: 1 + random(4) }, () => `${word()} ${step}`).join("\n");
    const what = random(9);
    if (what < 3) add(roll, text, what === 0 ? `${text}\nmore\nand more` : undefined);
    else if (what === 3) mouse(random(2) === 0 ? "wheel-up" : "wheel-down");
    else if (what === 4) mouse("press", random(14));
    else press(keys[random(9)] ?? "");
    const live = random(3) === 0 ? [line(`live ${step}`)] : [];
    const reached = screen(live);
    full.reset();
    assert.equal(screen(live), reached, `step ${step}`);
  }
});

test("of 2,000 messages a frame draws those that are seen, and scrolling those that come", () => {
  const { roll, screen, press, drawn, frame } = open(80, 50);
  for (let index = 0; index < 2000; index++) add(roll, `message ${index}\nand more`);
  screen();
  assert.ok(drawn() < 60);
  add(roll, "one more");
  assert.ok(frame().length < 400, "what scrolled was written again");
  assert.ok(drawn() < 4);
  press("pageup");
  screen();
  assert.ok(drawn() < 40);
  screen();
  assert.equal(drawn(), 0);
  press("ctrl+home");
  assert.match(screen(), /↓ ≈\d+(?:\.\d)?k more lines/);
  assert.ok(drawn() < 60);
});

test("a search through much goes on from picture to picture, and what is not there is said at the end", () => {
  const { roll, screen, press, drawn, wanted } = open(60);
  for (let index = 0; index < 2000; index++) add(roll, index === 3 ? "a needle" : `message ${index}`);
  screen();
  drawn();
  press("ctrl+f", "e", "e", "d");
  assert.ok(drawn() < 320);
  assert.match(screen(), /message 1999[^]*search: eed▏\n/);
  for (let pictures = 0; pictures < 25; pictures++) screen();
  assert.ok(wanted() >= 10);
  assert.match(screen(), /a needle\n[^]*search: eed▏\n/);
  press("x");
  assert.match(screen(), /search: eedx▏ {2}not found\n/);
  press("enter", "escape", "escape");
  assert.match(screen(), /message 1999\n/);
});

test("the roll is bounded: the oldest gives way, and one who reads it is taken along", () => {
  const { roll, screen, press } = open();
  add(roll, "first");
  press("ctrl+home");
  for (let index = 0; index < 7000; index++) add(roll, `message ${index}`);
  assert.ok(roll.end - roll.first <= 6000);
  press("ctrl+home");
  assert.match(screen(), new RegExp(`^\\nmessage ${roll.first - 1}\n`));
  const large = createRoll();
  for (let index = 0; index < 100; index++) {
    large.add({ lines: () => [line("x")], chars: 1_000_000 });
    assert.ok(large.end - large.first <= 8);
  }
});

test("what is printed on leaving begins where it was entered, and says when that is too much", () => {
  const { roll, full } = open();
  for (let index = 0; index < 20; index++) add(roll, `message ${index}`);
  const printed = (from: number, linesMax: number): string[] =>
    full.printed(from, 40, linesMax).map(plainText);
  assert.deepEqual(printed(18, 100), ["", "message 18", "", "message 19"]);
  assert.deepEqual(printed(0, 3), [en.full.leftOut, "message 18", "", "message 19"]);
  assert.equal(fitLine([span(en.full.leftOut)], 79).at(0)?.text, en.full.leftOut);
});

test("a text that grows is drawn anew for another width, and is whole when it is said", () => {
  const { roll, screen } = open();
  roll.beginText();
  roll.growText([line("one")], 39, true);
  assert.match(screen(), /^one\n/);
  roll.growText([line("two")], 39, false);
  assert.match(screen(), /^one\ntwo\n/);
  roll.endText({ lines: () => [line("whole")], chars: 5 }, [line("three")]);
  assert.match(screen(), /^one\ntwo\nthree\n/);
  const other = createRoll();
  other.beginText();
  other.growText([line("one")], 39, true);
  other.rest();
  assert.equal(other.textColumns, undefined);
  other.endText({ lines: () => [line("whole")], chars: 5 }, []);
  assert.deepEqual(other.block(0)?.lines(39).map(plainText), ["whole"]);
});

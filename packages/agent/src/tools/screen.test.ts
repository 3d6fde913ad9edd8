import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { createScreen, type Screen } from "./screen.ts";

function shown(...pieces: string[]): string {
  const screen = open();
  for (const piece of pieces) screen.write(piece);
  return screen.show();
}

function open(replies: string[] = []): Screen {
  return createScreen({ columns: 10, rows: 4, charsMax: 30, reply: (text) => replies.push(text) });
}

test("lines, carriage returns, tabs and steps back show what a person would see", () => {
  assert.equal(shown("one\r\ntwo\rT\r\na\tb\r\nxy\bz"), "one\nTwo\na       b\nxz");
  assert.equal(shown("10%\r50%\r100%\r\n"), "100%");
});

test("colours, titles and marks are left out, wherever the stream is cut", () => {
  const text = "\u001b[1;31mred\u001b[0m\u001b]0;a title\u0007 \u001b(Bx\u001b[?2004h\u001b[>4;1m.";
  for (let cut = 0; cut <= text.length; cut++) {
    const [before, after] = [text.slice(0, cut), text.slice(cut)];
    assert.equal(shown(before, after), "red x.", `cut at ${cut}`);
  }
});

test("a line that is longer than the screen is told as one line, also when it has left the screen", () => {
  const screen = open();
  screen.write("0123456789ab\r\nc\r\n0123456789ab\u001b[2K\r\nd");
  assert.equal(screen.show(), "0123456789ab\nc\n0123456789\nd");
  screen.write("\u001b[?1049h\u001b[H0123456789ab");
  assert.match(screen.show(), /0123456789\nab/);
  assert.equal(shown("0123456789ab\u001b[1;5H\u001b[K"), "0123\nab");
});

test("wide characters take two places, and what is drawn over is gone", () => {
  assert.equal(shown("0123456789ab\r\u001b[AX"), "X123456789ab");
  assert.equal(shown("中文中文中文\r\u001b[AX"), "X文中文中文");
  assert.equal(
    shown("menu\r\n> one\r\n  two\u001b[2A\u001b[3G--\u001b[1;1HMENU\u001b[K\u001b[2;1H\u001b[2K"),
    "MENU\n\n  two",
  );
});

test("lines that leave the screen are kept until forgotten, the newest of them", () => {
  const screen = open();
  screen.write("a\r\nb\r\nc\r\nd\r\ne\r\nf");
  assert.equal(screen.show(), "a\nb\nc\nd\ne\nf");
  screen.forget();
  assert.equal(screen.show(), "c\nd\ne\nf");
  for (let n = 0; n < 100; n++) screen.write(`\r\n${n}`);
  assert.ok(screen.show().length < 60);
  assert.match(screen.show(), /99$/);
});

test("a program with the whole screen leaves it as it was", () => {
  assert.equal(shown("$ vi\r\n\u001b[?1049h\u001b[2J\u001b[H~\r\n~\u001b[?1049l$ "), "$ vi\n$");
});

test("a scroll region moves alone, lines and characters are put in and taken out", () => {
  assert.equal(shown("h\r\na\r\nb\r\nf\u001b[2;3r\u001b[3;1H\nc"), "h\nb\nc\nf");
  assert.equal(shown("a\r\nb\u001b[1;1H\u001b[Lx"), "x\na\nb");
  assert.equal(shown("a\r\nb\u001b[1;1H\u001b[M"), "b");
  assert.equal(shown("abc\u001b[1;2H\u001b[P\u001b[@-"), "a-c");
  assert.equal(shown("b\u001b[1;1H\u001bMa"), "a\nb");
});

test("who asks where the cursor is gets an answer", () => {
  const replies: string[] = [];
  open(replies).write("ab\r\nc\u001b[6n");
  assert.deepEqual(replies, ["\u001b[2;2R"]);
});

test("nothing that a program prints can break or stop it", () => {
  const hostile = [
    "\u001b[999999999999C\u001b[999999999L\u001b[99999999@\u001b[9999999P\u001b[99999999S\u001b[99999999T\u001b[9;1r\u001b[0;0H",
    "\u001b[" + ";".repeat(100_000),
    "\u001b]" + "x".repeat(100_000),
    "\u001bP".repeat(10_000),
    "\ud83d".repeat(10),
    "\u001b[-1;-1H\u001b[;H\u001b[1;99999H中",
    "\u0000\u0007\u007f\u009b31m",
  ];
  const screen = open();
  for (const text of hostile) neverHangs(text, () => screen.write(text));
  let seed = 7;
  for (let n = 0; n < 20_000; n++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    screen.write(
      ["\u001b[", `${seed % 30}`, ";", "HABCDJKLMPSTr@X"[seed % 15] ?? "", "a中", "\r\n", "\u001bM"][
        seed % 7
      ] ?? "",
    );
  }
  // Four lines of ten columns, their breaks, and what left the screen.
  assert.ok(screen.show().length <= 4 * 11 + 30);
});

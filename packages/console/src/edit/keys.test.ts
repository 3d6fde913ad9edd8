import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { createKeyDecoder, type Input } from "./keys.ts";

const decode = (...pieces: readonly string[]): Input[] => {
  const decoder = createKeyDecoder();
  return pieces.flatMap((piece) => decoder.feed(piece));
};
const keys = (...pieces: readonly string[]): string[] =>
  decode(...pieces).map((input) =>
    input.kind === "key" ? input.key : `${input.kind}:${"text" in input ? input.text : ""}`,
  );

test("keys have names, as xterm, kitty and modifyOtherKeys send them", () => {
  const sent: Readonly<Record<string, string>> = {
    "\r": "enter",
    "\n": "ctrl+j",
    "\t": "tab",
    "\u007f": "backspace",
    "\u0003": "ctrl+c",
    "\u001f": "ctrl+_",
    "\u001b[A": "up",
    "\u001bOB": "down",
    "\u001b[1;5D": "ctrl+left",
    "\u001b[1;3C": "alt+right",
    "\u001b[3~": "delete",
    "\u001b[5;5~": "ctrl+pageup",
    "\u001b[Z": "shift+tab",
    "\u001b\r": "alt+enter",
    "\u001bb": "alt+b",
    "\u001b\u007f": "alt+backspace",
    "\u001b[13;2u": "shift+enter",
    "\u001b[27;2;13~": "shift+enter",
    "\u001b[99;5u": "ctrl+c",
    "\u001b[27u": "escape",
  };
  for (const [bytes, key] of Object.entries(sent)) {
    assert.deepEqual(keys(bytes), [key], JSON.stringify(bytes));
  }
});

test("a sequence cut anywhere is the same key", () => {
  for (let at = 1; at < 6; at++) {
    assert.deepEqual(keys("\u001b[1;5D".slice(0, at), "\u001b[1;5D".slice(at)), ["ctrl+left"]);
  }
});

test("an escape alone is the key when nothing follows", () => {
  const decoder = createKeyDecoder();
  assert.deepEqual(decoder.feed("\u001b"), []);
  assert.equal(decoder.isWaiting, true);
  assert.deepEqual(decoder.flush(), [{ kind: "key", key: "escape" }]);
  assert.equal(decoder.isWaiting, false);
});

test("text is text, whatever the language", () => {
  assert.deepEqual(keys("héllo 中文 👩‍💻"), ["text:héllo 中文 👩‍💻"]);
});

test("a paste is one text, cut anywhere, and its controls press no keys", () => {
  const whole = "\u001b[200~one\r\ntwo\u0003\u001b[A\u001b[201~x";
  for (let at = 1; at < whole.length; at++) {
    const decoder = createKeyDecoder();
    const [paste] = [...decoder.feed(whole.slice(0, at)), ...decoder.feed(whole.slice(at))];
    assert.deepEqual(paste, { kind: "paste", text: "one\ntwo\u0003\u001b[A" }, `cut at ${at}`);
  }
});

test("10 MB in pieces of 4 kB are one paste", () => {
  const decoder = createKeyDecoder();
  const piece = "x".repeat(4095) + "\n";
  const [paste] = neverHangs("10 MB in pieces", () => {
    decoder.feed("\u001b[200~");
    for (let index = 0; index < 2560; index++) decoder.feed(piece);
    return decoder.feed("\u001b[201~");
  });
  assert.ok(paste?.kind === "paste" && paste.text.length === 2560 * 4096);
});

test("the mouse is a press or the wheel, with its place; a button that is let go and nonsense are nothing", () => {
  const mouse = (text: string): unknown[] => [...createKeyDecoder().feed(text)];
  assert.deepEqual(mouse("\u001b[<0;4;300M\u001b[<0;4;300m\u001b[<64;1;1M\u001b[<65;1;1M"), [
    { kind: "mouse", what: "press", row: 299, column: 3 },
    { kind: "mouse", what: "wheel-up", row: 0, column: 0 },
    { kind: "mouse", what: "wheel-down", row: 0, column: 0 },
  ]);
  assert.deepEqual(mouse("\u001b[<0M\u001b[<0;0;1M\u001b[<2;1;1M\u001b[<0;1;1:2M\u001b[<;;M"), []);
});

test("answers of the terminal and broken sequences press no keys", () => {
  assert.deepEqual(keys("\u001b[?1u", "\u001b[?62;4c", "a"), ["text:a"]);
  assert.deepEqual(
    keys(`\u001b[${"1;".repeat(60)}`, "x")
      .at(-1)
      ?.endsWith("x"),
    true,
  );
});

test("a long paste says how many lines it has, wherever its pieces and its line ends were cut", () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}`);
  for (const end of ["\r", "\r\n", "\n"]) {
    const sent = `\u001b[200~${lines.join(end)}${end}\u001b[201~`;
    const pieces = sent.match(/[^]{1,97}/gu) ?? [];
    const [paste, ...more] = decode(...pieces);
    assert.deepEqual(more, []);
    assert.ok(paste?.kind === "paste");
    assert.equal(paste.text, `${lines.join("\n")}\n`, JSON.stringify(end));
    assert.equal(paste.lines, lines.length + 1, JSON.stringify(end));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { findSecrets } from "./find.ts";
import { unescaped } from "./views.ts";

const token = "gh" + "p_" + "a1B2c3D4e5F6".repeat(3);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

function found(text: string): string[] {
  return findSecrets(text).map(({ start, end }) => text.slice(start, end));
}

test("every character of a view leads back to the piece it comes from", () => {
  const text = "a\\u0062%63&#100;&quot;\u200bf\u200bｇ𝐡i";
  const view = unescaped(text);
  assert.equal(view?.text, 'abcd"fghi');
  const pieces = (view?.text ?? "").split("").map((_char, at) => {
    const { start, end } = view?.toSource(at, at + 1) ?? { start: 0, end: 0 };
    return text.slice(start, end);
  });
  assert.deepEqual(pieces, ["a", "\\u0062", "%63", "&#100;", "&quot;", "f", "ｇ", "𝐡", "i"]);
  assert.deepEqual(view?.toSource(0, 9), { start: 0, end: text.length });
});

test("a text without escapes has no view, and control characters stay escaped", () => {
  for (const text of ["plain", "\\n \\u000a 100% %zz &x; \\ufeff \\d", "密码：，。"]) {
    assert.equal(unescaped(text), undefined, text);
  }
});

test("a secret is found behind each of the encodings, with its borders in the original", () => {
  const middle = Math.floor(token.length / 2);
  for (const hidden of [
    `\\u0067${token.slice(1)}`,
    `%67${token.slice(1)}`,
    `&#103;${token.slice(1)}`,
    `${token.slice(0, middle)}\u200b${token.slice(middle)}`,
    token.replace("1", "１"),
    base64(`export T=${token}\n`),
    base64(base64(`export T=${token}\n`)),
    base64(`{"t":"\\u0067${token.slice(1)}"}`),
  ]) {
    assert.deepEqual(found(`before ${hidden} after`), [hidden], hidden);
  }
});

test("base64 in lines is read as one", () => {
  const blob = base64(`${"x".repeat(70)}\npassword=${"Tr0ub4dor" + "&3x"}\n${"y".repeat(40)}`);
  const wrapped = blob.replace(/.{64}/g, "$&\n  ");
  assert.deepEqual(found(`data: ${wrapped}\nnext: 1\n`), [wrapped]);
});

test("encodings are undone three times, and no more", () => {
  let text = `export T=${token}\n`;
  for (let depth = 0; depth < 3; depth++) text = base64(text);
  assert.equal(found(text).length, 1);
  assert.equal(found(base64(text)).length, 0);
});

test("base64 of pictures and of ordinary text is left alone", () => {
  assert.deepEqual(found(base64("just an ordinary text about nothing in particular")), []);
  assert.deepEqual(
    found(Buffer.from(Array.from({ length: 900 }, (_, at) => (at * 7919) % 256)).toString("base64")),
    [],
  );
});

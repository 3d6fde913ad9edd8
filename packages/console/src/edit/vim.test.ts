import assert from "node:assert/strict";
import { test } from "node:test";
import { createEditor } from "./editor.ts";
import { createKeyDecoder } from "./keys.ts";
import { createVim } from "./vim.ts";

/** The text after these keys, with `|` where the cursor is. Escape is `␛`. */
function after(text: string, keys: string): string {
  const editor = createEditor(() => "");
  const vim = createVim(editor);
  const decoder = createKeyDecoder();
  const press = (key: string): void => {
    for (const one of [...decoder.feed(key === "␛" ? "\u001b" : key), ...decoder.flush()]) {
      if (vim.input(one)) continue;
      if (one.kind === "text") editor.insert(one.text);
      if (one.kind === "key" && one.key === "backspace") editor.run("delete-left");
    }
  };
  editor.insert(text);
  for (const key of `␛${keys}`) press(key);
  const { text: now, cursor } = editor;
  return `${now.slice(0, cursor)}|${now.slice(cursor)}`;
}

const cases: readonly (readonly [name: string, text: string, keys: string, expected: string])[] = [
  ["motions by words and in the line", "one two.three four", "0wwe", "one two.thre|e four"],
  ["a count before a motion", "one two three", "02w", "one two |three"],
  ["back by words", "one two three", "bb", "one |two three"],
  ["find and until", "a(b, c)", "0f,", "a(b|, c)"],
  ["delete until", "a(b, c)", "0dt)", "|)"],
  ["delete a word", "one two three", "0dw", "|two three"],
  ["counts multiply", "a b c d e f g", "02d2w", "|e f g"],
  ["change a word leaves the blank", "one two", "0cwnew␛", "ne|w two"],
  ["delete lines", "a\nb\nc", "kdd", "a\n|c"],
  ["the last line takes the end before it", "a\nb", "dd", "|a"],
  ["two lines", "a\nb\nc\nd", "gg2dd", "|c\nd"],
  ["to the end", "one two", "0wD", "one| "],
  ["characters, put back behind", "abc", "0xp", "b|ac"],
  ["lines, copied and put", "a\nb", "ggyyp", "a\n|a\nb"],
  ["undo", "one two", "0dwu", "|one two"],
  ["again", "one two three", "0dw.", "|three"],
  ["a change again, with what was written", "one two", "0cwX␛w.", "X |X"],
  ["writing again", "b", "Ia␛.", "|aab"],
  ["over a selection", "one two three", "0wved", "one | three"],
  ["new lines", "a", "ox␛Oy␛", "a\n|y\nx"],
  ["replace and case", "abc", "0rXl~", "XB|c"],
  ["wide characters are one", "漢字👩‍💻x", "0lx", "漢|👩‍💻x"],
  ["what it does not know does nothing", "abc", "0ZQ!m", "|abc"],
];

for (const [name, text, keys, expected] of cases) {
  test(`vi: ${name}`, () => assert.equal(after(text, keys), expected));
}

test("vi: keys that come in one piece are the same as one by one", () => {
  const editor = createEditor(() => "");
  const vim = createVim(editor);
  editor.insert("one two three");
  vim.input({ kind: "key", key: "escape" });
  for (const text of ["0wcwwow", "x"]) vim.input({ kind: "text", text });
  assert.equal(editor.text, "one wow three");
  assert.equal(vim.mode, "insert");
});

test("vi: whatever is typed, the cursor stays in the text and on a whole character", () => {
  let seed = 5;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  const keys = "hjklwbe0^$fxtxdcyppPuvo.iaIAOGgsSCDXY~r1234 ␛␛␛".split("");
  for (let round = 0; round < 300; round++) {
    const typed = Array.from({ length: 40 }, () => keys[random(keys.length)] ?? "").join("");
    const found = after("one two\n漢字 👩‍💻\n\nend.", typed);
    assert.ok(!/[\ud800-\udbff]\|[\udc00-\udfff]/.test(found), typed);
  }
});

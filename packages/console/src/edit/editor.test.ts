import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { createEditor, type EditAction, type Editor } from "./editor.ts";
import { viewEditor } from "./editor-view.ts";
import { plainText } from "../text/line.ts";

const open = (text = ""): Editor => {
  const editor = createEditor((lines, number) => `[${lines} lines #${number}]`);
  if (text !== "") editor.insert(text);
  return editor;
};
const run = (editor: Editor, ...actions: readonly EditAction[]): Editor => {
  for (const action of actions) editor.run(action);
  return editor;
};

test("the cursor moves by what a person sees as one character", () => {
  const editor = open("a👩‍💻e\u0301");
  assert.equal(run(editor, "left").cursor, 6);
  assert.equal(run(editor, "left").cursor, 1);
  assert.equal(run(editor, "delete-right").text, "ae\u0301");
});

test("words, lines and what was deleted can be moved over and put back", () => {
  const editor = open("one two\nthree");
  assert.equal(run(editor, "word-left", "delete-word-left").text, "one three");
  assert.equal(run(editor, "yank").text, "one two\nthree");
  assert.equal(run(editor, "line-end", "kill-to-start").text, "one two\n");
  assert.equal(run(editor, "line-up", "line-end", "kill-to-end").text, "one two");
});

test("undo takes back typed letters together and words one by one; redo brings them back", () => {
  const editor = open();
  for (const letter of "ab c") editor.insert(letter);
  assert.equal(run(editor, "undo").text, "ab ");
  assert.equal(run(editor, "undo", "undo").text, "");
  assert.equal(run(editor, "redo", "redo", "redo").text, "ab c");
});

test("a long paste stands as a placeholder, goes as one and is sent whole", () => {
  const long = "$& line\n".repeat(20).trimEnd();
  const editor = open("see ");
  editor.paste(long);
  assert.equal(editor.text, "see [20 lines #1]");
  assert.equal(editor.expand(), `see ${long}`);
  assert.equal(run(editor, "delete-left").text, "see ");
  editor.paste("short");
  assert.equal(editor.text, "see short");
});

test("a paste that comes back has its number again, another one of that size and one beside it have their own", () => {
  const [long, other] = ["line\n".repeat(20), "enil\n".repeat(20)];
  const editor = open();
  for (let times = 0; times < 3; times++) {
    editor.set("");
    editor.paste(long);
    assert.equal(editor.text, "[21 lines #1]");
  }
  editor.paste(long);
  assert.equal(editor.text, "[21 lines #1][21 lines #2]");
  assert.equal(editor.expand(), long + long);
  editor.set("");
  editor.paste(other);
  assert.equal(editor.expand(), other);
  run(editor, "undo", "undo");
  assert.equal(editor.expand(), long + long);
});

test("a paste of 10 MB is taken and sent whole", () => {
  const editor = open();
  const text = "line of text\n".repeat(800_000);
  neverHangs("a long paste", () => editor.paste(text));
  assert.equal(editor.text, "[800001 lines #1]");
  assert.equal(neverHangs("a long paste, sent", () => editor.expand()).length, text.length);
});

test("rows wrap, the cursor is where the next character goes, and only rows around it are shown", () => {
  const view = viewEditor(open("中文中文\nabc"), {
    columns: 8,
    rowsMax: 5,
    sign: { text: "❯ ", style: "accent" },
    signColumns: 2,
  });
  assert.deepEqual(view.rows.map(plainText), ["❯ 中文中", "  文", "  abc"]);
  assert.deepEqual(view.cursor, { row: 2, column: 5 });
  const long = viewEditor(open("1\n2\n3\n4\n5"), {
    columns: 8,
    rowsMax: 2,
    sign: { text: "❯ ", style: "accent" },
    signColumns: 2,
  });
  assert.deepEqual(long.rows.map(plainText), ["  4", "  5"]);
  assert.equal(long.cursor.row, 1);
});

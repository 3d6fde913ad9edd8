import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import { consoleWords } from "../words/words.ts";
import { createAttachments, type Attachments, type OpenedPicture } from "./attachments.ts";
import { createEditor, type EditAction, type Editor } from "./editor.ts";

const opened = (base64 = "AAAA"): OpenedPicture => ({
  picture: { kind: "bytes", base64, from: "clipboard" },
  ...{ width: 1280, height: 720, bytes: 240_000 },
});
const word = "[picture 1 · 1280×720 · 240.0 kB]";

interface Desk {
  readonly editor: Editor;
  readonly attachments: Attachments;
  readonly said: string[];
  /** Once all that was asked has been answered. */
  readonly settled: () => Promise<void>;
}

function openDesk(
  give: () => Promise<OpenedPicture> = () => Promise.resolve(opened()),
  open: (path: string) => Promise<OpenedPicture> = give,
): Desk {
  const editor = createEditor(() => "");
  const said: string[] = [];
  const attachments = createAttachments({
    source: { paste: give, open },
    directory: "/w",
    words: () => consoleWords("en"),
    editor: () => editor,
    trouble: (error) => said.push(String(error)),
    warn: (text) => said.push(text),
    changed: () => {},
  });
  return { editor, attachments, said, settled: () => new Promise((resolve) => void setImmediate(resolve)) };
}

const run = (editor: Editor, ...actions: readonly EditAction[]): Editor => {
  for (const action of actions) editor.run(action);
  return editor;
};

test("a pasted picture is one word of the line, and goes with the message that holds it", async () => {
  const { editor, attachments, settled } = openDesk();
  editor.insert("see ");
  attachments.paste?.();
  await settled();
  assert.equal(editor.text, `see ${word} `);
  const name = "picture 1";
  assert.deepEqual(attachments.with({ text: editor.expand() }).pictures, [{ ...opened().picture, name }]);
  assert.equal(attachments.with({ text: "without" }).pictures, undefined);
});

test("the word of a picture is moved over and deleted as one, whichever key does it", async () => {
  for (const action of ["delete-left", "delete-word-left"] as const) {
    const { editor, attachments, settled } = openDesk();
    editor.insert("see ");
    attachments.paste?.();
    await settled();
    assert.equal(run(editor, "delete-left", action).text, "see ", action);
    run(editor, "undo");
    assert.ok(editor.text.startsWith(`see ${word}`), action);
    editor.move(editor.text.trimEnd().length);
    assert.equal(run(editor, "left").cursor, 4);
    assert.equal(run(editor, "delete-right").text.trimEnd(), "see");
    run(editor, "undo", "line-end");
    assert.equal(run(editor, "word-left").cursor, 4);
    editor.move(6);
    assert.equal(editor.cursor, 4 + word.length);
    editor.replace(8, 9, "");
    assert.equal(editor.text.trimEnd(), "see");
  }
});

test("a picture whose word comes back from an earlier message is shown again", async () => {
  const { editor, attachments, settled } = openDesk();
  attachments.paste?.();
  await settled();
  const { text } = editor;
  editor.clear();
  editor.set(text);
  assert.equal(attachments.with({ text }).pictures?.length, 1);
  assert.equal(run(editor, "delete-left", "delete-left").text, "");
});

test("a word without its picture is said to be one", () => {
  const { attachments, said } = openDesk();
  assert.equal(attachments.with({ text: `as in ${word}` }).pictures, undefined);
  assert.match(said[0] ?? "", /\[picture 1 .*is not here any more/);
});

test("a second picture is another one, and of very many the first is let go", async () => {
  const { editor, attachments, said, settled } = openDesk();
  for (let count = 0; count < 21; count++) {
    attachments.paste?.();
    await settled();
  }
  assert.equal(attachments.with({ text: editor.expand() }).pictures?.length, 20);
  assert.equal(said.length, 1);
});

test("a key that is held down asks for one picture", async () => {
  let asked = 0;
  const { attachments, settled } = openDesk(() => {
    asked += 1;
    return Promise.resolve(opened());
  });
  attachments.paste?.();
  attachments.paste?.();
  await settled();
  assert.equal(asked, 1);
});

test("why there is no picture is said, and a path of nothing stays the text that it is", async () => {
  const fail = (code: string) => () => Promise.reject(new CloisterError("why", { code }));
  const nothing = openDesk(fail("no-picture"));
  nothing.attachments.paste?.();
  await nothing.settled();
  assert.match(nothing.said[0] ?? "", /why/);
  const absent = openDesk(undefined, fail("no-such-picture"));
  assert.ok(absent.attachments.take("/tmp/a.png"));
  await absent.settled();
  assert.equal(absent.editor.text, "/tmp/a.png");
  assert.deepEqual(absent.said, []);
  const large = openDesk(undefined, fail("bad-picture"));
  large.attachments.take("/tmp/a.png");
  await large.settled();
  assert.equal(large.editor.text, "/tmp/a.png");
  assert.equal(large.said.length, 1);
  assert.ok(!large.attachments.take("plain text"));
});

test("an empty paste, which terminals make of a picture, is one from the clipboard", async () => {
  const { editor, attachments, settled } = openDesk();
  assert.ok(attachments.take(""));
  await settled();
  assert.ok(editor.text.startsWith(word));
});

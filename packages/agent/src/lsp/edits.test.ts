import assert from "node:assert/strict";
import { test } from "node:test";
import { openScratch } from "../tools/scratch.ts";
import { applyEdits, planEdits, plantedIn } from "./edits.ts";
import { toPath, toUri } from "./positions.ts";

function edit(
  from: readonly [number, number],
  to: readonly [number, number],
  text: string,
): Parameters<typeof applyEdits>[1][number] {
  const [start, end] = [from, to].map(([line, character]) => ({ line, character }));
  return {
    range: { start: start ?? { line: 0, character: 0 }, end: end ?? { line: 0, character: 0 } },
    text,
  };
}

test("edits are of the text before all of them, in any order, and columns count UTF-16 units", () => {
  const text = "let 😀 = a;\r\nlet b = a;\n";
  const edits = [edit([1, 8], [1, 9], "long"), edit([0, 9], [0, 10], "c")];
  assert.equal(applyEdits(text, edits), "let 😀 = c;\r\nlet b = long;\n");
  assert.equal(applyEdits("a", [edit([0, 0], [0, 0], "1"), edit([0, 0], [0, 0], "2")]), "12a");
  assert.equal(applyEdits("a\n", [edit([0, 99], [1, 0], "!")]), "a!", "beyond the end of a line is its end");
});

test("edits of one place twice, backwards, or beyond the text are refused", () => {
  assert.equal(applyEdits("abc", [edit([0, 0], [0, 2], "x"), edit([0, 1], [0, 3], "y")]), undefined);
  assert.equal(applyEdits("abc", [edit([0, 2], [0, 1], "x")]), undefined);
  assert.equal(applyEdits("abc", [edit([7, 0], [7, 0], "x")]), undefined);
});

test("a file outside, a whole file that would be moved, and a binary one change nothing", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.x", "one\n");
  await scratch.put("b.bin", new Uint8Array([0, 1, 2]));
  const { world, root } = scratch;
  const edits = [
    { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } }, newText: "two" },
  ];
  const why = async (value: unknown): Promise<string> => {
    const plan = await planEdits(value, world);
    return plan.kind === "refused"
      ? plan.why
      : plan.files.map(({ path, after }) => `${path}=${after}`).join();
  };
  assert.equal(await why({ changes: { [toUri(root, "a.x")]: edits } }), "a.x=two\n");
  const document = { textDocument: { uri: toUri(root, "a.x"), version: 1 }, edits };
  assert.equal(await why({ documentChanges: [document] }), "a.x=two\n");
  assert.match(await why({ changes: { "file:///etc/passwd": edits } }), /outside the workspace/);
  assert.match(
    await why({ documentChanges: [{ kind: "rename", oldUri: "a", newUri: "b" }] }),
    /move or remove files/,
  );
  assert.match(await why({ changes: { [toUri(root, "b.bin")]: edits } }), /no text file/);
  assert.match(await why({ changes: { [toUri(root, "a.x")]: [{ newText: "x" }] } }), /cannot be read/);
  assert.equal(await why(null), "");
});

test("what a server would plant in a file is found", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.ts", "const a = 1;\n");
  const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 0 } };
  const text = 'eval(atob("cHJvY2Vzcy5leGl0KDEp"));\n';
  const changes = { [toUri(scratch.root, "a.ts")]: [{ range, newText: text }] };
  const plan = await planEdits({ changes }, scratch.world);
  assert.ok(plan.kind === "plan" && plan.files[0] !== undefined);
  assert.match(plantedIn(plan.files[0]) ?? "", /a\.ts/);
});

test("addresses that are no file of the workspace have no path in it", () => {
  assert.equal(toPath("/home/u/p", "file:///home/u/p/a%20b.ts"), "a b.ts");
  for (const uri of [
    "file:///home/u/p-evil/a",
    "file:///home/u/p/../etc/x",
    "jdt://x",
    "",
    "file:///home/u/p",
  ]) {
    assert.equal(toPath("/home/u/p", uri), undefined, uri);
  }
});

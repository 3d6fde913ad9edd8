import assert from "node:assert/strict";
import { test } from "node:test";
import { openScratch } from "./scratch.ts";
import type { ToolResult } from "./tool.ts";

/** Edits a file that was read before; answers with the result and the file after. */
async function edit(
  content: string,
  oldString: string,
  newString: string,
  replaceAll?: boolean,
): Promise<ToolResult & { readonly after: string }> {
  await using scratch = await openScratch();
  await scratch.put("a", content);
  await scratch.call("Read", { file_path: "a" });
  const all = replaceAll === undefined ? {} : { replace_all: replaceAll };
  const result = await scratch.call("Edit", {
    file_path: "a",
    old_string: oldString,
    new_string: newString,
    ...all,
  });
  const after = await scratch.textOf("a");
  if (!result.ok) assert.equal(after, content, "a refusal changes nothing");
  return { ...result, after };
}

test("an exact match is replaced, $ signs and all", async () => {
  const result = await edit("a\nb = 1;\nc\n", "b = 1;", "b = $& $1 $$;");
  assert.equal(result.after, "a\nb = $& $1 $$;\nc\n");
  assert.equal(result.text, "Edited a, line 2.");
  assert.equal(result.diff?.hunks, "@@ -1,3 +1,3 @@\n a\n-b = 1;\n+b = $& $1 $$;\n c\n");
});

test("BS-19: two matches are refused with both places", async () => {
  const result = await edit("x\nfoo\ny\nfoo\n", "foo", "bar");
  assert.match(result.text, /occurs 2 times in a, lines 2, 4\. Add lines around it/);
  assert.equal((await edit("aaa", "aa", "b")).ok, false, "overlapping matches are two");
  const many = await edit("foo\n".repeat(9), "foo", "bar");
  assert.match(many.text, /occurs 9 times in a, lines 1, 2, 3, 4, 5, …/);
});

test("replace_all replaces every place", async () => {
  const result = await edit("foo\nx\nfoo foo\n", "foo", "foofoo", true);
  assert.equal(result.after, "foofoo\nx\nfoofoo foofoo\n");
  assert.equal(result.text, "Edited a, 3 places, lines 1, 3, 3.");
});

test("BS-17: line ends, byte order mark and final line feed stay as they are", async () => {
  assert.equal(
    (await edit("\ufeffa\r\nb\r\nc\r\n", "a\nb\n", "a\nx\ny\n")).after,
    "\ufeffa\r\nx\r\ny\r\nc\r\n",
  );
  assert.equal((await edit("a\r\nb\r\n", "b", "c\nd")).after, "a\r\nc\r\nd\r\n");
  assert.equal((await edit("a\nb\n", "b", "c\r\nd")).after, "a\nc\nd\n");
  assert.equal((await edit("a\nb\n", "b\n", "c")).after, "a\nc\n");
  assert.equal((await edit("a\nb", "b", "c")).after, "a\nc");
  assert.equal((await edit("a\n", "a\n", "")).after, "");
});

test("in a file of mixed line ends, each place keeps its own", async () => {
  assert.equal((await edit("a\nb\nc\r\nd\r\ne\n", "c\nd", "c\nx\nd")).after, "a\nb\nc\r\nx\r\nd\r\ne\n");
  assert.equal((await edit("a\nb\nc\nd\r\ne\r\n", "\ne", "\nf")).after, "a\nb\nc\nd\r\nf\r\n");
  assert.equal((await edit("a\r\nb\r\nc\r\nd\ne\n", "d\ne", "d\nf\ne")).after, "a\r\nb\r\nc\r\nd\nf\ne\n");
});

test("BS-17: trailing blanks in the file or in old_string do not hinder", async () => {
  const result = await edit("if (x) {  \n  y();\t\n}\n", "if (x) {\n  y();\n}", "if (x) {\n  z();\n}");
  assert.equal(result.after, "if (x) {\n  z();\n}\n");
  assert.match(result.text, /differed in trailing blanks or line ends/);
  assert.equal((await edit("  a();\n  b();\n", "a();   \n  b(); ", "c();")).after, "  c();\n");
});

test("BS-17: spaces for tabs find the place, and the new text gets the file's tabs", async () => {
  const result = await edit(
    "func a() {\n\tif x {\n\t\ty()\n\t}\n}\n",
    "    if x {\n        y()\n    }",
    "    if x {\n        for {\n            y() // a    b\n        }\n    }",
  );
  assert.equal(result.after, "func a() {\n\tif x {\n\t\tfor {\n\t\t\ty() // a    b\n\t\t}\n\t}\n}\n");
  assert.match(result.text, /indentation adapted to the file's tabs/);
  assert.equal((await edit("a {\n\tb\n}\n", "a {\n  b\n}", "a {\n  b\n  c\n}")).after, "a {\n\tb\n\tc\n}\n");
});

test("tabs for spaces find the place, and the new text gets the file's spaces", async () => {
  const result = await edit(
    "def a():\n    x = 1\n    y = 2\n",
    "def a():\n\tx = 1",
    "def a():\n\tif q:\n\t\tx = 1",
  );
  assert.equal(result.after, "def a():\n    if q:\n        x = 1\n    y = 2\n");
});

test("another depth of indentation is not the same text", async () => {
  const result = await edit("if a:\n    b\n\nif c:\n        b\n", "if c:\n    b", "if c:\n    d");
  assert.equal(result.ok, false);
});

test("BS-19: two places that differ in white space only are refused with both", async () => {
  const result = await edit("\ta(); \n\tb\n\ta();  \n\tb\n", "    a();\n    b", "    c");
  assert.match(result.text, /matches but for white space 2 times in a, lines 1, 3/);
});

test("blank lines alone are never matched loosely", async () => {
  assert.equal((await edit("a\n\nb\n", "   \n", "x\n")).ok, false);
});

test("BS-18: no match shows the nearest region with its line numbers, and records it as shown", async () => {
  const content = Array.from({ length: 60 }, (_, i) => `const value${i} = compute(${i});`);
  content[40] = "function total(items: Item[]): number {";
  content[41] = "  return items.reduce((sum, item) => sum + item.price, 0);";
  content[42] = "}";
  const result = await edit(
    content.join("\n"),
    "function total(items) {\n  return items.reduce((sum, item) => sum + item.cost, 0);\n}",
    "x",
  );
  assert.match(result.text, /^old_string is not in a\. Nearest to it; copy from here:\n/);
  assert.match(result.text, /\n41\tfunction total\(items: Item\[\]\): number \{\n42\t {2}return items/);
  assert.deepEqual(result.sources, [{ path: "a", from: 41, to: 43 }]);
});

test("BS-18: no match says what is the matter", async () => {
  assert.match((await edit("a\n", "b", "b")).text, /equals new_string/);
  assert.match((await edit("a\n", "", "b")).text, /old_string is empty/);
  assert.match((await edit("x\nlet b = 2;\n", "let b = 1;", "let b = 2;")).text, /already there, line 2/);
  assert.match((await edit("alpha\n", "1\talpha", "beta")).text, /Leave out the line numbers/);
  assert.match((await edit("alpha\n", "nothing alike", "beta")).text, /Nothing in the file is like it/);
  assert.equal((await edit("", "x", "y")).ok, false);
});

test("BS-18: a file changed since it was read takes exact edits only", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "one  \ntwo\nthree\n");
  await scratch.call("Read", { file_path: "a" });
  await scratch.put("a", "zero\none  \ntwo\nthree\n");
  const loose = await scratch.call("Edit", { file_path: "a", old_string: "one\ntwo", new_string: "x" });
  assert.match(loose.text, /changed since it was last read/);
  const none = await scratch.call("Edit", { file_path: "a", old_string: "four", new_string: "x" });
  assert.match(none.text, /The file changed since it was last read/);
  const exact = await scratch.call("Edit", { file_path: "a", old_string: "three", new_string: "3" });
  assert.match(exact.text, /^Edited a, line 4 \(the file had changed since/);
  // An edit shows a part only: the rest is still unseen, so that replacing it all stays blind.
  assert.equal((await scratch.call("Write", { file_path: "a", content: "" })).ok, false);
});

test("an edit in sequence needs no second read", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "one\ntwo \n");
  await scratch.call("Read", { file_path: "a" });
  assert.equal((await scratch.call("Edit", { file_path: "a", old_string: "one", new_string: "1" })).ok, true);
  assert.equal(
    (await scratch.call("Edit", { file_path: "a", old_string: "two\n", new_string: "2\n" })).ok,
    true,
  );
  assert.equal(await scratch.textOf("a"), "1\n2\n");
});

test("whatever the text, an exact edit changes its region and nothing else", async () => {
  // A small generator, seeded so that a failure can be repeated.
  let state = 20260801;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const pieces = ["a", "b", " ", "\t", "\n", "\r\n", "中", "😀", "{", "  x"];
  for (let round = 0; round < 60; round++) {
    const parts = Array.from({ length: 5 + next(30) }, () => pieces[next(pieces.length)] ?? "");
    const marked = [...parts.slice(0, 3), "MARK", ...parts.slice(3), "\n"].join("");
    const result = await edit(marked, "MARK", "<new>");
    assert.equal(result.after, marked.replace("MARK", "<new>"), `round ${round}: ${JSON.stringify(marked)}`);
  }
});

test("a large file of equal lines is answered in bounded time", async () => {
  const result = await edit("}\n".repeat(100_000), `${"}\n".repeat(500)}end`, "x");
  assert.equal(result.ok, false);
});

test("the same text in two kinds of line ends is two places", async () => {
  assert.match((await edit("a\nb\n-\na\r\nb\n", "a\nb", "c")).text, /occurs 2 times in a, lines 1, 4/);
  assert.equal((await edit("a\nb\n-\na\r\nb\n", "a\nb", "c\nd", true)).after, "c\nd\n-\nc\r\nd\n");
});

test("a text found everywhere is refused, never replaced in part", async () => {
  assert.match((await edit("ab".repeat(120_000), "a", "c", true)).text, /occurs 100000 times or more/);
});

test("a loose edit of the last line gives it no line end that it had not", async () => {
  assert.equal((await edit("a\nb  ", "a\nb\n", "a\nc\n")).after, "a\nc");
  assert.equal((await edit("a\r\nb \r\n", "a\nb\n", "a\nc\n")).after, "a\r\nc\r\n");
});

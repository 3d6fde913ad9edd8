import assert from "node:assert/strict";
import { test } from "node:test";
import { notebookEditTool } from "./notebook-edit.ts";
import { openScratch, type Scratch } from "./scratch.ts";
import type { ToolResult } from "./tool.ts";
import { guarded } from "./toolset.ts";

const code = (id: string, source: readonly string[], outputs: readonly unknown[] = []): object => ({
  cell_type: "code",
  execution_count: 1,
  id,
  metadata: {},
  outputs,
  source,
});

function notebook(cells: readonly unknown[], indent = 1): string {
  const metadata = { kernelspec: { language: "python" } };
  return `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, indent)}\n`;
}

const two = notebook([
  code("a1", ["import os\n", "x = 1"], [{ output_type: "stream", name: "stdout", text: ["one\n", "two\n"] }]),
  { cell_type: "markdown", id: "m1", metadata: {}, source: ["# Title"] },
]);

function edit(scratch: Scratch, args: Record<string, string>): Promise<ToolResult> {
  const call = guarded(notebookEditTool);
  return call.run({ notebook_path: "n.ipynb", ...args }, scratch.world, new AbortController().signal);
}

async function opened(text: string): Promise<Scratch> {
  const scratch = await openScratch();
  await scratch.put("n.ipynb", text);
  await scratch.call("Read", { file_path: "n.ipynb" });
  return scratch;
}

test("Read shows a notebook's cells with their ids, and their outputs", async () => {
  await using scratch = await openScratch();
  await scratch.put("n.ipynb", two);
  const { text, sources } = await scratch.call("Read", { file_path: "n.ipynb" });
  assert.equal(
    text,
    '<cell 0 id="a1" type="code" language="python">\nimport os\nx = 1\n</cell>\n<output of 0>\none\ntwo\n</output>\n' +
      '<cell 1 id="m1" type="markdown">\n# Title\n</cell>',
  );
  assert.deepEqual(sources, [{ path: "n.ipynb", from: 1, to: two.split("\n").length - 1 }]);
});

test("a long notebook is shown in parts, and the exposure names the lines of those cells only", async () => {
  await using scratch = await openScratch();
  const text = notebook([code("a", ["1"]), code("b", ["2"]), code("c", ["3"])]);
  await scratch.put("n.ipynb", text);
  const shown = await scratch.call("Read", { file_path: "n.ipynb", offset: 1, limit: 1 });
  assert.match(shown.text, /^<cell 1 id="b"[^]*\[cells 1-1 of 0-2; continue with offset 2\]$/);
  const { from = 0, to = 0 } = shown.sources[0] ?? {};
  const lines = text
    .split("\n")
    .slice(from - 1, to)
    .join("\n");
  assert.ok(lines.includes('"id": "b"') && !lines.includes('"id": "a"') && !lines.includes('"id": "c"'));
});

test("pictures and colours in outputs are named, not shown", async () => {
  await using scratch = await openScratch();
  const outputs = [
    { output_type: "display_data", data: { "image/png": "iVBOR".repeat(100), "text/plain": ["<Figure>"] } },
    { output_type: "error", ename: "E", evalue: "bad", traceback: ["\u001b[31mred\u001b[0m"] },
    { output_type: "stream", text: "x".repeat(10_000) },
  ];
  await scratch.put("n.ipynb", notebook([code("a", ["1"], outputs)]));
  const { text } = await scratch.call("Read", { file_path: "n.ipynb" });
  assert.match(text, /<Figure>\n\[image\/png, 500 B, not shown\]/);
  assert.match(text, /E: bad\nred\n/);
  assert.match(text, /characters left out/);
  assert.ok(text.length < 4000 && !text.includes("iVBOR"));
});

test("replacing a cell changes its source and drops its outputs; every other byte stays", async () => {
  const odd = two
    .replace('"x = 1"', '"x = 1"')
    .replace('"metadata": {},', '"metadata": {"scale": 1.0, "big": 12345678901234567890},');
  await using scratch = await opened(odd);
  const result = await edit(scratch, { cell_id: "a1", new_source: "y = 2\nprint(y)\n" });
  assert.equal(result.text, "Replaced cell 0 in n.ipynb.");
  const after = await scratch.textOf("n.ipynb");
  assert.match(after, /"scale": 1\.0, "big": 12345678901234567890/);
  assert.match(after, /"source": \[\n {4}"y = 2\\n",\n {4}"print\(y\)\\n"\n {3}\]/);
  assert.match(after, /"outputs": \[\]/);
  assert.match(after, /"execution_count": null/);
  assert.equal(
    after.slice(after.indexOf('"cell_type": "markdown"')),
    odd.slice(odd.indexOf('"cell_type": "markdown"')),
  );
  // What was just written is known: a second edit needs no read.
  assert.equal((await edit(scratch, { cell_id: "1", new_source: "# Other" })).ok, true);
});

test("a replaced cell gives the bytes that the same notebook written whole has", async () => {
  for (const indent of [1, 2, 4]) {
    await using scratch = await opened(notebook([code("a", ["1"]), code("b", ["2"])], indent));
    await edit(scratch, { cell_id: "b", new_source: "three\nfour" });
    const expected = notebook(
      [code("a", ["1"]), { ...code("b", ["three\n", "four"]), execution_count: null }],
      indent,
    );
    assert.equal(await scratch.textOf("n.ipynb"), expected);
  }
});

test("cells are inserted first, after another and into an empty notebook, with an id that nbformat takes", async () => {
  await using scratch = await opened(two);
  await edit(scratch, { edit_mode: "insert", new_source: "first", cell_type: "markdown" });
  await edit(scratch, { edit_mode: "insert", new_source: "last", cell_id: "m1" });
  const cells = cellsOf(await scratch.textOf("n.ipynb"));
  assert.deepEqual(
    cells.map(({ source }) => source.join("")),
    ["first", "import os\nx = 1", "# Title", "last"],
  );
  assert.match(cells[0]?.id ?? "", /^[a-zA-Z0-9-_]{1,64}$/);
  assert.deepEqual(Object.keys(cells[3] ?? {}), [
    "cell_type",
    "execution_count",
    "id",
    "metadata",
    "outputs",
    "source",
  ]);

  await using empty = await opened(notebook([]));
  assert.equal((await edit(empty, { edit_mode: "insert", new_source: "1" })).ok, true);
  assert.equal(cellsOf(await empty.textOf("n.ipynb")).length, 1);
  assert.equal((await edit(empty, { edit_mode: "delete", cell_id: "0" })).ok, true);
  assert.equal(cellsOf(await empty.textOf("n.ipynb")).length, 0);
});

test("cells are deleted at both ends and in the middle", async () => {
  for (const gone of ["a", "b", "c"]) {
    await using scratch = await opened(notebook(["a", "b", "c"].map((id) => code(id, [id]))));
    await edit(scratch, { edit_mode: "delete", cell_id: gone });
    const left = ["a", "b", "c"].filter((id) => id !== gone);
    assert.equal(await scratch.textOf("n.ipynb"), notebook(left.map((id) => code(id, [id]))));
  }
});

test("one line stays one line, CRLF stays CRLF, escapes stay escapes, and one text stays one text", async () => {
  const cells = [{ cell_type: "code", metadata: {}, source: "caf\u00e9" }];
  const oneLine = JSON.stringify({ cells, nbformat: 4, nbformat_minor: 4 }).replace("\u00e9", "\\u00e9");
  await using scratch = await opened(oneLine);
  await edit(scratch, { cell_id: "0", new_source: "\u4e2d\nx" });
  await edit(scratch, { edit_mode: "insert", cell_id: "0", new_source: "new" });
  const after = await scratch.textOf("n.ipynb");
  assert.match(after, /"source":"\\u4e2d\\nx"/);
  assert.ok(!after.includes("\n") && !after.includes('"id"'));
  assert.equal(cellsOf(after).length, 2);

  await using windows = await opened(two.replaceAll("\n", "\r\n"));
  await edit(windows, { cell_id: "m1", new_source: "a\nb" });
  assert.ok(!/[^\r]\n/.test(await windows.textOf("n.ipynb")));
});

test("a changed type makes the cell anew, with its id", async () => {
  await using scratch = await opened(two);
  await edit(scratch, { cell_id: "a1", new_source: "text", cell_type: "markdown" });
  assert.deepEqual(cellsOf(await scratch.textOf("n.ipynb"))[0], {
    ...{ cell_type: "markdown", id: "a1", metadata: {}, source: ["text"] },
  });
});

test("an edit is refused where the notebook was not read, changed, or has no such cell", async () => {
  await using scratch = await openScratch();
  await scratch.put("n.ipynb", two);
  assert.match((await edit(scratch, { cell_id: "a1", new_source: "" })).text, /was not read/);
  await scratch.call("Read", { file_path: "n.ipynb" });
  assert.match(
    (await edit(scratch, { cell_id: "zz", new_source: "" })).text,
    /There is no cell zz\. There are: 0 \(a1\)/,
  );
  assert.match((await edit(scratch, { new_source: "" })).text, /cell_id is missing/);
  assert.match((await edit(scratch, { cell_id: "a1" })).text, /new_source is missing/i);
  const placeholder = ["CLS", "AAAAAAAA", "1"].join("_");
  assert.match((await edit(scratch, { cell_id: "a1", new_source: placeholder })).text, /placeholder/);
  await scratch.put("n.ipynb", `${two} `);
  assert.match((await edit(scratch, { cell_id: "a1", new_source: "" })).text, /changed since/);
  assert.equal(await scratch.textOf("n.ipynb"), `${two} `);
});

test("what only looks like a notebook is shown as text, and not edited as one", async () => {
  for (const text of [
    "{",
    "[]",
    '{"nbformat":3,"worksheets":[]}',
    '{"nbformat":4,"cells":[1]}',
    "[".repeat(50_000),
  ]) {
    await using scratch = await opened(text);
    assert.match((await scratch.call("Read", { file_path: "n.ipynb" })).text, /^1\t/);
    assert.match((await edit(scratch, { cell_id: "0", new_source: "" })).text, /not a notebook/);
  }
});

test("names in strings, escapes and names that stand twice do not mislead an edit", async () => {
  const tricky =
    '{"metadata":{"cells":[{"source":["no"]}], "t":"}]\\"{"}, "cells":[1], "nbformat":4,"nbformat_minor":5,\n' +
    '"cells":[{"cell_type":"code","so\\u0075rce":["old"],"id":"q\\"}","metadata":{"source":"no"},"outputs":[]}]}';
  await using scratch = await opened(tricky);
  await edit(scratch, { cell_id: "0", new_source: "new" });
  const after = JSON.parse(await scratch.textOf("n.ipynb")) as Record<string, unknown>;
  const before = JSON.parse(tricky) as Record<string, unknown>;
  assert.deepEqual(after["metadata"], before["metadata"]);
  assert.deepEqual(cellsOf(JSON.stringify(after))[0]?.source, ["new"]);
});

function cellsOf(text: string): { id?: string; source: string[] }[] {
  return (JSON.parse(text) as { cells: { id?: string; source: string[] }[] }).cells;
}

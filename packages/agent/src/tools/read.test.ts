import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openScratch } from "./scratch.ts";

test("lines come numbered, with the lines shown as sources", async () => {
  await using scratch = await openScratch();
  await scratch.put("src/a.ts", "one\ntwo\nthree\n");
  const result = await scratch.call("Read", { file_path: "src/a.ts" });
  assert.equal(result.text, "1\tone\n2\ttwo\n3\tthree");
  assert.deepEqual(result.sources, [{ path: "src/a.ts", from: 1, to: 3 }]);
  assert.equal(scratch.world.reads.get("src/a.ts")?.length, 64);
});

test("a part of a file says how to read on", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "1\n2\n3\n4\n5");
  const result = await scratch.call("Read", { file_path: join(scratch.root, "a"), offset: 2, limit: 2 });
  assert.equal(result.text, "2\t2\n3\t3\n[lines 2-3 of 5; continue with offset 4]");
  assert.deepEqual(result.sources, [{ path: "a", from: 2, to: 3 }]);
  assert.match((await scratch.call("Read", { file_path: "a", offset: 9 })).text, /has 5 lines; offset 9/);
});

test("a long line is cut with a mark, and never inside a character", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", `${"x".repeat(1999)}😀tail\nnext`);
  const { text } = await scratch.call("Read", { file_path: "a" });
  assert.ok(text.isWellFormed());
  assert.equal(text, `1\t${"x".repeat(1999)} [6 more characters]\n2\tnext`);
});

test("a large file is shown up to a whole line, and its sources say so", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", `${"x".repeat(999)}\n`.repeat(1000));
  const result = await scratch.call("Read", { file_path: "a" });
  assert.ok(result.text.length < 61_000);
  const to = result.sources[0]?.to ?? 0;
  assert.ok(to > 50 && to < 60);
  assert.match(result.text, new RegExp(`continue with offset ${to + 1}\\]$`));
});

test("CRLF and a byte order mark are not shown", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "\ufeffone\r\n\r\ntwo\r\n");
  assert.equal((await scratch.call("Read", { file_path: "a" })).text, "1\tone\n2\t\n3\ttwo");
});

test("an empty file, a directory, a binary and a pipe each get their own answer", async () => {
  await using scratch = await openScratch();
  await scratch.put("empty", "");
  await scratch.put("dir/inner.ts", "x");
  await scratch.put("bin", new Uint8Array([1, 0, 2]));
  assert.deepEqual(await scratch.call("Read", { file_path: "empty" }), {
    ok: true,
    text: "empty is empty.",
    sources: [],
  });
  assert.equal(
    (await scratch.call("Read", { file_path: "dir" })).text,
    'dir is a directory: inner.ts. List files with Glob "dir/*".',
  );
  assert.match((await scratch.call("Read", { file_path: "bin" })).text, /binary file of 3 B/);
  assert.equal(scratch.world.reads.has("bin"), false);
  await symlink("/dev/null", join(scratch.root, "device"));
  assert.match((await scratch.call("Read", { file_path: "device" })).text, /outside the workspace/);
});

test("a missing file is answered with the nearest names of its directory", async () => {
  await using scratch = await openScratch();
  await scratch.put("src/config.ts", "");
  await scratch.put("src/confing.js", "");
  await scratch.put("src/unrelated-thing.md", "");
  const { ok, text } = await scratch.call("Read", { file_path: "src/Config.js" });
  assert.equal(ok, false);
  assert.match(text, /In the same directory: config\.ts, confing\.js$/);
  assert.match((await scratch.call("Read", { file_path: "no/such" })).text, /nor does its directory/);
});

test("GB18030 source is readable, and said to be so", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.c", Buffer.from([0x2f, 0x2f, 0xd6, 0xd0, 0xce, 0xc4, 0x0a]));
  const { text } = await scratch.call("Read", { file_path: "a.c" });
  assert.match(text, /^1\t\/\/中文\n\[the file is GB18030/);
  const edit = await scratch.call("Edit", { file_path: "a.c", old_string: "//", new_string: "#" });
  assert.match(edit.text, /would be damaged/);
});

import assert from "node:assert/strict";
import { chmod, readdir, stat, writeFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { saveFile } from "./save.ts";
import { openScratch } from "./scratch.ts";

test("a new file is created with its directories, byte for byte", async () => {
  await using scratch = await openScratch();
  const content = "  a\t\r\n\n中 ";
  const result = await scratch.call("Write", { file_path: "x/y/z.txt", content });
  assert.equal(result.text, "Created x/y/z.txt, 3 lines.");
  assert.equal(await scratch.textOf("x/y/z.txt"), content);
  assert.equal(result.diff?.added, 3);
  assert.deepEqual(await readdir(join(scratch.root, "x/y")), ["z.txt"]);
});

test("a file never read is not replaced; once read it is", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "precious\n");
  const blind = await scratch.call("Write", { file_path: "a", content: "new\n" });
  assert.match(blind.text, /was not read/);
  assert.equal(await scratch.textOf("a"), "precious\n");
  await scratch.call("Read", { file_path: "a" });
  const result = await scratch.call("Write", { file_path: "a", content: "new\n" });
  assert.deepEqual(result.diff, { path: "a", hunks: "@@ -1 +1 @@\n-precious\n+new\n", added: 1, removed: 1 });
  // What was just written is known: a second write needs no read.
  assert.equal((await scratch.call("Write", { file_path: "./a", content: "newer\n" })).ok, true);
});

test("a file changed since it was read is not replaced", async () => {
  await using scratch = await openScratch();
  await scratch.put("a", "one");
  await scratch.call("Read", { file_path: "a" });
  await scratch.put("a", "one, and the user's work");
  assert.match((await scratch.call("Write", { file_path: "a", content: "x" })).text, /changed since/);
  assert.equal(await scratch.textOf("a"), "one, and the user's work");
});

test("the mode of a replaced file is kept, and a read-only file is left alone", async () => {
  await using scratch = await openScratch();
  await scratch.put("run.sh", "echo\n");
  await chmod(join(scratch.root, "run.sh"), 0o666);
  await scratch.call("Read", { file_path: "run.sh" });
  await scratch.call("Write", { file_path: "run.sh", content: "true\n" });
  assert.equal((await stat(join(scratch.root, "run.sh"))).mode & 0o777, 0o666);
  await chmod(join(scratch.root, "run.sh"), 0o444);
  assert.match(
    (await scratch.call("Write", { file_path: "run.sh", content: "x" })).text,
    /read-only \(mode 444\)/,
  );
  const edit = await scratch.call("Edit", { file_path: "run.sh", old_string: "true", new_string: "x" });
  assert.match(edit.text, /read-only/);
});

test("what Read hides survives a replacement: CRLF and the byte order mark", async () => {
  await using scratch = await openScratch();
  await scratch.put("a.bat", "\ufeffone\r\ntwo\r\n");
  await scratch.call("Read", { file_path: "a.bat" });
  await scratch.call("Write", { file_path: "a.bat", content: "one\nthree\n" });
  assert.equal(await scratch.textOf("a.bat"), "\ufeffone\r\nthree\r\n");
});

test("a directory, a file in the way and a binary are refused", async () => {
  await using scratch = await openScratch();
  await scratch.put("dir/a", "x");
  await scratch.put("bin", new Uint8Array([0, 1]));
  for (const path of ["dir", "dir/a/b", "bin", "."]) {
    assert.equal((await scratch.call("Write", { file_path: path, content: "x" })).ok, false, path);
  }
  assert.equal(await scratch.textOf("dir/a"), "x");
});

test("a write that fails leaves no temporary file", async () => {
  await using scratch = await openScratch();
  await mkdir(join(scratch.root, "d/target"), { recursive: true });
  await writeFile(join(scratch.root, "d/target/x"), "");
  // A rename onto a directory that is not empty fails after the temporary file was written.
  await assert.rejects(saveFile(join(scratch.root, "d/target"), Buffer.from("x"), undefined));
  assert.deepEqual(await readdir(join(scratch.root, "d")), ["target"]);
});

test("a placeholder of a sealed secret is written only where it already stands", async () => {
  await using scratch = await openScratch();
  const sealed = ["CLS", "ABCDEFGH2345", "KEY1"].join("_");
  const fresh = await scratch.call("Write", { file_path: "a", content: `key=${sealed}` });
  assert.match(fresh.text, /can only be restored in edits of the file it came from/);
  assert.deepEqual(await readdir(scratch.root), []);
  await scratch.put("doc.md", `the form is ${sealed}\n`);
  await scratch.call("Read", { file_path: "doc.md" });
  assert.equal((await scratch.call("Write", { file_path: "doc.md", content: `form: ${sealed}` })).ok, true);
  await scratch.put("b", "x = 1\n");
  const edit = await scratch.call("Edit", { file_path: "b", old_string: "1", new_string: `"${sealed}"` });
  assert.equal(edit.ok, false);
  assert.equal(await scratch.textOf("b"), "x = 1\n");
});

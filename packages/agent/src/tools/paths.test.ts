import assert from "node:assert/strict";
import { mkdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { locate } from "./paths.ts";
import { openScratch } from "./scratch.ts";

test("a sibling whose name begins like the workspace is outside", async () => {
  await using scratch = await openScratch();
  await mkdir(`${scratch.root}-evil`);
  await writeFile(`${scratch.root}-evil/a`, "secret");
  for (const path of [
    `${scratch.root}-evil/a`,
    "../work-evil/a",
    "/etc/passwd",
    "..",
    "src/../../work-evil/a",
  ]) {
    assert.equal((await locate(path, scratch.world)).kind, "refused", path);
  }
});

test("names that only look like a way out are inside", async () => {
  await using scratch = await openScratch();
  await scratch.put("..well/a", "x");
  const place = await locate("..well/a", scratch.world);
  assert.deepEqual(place, { kind: "inside", real: join(scratch.root, "..well/a"), path: "..well/a" });
  assert.deepEqual(await locate("new/deep/x", scratch.world), {
    kind: "inside",
    real: join(scratch.root, "new/deep/x"),
    path: "new/deep/x",
  });
});

test("no link leads a write out of the workspace", async () => {
  await using scratch = await openScratch();
  const outside = join(scratch.root, "../outside");
  await mkdir(outside);
  await writeFile(join(outside, "a"), "kept");
  await symlink(outside, join(scratch.root, "dir"));
  await symlink(join(outside, "a"), join(scratch.root, "file"));
  await symlink(join(outside, "not-yet"), join(scratch.root, "dangling"));
  await symlink("loop", join(scratch.root, "loop"));
  for (const path of ["dir/a", "dir/new", "file", "dangling", "loop", "dir/deep/new"]) {
    const result = await scratch.call("Write", { file_path: path, content: "gone" });
    assert.equal(result.ok, false, path);
    assert.doesNotMatch(result.text, /kept/);
    assert.equal(
      (await scratch.call("Edit", { file_path: path, old_string: "kept", new_string: "gone" })).ok,
      false,
    );
  }
  assert.equal(await readFile(join(outside, "a"), "utf8"), "kept");
});

test("a link inside the workspace is written through, and stays a link", async () => {
  await using scratch = await openScratch();
  await scratch.put("real/a", "old");
  await symlink("real/a", join(scratch.root, "link"));
  const read = await scratch.call("Read", { file_path: "link" });
  assert.deepEqual(read.sources, [{ path: "real/a", from: 1, to: 1 }]);
  assert.equal((await scratch.call("Write", { file_path: "link", content: "new" })).ok, true);
  assert.equal(await readlink(join(scratch.root, "link")), "real/a");
  assert.equal(await scratch.textOf("real/a"), "new");
});

test("a NUL or an empty path is refused in words", async () => {
  await using scratch = await openScratch();
  assert.match((await scratch.call("Read", { file_path: "a\0b" })).text, /NUL/);
  assert.match((await scratch.call("Read", { file_path: "" })).text, /empty/);
  assert.match(
    (await scratch.call("Read", { file_path: "x".repeat(5000) })).text,
    /^Read failed: ENAMETOOLONG/,
  );
});

test("a question about a place that fails is not taken for a place that is missing", async () => {
  await using scratch = await openScratch();
  const failing = (): never => {
    throw Object.assign(new Error("ENOTDIR"), { code: "ENOTDIR" });
  };
  await assert.rejects(locate("a/b", { ...scratch.world, hidden: failing }), { code: "ENOTDIR" });
});

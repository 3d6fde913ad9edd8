import assert from "node:assert/strict";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@cloister/base";
import { openRewind, type Rewind } from "../../src/sessions/rewind.ts";
import { createWorld, type World } from "./world.ts";

const at = "2026-07-21T00:00:01.000Z";

/** A session of one message, whose work is `work`. */
async function session(world: World, work: () => void, { isBroken = false } = {}): Promise<void> {
  const log = world.begin();
  const checkpoints = world.checkpoints(log);
  log.append({ t: "user", text: "do it", at });
  checkpoints.before(1);
  await checkpoints.settled();
  work();
  if (!isBroken) {
    checkpoints.after();
    await checkpoints.settled();
    const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
    log.append({ t: "end", outcome: "done", turns: 1, usage, at });
  }
  await checkpoints.close();
  log.close();
}

const open = (world: World, { force = false } = {}): Promise<Rewind> =>
  openRewind(world.found(), { to: 1, force, clock: systemClock });

function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

test("contents, modes, links, deletions and new folders are put back as they were before the message", async () => {
  using world = createWorld();
  const { workspace, write } = world;
  write("a.txt", "one\n");
  write("run.sh", "#!/bin/sh\n");
  chmodSync(join(workspace, "run.sh"), 0o755);
  write("src/deep/b.txt", "b\n");
  write("gone.txt", "gone\n");
  symlinkSync("a.txt", join(workspace, "link"));
  const before = tree(workspace);
  await session(world, () => {
    write("a.txt", "two\n");
    chmodSync(join(workspace, "run.sh"), 0o644);
    rmSync(join(workspace, "src"), { recursive: true });
    rmSync(join(workspace, "gone.txt"));
    rmSync(join(workspace, "link"));
    symlinkSync("/etc/passwd", join(workspace, "link"));
    write("new/folder/made.txt", "made\n");
    write("src", "a file where a folder was");
  });
  using rewind = await open(world);
  const { done, left } = await rewind.apply("both");
  assert.deepEqual(left, []);
  assert.ok(done.length > 6);
  assert.deepEqual(tree(workspace), before);
  assert.equal(readFileSync(join(workspace, "a.txt"), "utf8"), "one\n");
  assert.equal(readFileSync(join(workspace, "src/deep/b.txt"), "utf8"), "b\n");
  assert.equal(statSync(join(workspace, "run.sh")).mode & 0o777, 0o755);
  assert.equal(readlinkSync(join(workspace, "link")), "a.txt");
});

test("what a person changed since is kept, and put back only by force", async () => {
  using world = createWorld();
  const { workspace, write } = world;
  write("a.txt", "one\n");
  write("b.txt", "one\n");
  await session(world, () => {
    write("a.txt", "two\n");
    write("b.txt", "two\n");
  });
  write("b.txt", "mine now\n");
  write("mine.txt", "mine\n");
  {
    using rewind = await open(world);
    assert.ok(rewind.planned.kind === "plan");
    assert.deepEqual(
      rewind.planned.plan.theirs.map(({ path }) => path),
      ["b.txt", "mine.txt"],
    );
    await rewind.apply("files");
  }
  assert.equal(readFileSync(join(workspace, "a.txt"), "utf8"), "one\n");
  assert.equal(readFileSync(join(workspace, "b.txt"), "utf8"), "mine now\n");
  assert.equal(readFileSync(join(workspace, "mine.txt"), "utf8"), "mine\n");
});

test("by force all of it is put back; what stood there is a checkpoint itself", async () => {
  using world = createWorld();
  world.write("b.txt", "one\n");
  await session(world, () => world.write("b.txt", "two\n"));
  world.write("b.txt", "mine now\n");
  using rewind = await open(world, { force: true });
  await rewind.apply("files");
  assert.equal(readFileSync(join(world.workspace, "b.txt"), "utf8"), "one\n");
});

test("nothing is written through a link that took the place of a folder", async () => {
  using world = createWorld();
  const { workspace, write, base } = world;
  write("src/a.txt", "one\n");
  const outside = join(base, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "a.txt"), "not yours\n");
  await session(world, () => write("src/a.txt", "two\n"));
  using rewind = await open(world, { force: true });
  renameSync(join(workspace, "src"), join(workspace, "elsewhere"));
  symlinkSync(outside, join(workspace, "src"));
  const { left } = await rewind.apply("files");
  assert.match(left.find(({ path }) => path === "src/a.txt")?.why ?? "", /link/);
  assert.equal(readFileSync(join(outside, "a.txt"), "utf8"), "not yours\n");
  assert.deepEqual(readdirSync(outside), ["a.txt"]);
});

test("what changes between the picture and the deed is left alone", async () => {
  using world = createWorld();
  world.write("a.txt", "one\n");
  await session(world, () => world.write("a.txt", "two\n"));
  await new Promise((resolve) => setTimeout(resolve, 150));
  using rewind = await open(world);
  world.write("a.txt", "three, just now\n");
  const { left } = await rewind.apply("files");
  assert.deepEqual(left, [{ path: "a.txt", why: "it changed just now" }]);
});

test("dependencies and git's own are left as they are, and said so; large files are named", async () => {
  using world = createWorld();
  const { workspace, write } = world;
  write("node_modules/x/index.js", "1\n");
  write(".git/HEAD", "ref: refs/heads/main\n");
  write("large.bin", "x".repeat(5 * 1024 * 1024));
  await session(world, () => {
    write("node_modules/x/index.js", "2\n");
    write("large.bin", "y".repeat(5 * 1024 * 1024 + 1));
  });
  using rewind = await open(world);
  assert.ok(rewind.planned.kind === "plan");
  const { plan } = rewind.planned;
  assert.deepEqual(plan.left.toSorted(), [".git/", "large.bin", "node_modules/"]);
  assert.deepEqual(plan.impossible, [{ path: "large.bin", why: "it was too large to be kept" }]);
  await rewind.apply("files");
  assert.equal(readFileSync(join(workspace, "node_modules/x/index.js"), "utf8"), "2\n");
});

test("a session that was broken off is put back too, and says that it cannot tell whose a change is", async () => {
  using world = createWorld();
  world.write("a.txt", "one\n");
  await session(world, () => world.write("a.txt", "two\n"), { isBroken: true });
  using rewind = await open(world);
  assert.ok(rewind.planned.kind === "plan" && !rewind.planned.plan.isSure);
  await rewind.apply("both");
  assert.equal(readFileSync(join(world.workspace, "a.txt"), "utf8"), "one\n");
  assert.equal(lstatSync(join(world.workspace, "a.txt")).isFile(), true);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { systemClock } from "@cloister/base";
import { applyRewind } from "../../src/sessions/rewind-apply.ts";
import type { RewindStep } from "../../src/sessions/rewind-plan.ts";
import { takeTree } from "../../src/sessions/take-tree.ts";
import { createWorld, open, session } from "./world.ts";

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

test("empty folders that only a cell had put there are no part of it, whenever they were seen", async () => {
  using world = createWorld();
  const { workspace, write } = world;
  const masks = [".claude", ".cursor", ".vscode", ".idea"].map((name) => join(workspace, name));
  for (const path of masks) mkdirSync(path);
  write(".vscode/tasks.json", "{}");
  write("a.txt", "one\n");
  await session(world, () => {
    write("a.txt", "two\n");
    for (const path of masks) rmSync(path, { recursive: true });
    mkdirSync(join(workspace, ".idea"));
  });
  using rewind = await open(world);
  assert.deepEqual(rewind.planned.kind === "plan" && rewind.planned.plan.steps.map(({ path }) => path), [
    ".vscode",
    ".vscode/tasks.json",
    "a.txt",
  ]);
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

test("a command that exchanges a folder for a link meanwhile gets nothing of what lies outside kept, and puts nothing there", async () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "rewind-race-")));
  const [workspace, outside] = [join(base, "work"), join(base, "outside")];
  mkdirSync(join(workspace, "a"), { recursive: true });
  mkdirSync(outside);
  for (let n = 0; n < 50; n++) {
    writeFileSync(join(workspace, `a/key${n}`), "inside!");
    writeFileSync(join(outside, `key${n}`), "outside");
  }
  symlinkSync(outside, join(workspace, "link"));
  const exchanging = new Worker(
    `const { renameSync } = require("node:fs");
    const { workerData: folder } = require("node:worker_threads");
    const [place, real, link] = ["a", "real", "link"].map((name) => folder + "/" + name);
    const step = (from, to) => { try { renameSync(from, to); } catch {} };
    for (let n = 0; n < 1e9; n++) {
      const aside = real + n;
      step(place, aside); step(link, place); step(place, link); step(aside, place);
    }`,
    { eval: true, workerData: workspace },
  );
  const kept: string[] = [];
  const store = {
    put: (content: Uint8Array) => String(kept.push(Buffer.from(content).toString())),
    get: () => Buffer.from("planted"),
    together: <T>(work: () => T) => work(),
  };
  const wanted = { type: "file", mode: 0o644, bytes: 7, object: "x" } as const;
  const stepsOf = (round: number): RewindStep[] =>
    Array.from({ length: 100 }, (_, n) => {
      const path = `a/planted${round}-${n}`;
      return { path, kind: "created", now: undefined, stamps: undefined, wanted };
    });
  try {
    await once(exchanging, "online");
    const started = performance.now();
    for (let round = 0; performance.now() - started < 800; round++) {
      applyRewind({ steps: stepsOf(round) } as never, { workspace, store });
      await takeTree({ workspace, known: new Map(), store: store as never, clock: systemClock });
    }
  } finally {
    await exchanging.terminate();
  }
  assert.ok(!kept.includes("outside"));
  assert.equal(readdirSync(outside).length, 50);
  rmSync(base, { recursive: true, force: true });
});

/** A repository goes back with its files: by our own hands, all of it or nothing, and never over somebody else's work. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createWorld, open, session, type World } from "./world.ts";

function git(world: World, ...args: readonly string[]): string {
  return execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
    cwd: world.workspace,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: world.base, GIT_CONFIG_NOSYSTEM: "1" },
  }).trim();
}

/** One commit, something staged, something not; and a hook that tells of itself. */
function createRepository(): World {
  const world = createWorld();
  git(world, "init", "-q", "-b", "main");
  world.write("a.txt", "one\n");
  git(world, "add", ".");
  git(world, "commit", "-q", "-m", "first");
  world.write("staged.txt", "staged\n");
  git(world, "add", "staged.txt");
  world.write("a.txt", "not staged\n");
  for (const hook of ["post-checkout", "reference-transaction", "post-index-change"]) {
    const path = join(world.workspace, ".git/hooks", hook);
    writeFileSync(path, `#!/bin/sh\n: > ${join(world.base, "ran")}\n`, { mode: 0o755 });
  }
  return world;
}

/** All that a person sees of it. */
const seen = (world: World): readonly string[] => [
  git(world, "log", "--all", "--format=%H %D"),
  git(world, "status", "--porcelain=v2", "--branch"),
  git(world, "diff", "--cached"),
];

/** What an agent does with a shell. */
function commitMuch(world: World): void {
  git(world, "commit", "-q", "-a", "-m", "the agent's");
  git(world, "switch", "-q", "-c", "feature/agent");
  world.write("b.txt", "b\n");
  git(world, "add", ".");
  git(world, "commit", "-q", "-m", "more of it");
  git(world, "tag", "v1");
  git(world, "branch", "-q", "-f", "main", "HEAD");
  git(world, "pack-refs", "--all");
}

test("commits, branches, tags and what was staged are as before the message; no hook runs, and no commit is lost", async () => {
  using world = createRepository();
  const before = seen(world);
  let made = "";
  await session(world, () => {
    commitMuch(world);
    made = git(world, "rev-parse", "HEAD");
  });
  rmSync(join(world.base, "ran"), { force: true });
  using rewind = await open(world);
  assert.ok(rewind.planned.kind === "plan");
  assert.ok(rewind.planned.plan.steps.some(({ path }) => path === ".git/HEAD"));
  const { left } = await rewind.apply("files");
  assert.deepEqual(left, []);
  assert.equal(existsSync(join(world.base, "ran")), false);
  assert.deepEqual(seen(world), before);
  assert.equal(git(world, "fsck", "--no-dangling"), "");
  assert.match(git(world, "reflog", "--format=%H"), new RegExp(made));
  assert.equal(existsSync(join(world.workspace, ".git/index.lock")), false);
});

test("a merge that the agent began is under way no more", async () => {
  using world = createRepository();
  git(world, "commit", "-q", "-a", "-m", "second");
  git(world, "branch", "other", "HEAD~1");
  const before = seen(world);
  await session(world, () => {
    git(world, "switch", "-q", "other");
    world.write("a.txt", "theirs\n");
    git(world, "commit", "-q", "-a", "-m", "conflict");
    assert.throws(() => git(world, "merge", "main"));
  });
  using rewind = await open(world);
  await rewind.apply("files");
  assert.deepEqual(seen(world), before);
  assert.equal(existsSync(join(world.workspace, ".git/MERGE_HEAD")), false);
});

test("a branch that somebody else moved since keeps all of git as it is; by force it goes back", async () => {
  using world = createRepository();
  const before = seen(world);
  await session(world, () => {
    world.write("a.txt", "the agent's\n");
    commitMuch(world);
  });
  git(world, "commit", "-q", "--allow-empty", "-m", "mine");
  const mine = git(world, "log", "--all", "--format=%H %D");
  {
    using rewind = await open(world);
    assert.ok(rewind.planned.kind === "plan");
    const { steps, theirs } = rewind.planned.plan;
    assert.ok(theirs.some(({ path }) => path === ".git/HEAD"));
    assert.ok(!steps.some(({ path }) => path.startsWith(".git/")));
    await rewind.apply("files");
  }
  assert.equal(readFileSync(join(world.workspace, "a.txt"), "utf8"), "not staged\n");
  assert.equal(git(world, "log", "--all", "--format=%H %D"), mine);
  {
    using rewind = await open(world, { force: true });
    await rewind.apply("files");
  }
  assert.deepEqual(seen(world), before);
});

test("whoever only looks at it, which writes its index anew, is nobody who changed it", async () => {
  using world = createRepository();
  const before = seen(world);
  await session(world, () => commitMuch(world));
  const index = (): Buffer => readFileSync(join(world.workspace, ".git/index"));
  const was = index();
  utimesSync(join(world.workspace, "b.txt"), 1_700_000_000, 1_700_000_000);
  git(world, "status");
  assert.notDeepEqual(index(), was);
  using rewind = await open(world);
  assert.deepEqual(rewind.planned.kind === "plan" && rewind.planned.plan.theirs, []);
  await rewind.apply("files");
  assert.deepEqual(seen(world), before);
});

test("while git is at work there, and after a session that was broken off, git is left alone", async () => {
  using world = createRepository();
  await session(world, () => commitMuch(world), { isBroken: true });
  const after = seen(world)[0];
  {
    using rewind = await open(world);
    assert.ok(rewind.planned.kind === "plan" && !rewind.planned.plan.isSure);
    await rewind.apply("files");
    assert.equal(seen(world)[0], after);
  }
  const lock = join(world.workspace, ".git/index.lock");
  writeFileSync(lock, "");
  using rewind = await open(world, { force: true });
  const { left } = await rewind.apply("files");
  assert.match(left.find(({ path }) => path === ".git/HEAD")?.why ?? "", /index\.lock/);
  assert.equal(readFileSync(lock, "utf8"), "");
  rmSync(lock);
  assert.equal(seen(world)[0], after);
});

test("branches that git keeps in one table are left alone, and so is what belongs to them", async () => {
  using world = createRepository();
  // As `git init --ref-format=reftable` leaves it; older versions of git have no such thing.
  rmSync(join(world.workspace, ".git/refs/heads"), { recursive: true });
  writeFileSync(join(world.workspace, ".git/refs/heads"), "this repository uses the reftable format\n");
  const index = join(world.workspace, ".git/index");
  await session(world, () => writeFileSync(index, "changed"));
  using rewind = await open(world, { force: true });
  await rewind.apply("files");
  assert.equal(readFileSync(index, "utf8"), "changed");
});

test("a repository that was made since is not unmade, by force either", async () => {
  using world = createWorld();
  world.write("a.txt", "one\n");
  await session(world, () => world.write("a.txt", "two\n"));
  git(world, "init", "-q");
  const made = readdirSync(join(world.workspace, ".git"));
  using rewind = await open(world, { force: true });
  await rewind.apply("files");
  assert.deepEqual(readdirSync(join(world.workspace, ".git")), made);
  assert.equal(readFileSync(join(world.workspace, "a.txt"), "utf8"), "one\n");
});

test("somebody who commits while the plan is being read keeps all of git as it is", async () => {
  using world = createRepository();
  await session(world, () => commitMuch(world));
  using rewind = await open(world);
  git(world, "commit", "-q", "--allow-empty", "-m", "mine");
  const mine = seen(world);
  const { left, done } = await rewind.apply("files");
  assert.ok(!done.some((path) => path.startsWith(".git/")), JSON.stringify(done));
  assert.match(left.find(({ path }) => path === ".git/HEAD")?.why ?? "", /changed just now/);
  assert.deepEqual(seen(world)[0], mine[0]);
});

test("a stash that the agent dropped is listed again, and can be taken out", async () => {
  using world = createRepository();
  git(world, "stash", "push", "-q", "-m", "mine, older");
  world.write("a.txt", "newer\n");
  git(world, "stash", "push", "-q", "-m", "mine, newer");
  const before = git(world, "stash", "list", "--format=%H %gs");
  await session(world, () => git(world, "stash", "clear"));
  using rewind = await open(world);
  assert.deepEqual((await rewind.apply("files")).left, []);
  assert.equal(git(world, "stash", "list", "--format=%H %gs"), before);
  git(world, "stash", "pop", "-q");
  assert.equal(readFileSync(join(world.workspace, "a.txt"), "utf8"), "newer\n");
});

test("references that do not go back outlive a table that the agent packed them into", async () => {
  for (const isPacked of [false, true]) {
    using world = createRepository();
    git(world, "notes", "add", "-m", "a note");
    git(world, "update-ref", "refs/remotes/origin/main", "HEAD");
    git(world, "tag", "-a", "v0", "-m", "with a line of its own");
    if (isPacked) git(world, "pack-refs", "--all");
    const refs = git(world, "for-each-ref");
    await session(world, () => {
      git(world, "tag", "-a", "v1", "-m", "the agent's");
      git(world, "notes", "append", "-m", "another");
      git(world, "pack-refs", "--all");
    });
    const note = git(world, "rev-parse", "refs/notes/commits");
    {
      using rewind = await open(world);
      assert.deepEqual((await rewind.apply("files")).left, []);
    }
    assert.equal(git(world, "for-each-ref"), refs.replace(/.+(?= commit\trefs\/notes)/, note));
    assert.equal(git(world, "fsck", "--no-dangling"), "");
    using again = await open(world);
    assert.deepEqual(again.planned.kind === "plan" && again.planned.plan.steps, []);
  }
});

test("where the table is gone, what was deleted with it and does not go back stays deleted", async () => {
  using world = createRepository();
  git(world, "notes", "add", "-m", "a note");
  git(world, "update-ref", "refs/remotes/origin/main", "HEAD");
  git(world, "tag", "v0");
  git(world, "pack-refs", "--all");
  const heads = git(world, "for-each-ref", "refs/heads", "refs/tags");
  await session(world, () => {
    const head = git(world, "rev-parse", "HEAD");
    rmSync(join(world.workspace, ".git/packed-refs"));
    git(world, "update-ref", "refs/heads/main", head);
  });
  using rewind = await open(world);
  assert.deepEqual((await rewind.apply("files")).left, []);
  assert.equal(git(world, "for-each-ref"), heads);
});

test("a table of references of a form that is not known keeps all of git as it is", async () => {
  using world = createRepository();
  const table = join(world.workspace, ".git/packed-refs");
  const head = (): string => readFileSync(join(world.workspace, ".git/HEAD"), "utf8");
  await session(world, () => {
    git(world, "switch", "-q", "-c", "other");
    writeFileSync(table, "../../../etc/passwd\n");
  });
  const was = head();
  using rewind = await open(world, { force: true });
  await rewind.apply("files");
  assert.deepEqual([head(), readFileSync(table, "utf8")], [was, "../../../etc/passwd\n"]);
});

test("a repository that was moved is not taken for files that the agent made", async () => {
  for (const isLinked of [false, true]) {
    using world = createRepository();
    const head = git(world, "rev-parse", "HEAD");
    await session(world, () => {
      renameSync(join(world.workspace, ".git"), join(world.workspace, "old.git"));
      if (isLinked) symlinkSync("old.git", join(world.workspace, ".git"));
      else git(world, "init", "-q");
      world.write("new.txt", "new\n");
    });
    using rewind = await open(world, { force: true });
    await rewind.apply("files");
    assert.equal(existsSync(join(world.workspace, "new.txt")), false);
    assert.equal(git(world, "--git-dir=old.git", "rev-parse", "HEAD"), head);
    assert.equal(git(world, "--git-dir=old.git", "cat-file", "-t", `${head}^{tree}`), "tree");
    assert.ok(rewind.planned.kind === "plan");
    assert.match(
      rewind.planned.plan.impossible.find(({ path }) => path === "old.git")?.why ?? "",
      /repository/,
    );
  }
});

test("what a kill left half written in the repository is dropped by the next look", async () => {
  using world = createRepository();
  const draft = join(world.workspace, ".git", `.cloister_${"ab".repeat(12)}.tmp`);
  writeFileSync(draft, "half");
  utimesSync(draft, 1_700_000_000, 1_700_000_000);
  await session(world, () => commitMuch(world));
  assert.equal(existsSync(draft), false);
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, rehearse } from "./harness.ts";

function git(folder: string, ...args: string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
  return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" });
}

test("work in a worktree is committed on its branch; hooks and settings of the repository stay out of reach", async (t) => {
  using place = createPlace({ "a.txt": "one\n", "ran.sh": "" });
  git(place.project, "init", "--quiet");
  git(place.project, "add", ".");
  git(place.project, "commit", "--quiet", "-m", "first");
  const commit =
    "git -c user.name=a -c user.email=a@example.org commit --quiet -am second && git log --oneline | wc -l";
  const common = join(place.project, ".git");
  const attack = [
    `echo x > ${common}/config`,
    `echo x > ${common}/hooks/post-commit`,
    `echo /tmp > ${common}/worktrees/side/commondir`,
    `echo x > ${common}/worktrees/side/config.worktree`,
    `echo x > .git`,
  ].join("; ");
  const rehearsal = await rehearse([
    { calls: [{ name: "Edit", arguments: { file_path: "a.txt", old_string: "one", new_string: "two" } }] },
    { calls: [{ name: "Bash", arguments: { command: commit } }] },
    { expect: { lastMessageContains: ["2"] }, calls: [{ name: "Bash", arguments: { command: attack } }] },
    { expect: { lastMessageContains: ["Read-only file system"] }, text: "Done." },
  ]);
  t.after(() => rehearsal.close());
  const config = readFileSync(join(common, "config"), "utf8");
  const args = ["--worktree", "side", "--max-turns", "5", "--endpoint", rehearsal.url, "-p", "change it"];
  const outcome = await cloister(place, [...args, "--allow", "Bash(*)"]);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual(rehearsal.failures, []);
  assert.match(outcome.stderr, /git merge cloister\/side \(into main\)/);
  assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "one\n");
  assert.equal(git(place.project, "show", "cloister/side:a.txt"), "two\n");
  assert.equal(readFileSync(join(common, "config"), "utf8"), config);
  assert.ok(!existsSync(join(common, "hooks/post-commit")));
  assert.equal(readFileSync(join(common, "worktrees/side/commondir"), "utf8"), "../..\n");
  assert.equal(readFileSync(join(common, "worktrees/side/config.worktree"), "utf8"), "");

  const [, path = ""] =
    /side {2}cloister\/side {2}(\S+)/.exec((await cloister(place, ["worktrees", "list"])).stdout) ?? [];
  assert.match(git(path, "status", "--porcelain"), /^$/);
  writeFileSync(join(path, "a.txt"), "three\n");
  assert.match((await cloister(place, ["worktrees", "remove", "side"])).stderr, /worktree-dirty/);
  const removed = await cloister(place, ["worktrees", "remove", "side", "--force"]);
  assert.equal(removed.code, 0, removed.stderr);
  assert.ok(!existsSync(path));
  assert.equal(git(place.project, "worktree", "list").trim().split("\n").length, 1);
});

/** One task for several models, each in a worktree of its own. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

function git(folder: string, ...args: string[]): string {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
  return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" });
}

test("two models do the task side by side; a table tells what came of it, and one is taken by a merge", async () => {
  using place = createPlace({ "a.txt": "one\n" });
  git(place.project, "init", "--quiet");
  git(place.project, "add", ".");
  git(place.project, "commit", "--quiet", "-m", "first");
  await using stack = new AsyncDisposableStack();
  const edit = (text: string): JsonObject => ({ file_path: "a.txt", old_string: "one", new_string: text });
  const home = await rehearse([{ calls: [{ name: "Edit", arguments: edit("right") }] }, { text: "Done." }]);
  stack.defer(() => home.close());
  const lab = await rehearse([{ calls: [{ name: "Edit", arguments: edit("wrong") }] }, { text: "Done." }], {
    model: "big",
  });
  stack.defer(() => lab.close());
  mkdirSync(join(place.home, ".cloister"), { recursive: true });
  const settings = { endpoints: { lab: { url: lab.url, models: ["big"] } } };
  writeFileSync(join(place.home, ".cloister", "settings.json"), JSON.stringify(settings));
  const args = ["--endpoint", home.url, "--models", "rehearsal,lab", "--check", "grep -q right a.txt"];
  const result = await cloister(place, ["-p", "mend a.txt", ...args]);
  assert.equal(result.code, 0, result.stderr);
  const [head = "", first = "", second = ""] = result.stdout.split("\n");
  assert.match(head, /^model +outcome +check/);
  assert.match(first, /^rehearsal +done +passed +1 .* cloister\/try-\w+-1-rehearsal$/);
  assert.match(second, /^lab +done +failed +1 .* cloister\/try-\w+-2-lab$/);
  assert.match(bodies(lab)[0] ?? "", /^\{"model":"big"/);
  assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "one\n");
  assert.match(result.stderr, /git merge BRANCH \(into main\)/);
  git(place.project, "merge", "--quiet", /cloister\/try-\w+-1-rehearsal/.exec(first)?.[0] ?? "");
  assert.equal(readFileSync(join(place.project, "a.txt"), "utf8"), "right\n");
  const starts = (await place.entries()).filter(({ t }) => t === "session.start");
  assert.deepEqual(new Set(starts.map(({ model }) => model)), new Set(["big", "rehearsal"]));
});

test("a model that cannot be had is a row with its reason; none that did it is exit code 1", async () => {
  using place = createPlace();
  git(place.project, "init", "--quiet");
  git(place.project, "add", ".");
  git(place.project, "commit", "--quiet", "-m", "first");
  const args = ["--endpoint", "http://127.0.0.1:9", "--models", "a,b", "--output-format", "json"];
  const result = await cloister(place, ["-p", "x", ...args]);
  assert.equal(result.code, 1, result.stderr);
  const entries = JSON.parse(result.stdout) as { outcome: string; text: string }[];
  assert.deepEqual(
    entries.map(({ outcome }) => outcome),
    ["failed", "failed"],
  );
  assert.match(entries[0]?.text ?? "", /127\.0\.0\.1:9/);
  const wrong = await cloister(place, ["-p", "x", "--models", "a"]);
  assert.equal(wrong.code, 64);
});

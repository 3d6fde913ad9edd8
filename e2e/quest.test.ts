import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

const planned = JSON.stringify({
  tasks: [{ title: "Greet", details: "In greeting.txt.", check: "grep -q hello greeting.txt" }],
});

test("a quest writes what is asked for, waits for a person, plans, works, checks and ticks", async () => {
  using place = createPlace();
  const first = await rehearse([{ text: "# Requirements\n\nR1: greeting.txt says hello." }]);
  const begun = await cloister(place, ["quest", "Say hello!", "--endpoint", first.url]);
  await first.close();
  const folder = join(place.project, ".cloister/quests/say-hello");
  assert.equal(begun.code, 0, begun.stderr);
  assert.match(begun.stdout, /requirements\.md, then go on: cloister quest 'say-hello'/);
  assert.match(readFileSync(join(folder, "requirements.md"), "utf8"), /R1/);
  writeFileSync(join(folder, "requirements.md"), "R1: greeting.txt says hello. R2: and nothing else.");

  // The first answer of each session: a design, the tasks, and a model that claims to be done with its task.
  const second = await rehearse([
    { text: planned },
    {
      expect: { lastMessageContains: ["The check did not pass: grep -q hello greeting.txt"] },
      calls: [{ name: "Write", arguments: { file_path: "greeting.txt", content: "hello\n" } }],
    },
    { text: "Now it is there." },
  ]);
  const done = await cloister(place, ["quest", "say-hello", "--yes", "--endpoint", second.url]);
  await second.close();
  assert.deepEqual(second.failures, []);
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /The quest is done: 1 task, each checked/);
  assert.match(done.stderr, /FAILED: grep[^]*passed: grep/);
  assert.match(readFileSync(join(folder, "tasks.md"), "utf8"), /- \[x\] 1\. Greet/);
  assert.equal(readFileSync(join(place.project, "greeting.txt"), "utf8"), "hello\n");
  assert.match(bodies(second)[0] ?? "", /R2: and nothing else/, "a person's edit counts");

  const listed = await cloister(place, ["quest"]);
  assert.equal(listed.stdout, "say-hello\n");
});

test("while a quest is planned nothing is changed, whatever the model wants", async () => {
  using place = createPlace();
  const rehearsal = await rehearse([
    { calls: [{ name: "Write", arguments: { file_path: "x.txt", content: "x" } }] },
    { expect: { lastMessageContains: ["denied"] }, text: "# Requirements" },
  ]);
  const { code, stderr } = await cloister(place, ["quest", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual([code, rehearsal.failures], [0, []], stderr);
  assert.throws(() => readFileSync(join(place.project, "x.txt")), { code: "ENOENT" });
});

test("a wiki is written once, then only for what changed, and says what is out of date", async () => {
  using place = createPlace({ "src/a.ts": "export const a = 1;\n" });
  const rehearsal = await rehearse([{ text: "# A project\n\nIt holds one number." }]);
  const args = ["--endpoint", rehearsal.url, "--out", "docs/wiki"];
  const written = await cloister(place, ["wiki", ...args]);
  assert.equal(written.code, 0, written.stderr);
  assert.match(written.stdout, /1 page in docs\/wiki: 1 written/);
  assert.match(readFileSync(join(place.project, "docs/wiki/README.md"), "utf8"), /\[A project\]\(root\.md\)/);
  const asked = rehearsal.requests.length;

  assert.equal((await cloister(place, ["wiki", "--check", ...args])).code, 0);
  await cloister(place, ["wiki", ...args]);
  assert.equal(rehearsal.requests.length, asked, "nothing changed, nothing is asked");

  writeFileSync(join(place.project, "src/a.ts"), "export const a = 2;\n");
  const stale = await cloister(place, ["wiki", "--check", ...args]);
  assert.deepEqual([stale.code, stale.stdout], [1, "root.md\n"]);
  await rehearsal.close();
});

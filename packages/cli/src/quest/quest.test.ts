import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createQuest, listQuests, openQuest, type QuestFiles } from "./quest-files.ts";
import { runQuest, type QuestWorld, type Verdict, type Worked, type WorkOptions } from "./quest.ts";

function workspaceFor(t: TestContext): string {
  const workspace = mkdtempSync(join(tmpdir(), "quest-"));
  t.after(() => rmSync(workspace, { recursive: true }));
  return workspace;
}

const planned = {
  tasks: [
    { title: "Count words", details: "", check: "npm test" },
    { title: "Say so", details: "", check: "npm run say" },
  ],
};

interface Play {
  readonly verdicts?: readonly Verdict[];
  readonly checks?: readonly boolean[];
  readonly work?: (prompt: string, options: WorkOptions) => Partial<Worked>;
}

/** A world that says yes to everything unless told otherwise, and remembers what was asked. */
function worldOf({ verdicts = [], checks = [], work }: Play = {}): QuestWorld & {
  readonly prompts: string[];
  readonly said: string[];
} {
  const prompts: string[] = [];
  const said: string[] = [];
  const left = { verdicts: [...verdicts], checks: [...checks] };
  return {
    prompts,
    said,
    work: async (prompt, options) => {
      prompts.push(prompt);
      for (let more = await options.after?.(); more !== undefined; more = await options.after?.()) {
        said.push(more);
      }
      const isList = options.answerSchema !== undefined;
      return {
        isDone: true,
        text: `text ${prompts.length}`,
        structured: isList ? planned : undefined,
        why: "",
        ...work?.(prompt, options),
      };
    },
    check: () => Promise.resolve({ passed: left.checks.shift() ?? true, output: "1 failed" }),
    approve: () => Promise.resolve(left.verdicts.shift() ?? { kind: "yes" }),
    tell: () => {},
  };
}

function tasksOf(files: QuestFiles): string {
  return readFileSync(files.pathOf("tasks"), "utf8");
}

test("three documents are written and approved, then each task is done, checked and ticked", async (t) => {
  const files = createQuest(workspaceFor(t), "Count the words!");
  assert.equal(files.name, "count-the-words");
  const world = worldOf();
  assert.deepEqual(await runQuest(files, world), { kind: "done", tasks: 2 });
  assert.equal(world.prompts.length, 5);
  assert.equal(files.read("requirements"), "text 1\n");
  assert.match(world.prompts[1] ?? "", /text 1/);
  assert.match(tasksOf(files), /- \[x\] 1\. Count words\n {2}Check: `npm test`\n\n- \[x\] 2\. Say so/);
});

test("a person who wants to read first finds the document, and the quest goes on from there", async (t) => {
  const workspace = workspaceFor(t);
  const files = createQuest(workspace, "count");
  const first = await runQuest(files, worldOf({ verdicts: [{ kind: "yes" }, { kind: "later" }] }));
  assert.deepEqual(first, { kind: "waits", document: "design", path: files.pathOf("design") });
  writeFileSync(files.pathOf("design"), "my own design");
  const world = worldOf();
  assert.equal((await runQuest(openQuest(workspace, "count"), world)).kind, "done");
  assert.equal(world.prompts.length, 3, "nothing that was written is written again");
  assert.match(world.prompts[0] ?? "", /my own design/);
});

test("what a person says of a document goes into its next version", async (t) => {
  const files = createQuest(workspaceFor(t), "count");
  const world = worldOf({ verdicts: [{ kind: "again", words: "also in 中文" }] });
  await runQuest(files, world);
  assert.match(world.prompts[1] ?? "", /text 1[^]*also in 中文/);
  assert.equal(files.read("requirements"), "text 2\n");
});

test("a check that fails is handed back; after three the quest stops, and the task is not ticked", async (t) => {
  const files = createQuest(workspaceFor(t), "count");
  const mended = worldOf({ checks: [false, true, true] });
  assert.equal((await runQuest(files, mended)).kind, "done");
  assert.match(mended.said[0] ?? "", /npm test[^]*1 failed/);

  const other = createQuest(workspaceFor(t), "count");
  const outcome = await runQuest(other, worldOf({ checks: [false, false, false] }));
  assert.equal(outcome.kind === "stuck" && outcome.what, "Count words");
  assert.doesNotMatch(tasksOf(other), /\[x\]/);
});

test("what is ticked is not done again, and what a person added meanwhile is", async (t) => {
  const workspace = workspaceFor(t);
  const files = createQuest(workspace, "count");
  const world = worldOf({
    work: (_, { isPlanning }) => {
      if (!isPlanning && !tasksOf(files).includes("Third")) {
        writeFileSync(files.pathOf("tasks"), `${tasksOf(files)}\n- [ ] Third\n`);
      }
      return {};
    },
  });
  assert.deepEqual(await runQuest(files, world), { kind: "done", tasks: 3 });
  const again = worldOf();
  assert.deepEqual(await runQuest(openQuest(workspace, "count"), again), { kind: "done", tasks: 3 });
  assert.equal(again.prompts.length, 0);
});

test("work that fails stops the quest with its reason", async (t) => {
  const files = createQuest(workspaceFor(t), "count");
  const outcome = await runQuest(files, worldOf({ work: () => ({ isDone: false, why: "no model" }) }));
  assert.deepEqual(outcome, { kind: "stuck", what: "requirements", why: "no model" });
  assert.equal(files.read("requirements"), undefined);
});

test("equal goals are quests of their own, and one that is not there names those that are", (t) => {
  const workspace = workspaceFor(t);
  assert.deepEqual(listQuests(workspace), []);
  createQuest(workspace, "计数");
  createQuest(workspace, "计数");
  assert.deepEqual([...listQuests(workspace)].sort(), ["计数", "计数-2"]);
  assert.throws(() => openQuest(workspace, "../.."), { code: "no-quest" });
});

test("nothing is read or written through a link that a repository holds", (t) => {
  const workspace = workspaceFor(t);
  const elsewhere = workspaceFor(t);
  symlinkSync(elsewhere, join(workspace, ".cloister"));
  assert.throws(() => createQuest(workspace, "count"), { code: "link-in-the-way" });

  const other = workspaceFor(t);
  mkdirSync(join(other, ".cloister", "quests", "q"), { recursive: true });
  symlinkSync(join(elsewhere, "x"), join(other, ".cloister", "quests", "q", "design.md"));
  assert.throws(() => openQuest(other, "q"), { code: "link-in-the-way" });
});

test("a link in the place of a draft is not followed, nor one that was put there while the quest was at work", (t) => {
  const [workspace, elsewhere] = [workspaceFor(t), workspaceFor(t)];
  const quest = createQuest(workspace, "count");
  const own = join(elsewhere, "profile");
  writeFileSync(own, "mine");
  for (const name of ["requirements.md.new", "quest.json.new"]) symlinkSync(own, join(quest.folder, name));
  quest.write("requirements", "planted");
  quest.approve("requirements");
  assert.equal(readFileSync(own, "utf8"), "mine");
  assert.equal(openQuest(workspace, quest.name).read("requirements"), "planted");
  rmSync(quest.folder, { recursive: true });
  symlinkSync(elsewhere, quest.folder);
  assert.throws(() => quest.write("design", "planted"), { code: "link-in-the-way" });
  assert.throws(() => quest.read("design"), { code: "link-in-the-way" });
  assert.throws(() => quest.approve("design"), { code: "link-in-the-way" });
});

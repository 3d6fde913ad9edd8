/** The keeper's pen: it writes what was allowed, where it was allowed, and once. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { judgeChanged } from "../src/changed-call.ts";
import type { GuardedFileAnswer } from "../src/guarded-file-answer.ts";
import { writeGuardedFile } from "../src/guarded-file.ts";
import { createCallJudge } from "../src/stages/judge.ts";
import { startJudging, type Judging } from "./judging.ts";

interface Desk extends AsyncDisposable {
  readonly workspace: string;
  readonly judging: Judging;
  write(path: string, text: string): Promise<GuardedFileAnswer>;
}

/** A person who says yes to everything that they are asked. */
async function openDesk(): Promise<Desk> {
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), "airlock-guarded-")));
  const judging = await startJudging({ approve: () => Promise.resolve("once") }, { workspace });
  const { uid, gid } = statSync(workspace);
  const world = { view: { workspace }, owner: { uid, gid } };
  return {
    ...{ workspace, judging },
    write: (path, text) => writeGuardedFile(judging.world.session, world, { path, text, mode: undefined }),
    async [Symbol.asyncDispose]() {
      await judging[Symbol.asyncDispose]();
      rmSync(workspace, { recursive: true, force: true });
    },
  };
}

const tasks = ".vscode/tasks.json";

test("what a person allowed is written, and on record, once and in no other words", async () => {
  await using desk = await openDesk();
  const { judging, workspace } = desk;
  assert.match(JSON.stringify(await desk.write(tasks, "{}")), /nobody allowed/);
  await judging.judge("Write", { file_path: tasks, content: "{}\n" });
  assert.match(JSON.stringify(await desk.write(tasks, '{"evil": 1}')), /its text is not/);
  assert.equal(existsSync(join(workspace, tasks)), false);
  assert.deepEqual(await desk.write(tasks, "{}\n"), { kind: "saved" });
  assert.equal(readFileSync(join(workspace, tasks), "utf8"), "{}\n");
  writeFileSync(join(workspace, tasks), "mine\n");
  assert.match(JSON.stringify(await desk.write(tasks, "{}\n")), /its text is not/, "spent");
  assert.equal(judging.questions.length, 1);
  assert.deepEqual(
    (await judging.world.recorded("file.write")).map(({ bytes }) => bytes),
    [3],
  );
});

test("an edit is worked out from the file as it is, whatever its line ends and mark", async () => {
  await using desk = await openDesk();
  const path = ".npmrc";
  writeFileSync(join(desk.workspace, path), "\u{feff}a=1\r\nb=2\r\n");
  const { ino } = statSync(join(desk.workspace, path));
  await desk.judging.judge("Edit", { file_path: path, old_string: "b=2", new_string: "b=3" });
  assert.match(JSON.stringify(await desk.write(path, "a=1\nb=4\n")), /its text is not/);
  assert.deepEqual(await desk.write(path, "\u{feff}a=1\r\nb=3\r\n"), { kind: "saved" });
  assert.equal(readFileSync(join(desk.workspace, path), "utf8"), "\u{feff}a=1\r\nb=3\r\n");
  // The mount that guards it in open cells is lost with the file that it stands on.
  assert.equal(statSync(join(desk.workspace, path)).ino, ino);
});

test("what stands in no line of the file makes no whole file of it: a yes to a line is none to a file of that line", async () => {
  await using desk = await openDesk();
  const { judging } = desk;
  writeFileSync(join(desk.workspace, ".npmrc"), "a=1\n");
  const line = "b=2";
  const patch = ["*** Begin Patch", "*** Update File: .npmrc", "-a=1", `+${line}`, "*** End Patch"].join(
    "\n",
  );
  const moved = patch.replace("-a=1", "*** Move to: .npmrc\n-a=1");
  for (const [name, args] of [
    ["Edit", { file_path: ".npmrc", old_string: "absent", new_string: line }],
    ["NotebookEdit", { notebook_path: ".npmrc", cell_id: "1", new_source: line }],
    ["apply_patch", { input: patch }],
    ["apply_patch", { input: moved }],
  ] as const) {
    assert.equal(await judging.judge(name, args), undefined, name);
    for (const text of [line, ""]) assert.equal((await desk.write(".npmrc", text)).kind, "refused", name);
  }
  assert.equal(readFileSync(join(desk.workspace, ".npmrc"), "utf8"), "a=1\n");
});

test("a call that a hook changed is written as it was judged then", async () => {
  await using desk = await openDesk();
  const { session } = desk.judging.world;
  const call = {
    id: "call",
    name: "Write",
    arguments: JSON.stringify({ file_path: tasks, content: "[]\n" }),
  };
  assert.deepEqual(await judgeChanged(session, call, new AbortController().signal), { kind: "pass" });
  assert.deepEqual(await desk.write(tasks, "[]\n"), { kind: "saved" });
  assert.match(JSON.stringify(await desk.write(tasks, "[]\n")), /its text is not/);
});

test("a call that an answer makes twice is allowed once, and written once", async () => {
  await using desk = await openDesk();
  const call = {
    id: "call",
    name: "Write",
    arguments: JSON.stringify({ file_path: tasks, content: "{}\n" }),
  };
  const { session } = desk.judging.world;
  const attempt = { session, intent: 0, signal: new AbortController().signal };
  const event = { kind: "call", call };
  const { passed } = await createCallJudge()(attempt as never, [event, event] as never);
  assert.equal(passed.length, 2);
  assert.deepEqual(await desk.write(tasks, "{}\n"), { kind: "saved" });
  assert.match(JSON.stringify(await desk.write(tasks, "{}\n")), /its text is not/);
});

test("an edit that cannot be looked at once more when it is noted is refused, and breaks no answer", async () => {
  await using desk = await openDesk();
  const { session } = desk.judging.world;
  const note = (): never => {
    throw new Error("gone meanwhile");
  };
  Object.assign(session, { allowedEdits: { ...session.allowedEdits, note } });
  const why = await desk.judging.judge("Write", { file_path: tasks, content: "{}\n" });
  assert.match(why ?? "", /could not be judged, and was not run: gone meanwhile/);
});

test("nothing but what is guarded is the keeper's to write, and no way leads out", async () => {
  await using desk = await openDesk();
  const outside = realpathSync(mkdtempSync(join(tmpdir(), "airlock-outside-")));
  mkdirSync(join(desk.workspace, ".idea"));
  symlinkSync(outside, join(desk.workspace, ".claude"));
  symlinkSync(outside, join(desk.workspace, ".idea/out"));
  const paths = ["src/a.ts", "AGENTS.md", "/etc/passwd", "../x/.vscode/a", ".vscode/../../b", ".claude/a"];
  for (const path of [...paths, ".idea/out/a", ""]) {
    await desk.judging.judge("Write", { file_path: path, content: "x" });
    const answer = await desk.write(path, "x").catch((error: unknown) => ({ kind: String(error) }));
    assert.notEqual(answer.kind, "saved", path);
  }
  assert.deepEqual(
    [existsSync(join(outside, "a")), existsSync(join(desk.workspace, "AGENTS.md"))],
    [false, false],
  );
  rmSync(outside, { recursive: true });
});

test("what the file system says against it comes in words, without our own paths", async () => {
  await using desk = await openDesk();
  writeFileSync(join(desk.workspace, ".idea"), "a file");
  const long = `.vscode/${"n".repeat(250)}/a/${"n".repeat(300)}`;
  for (const [path, why] of [
    [".idea/x.xml", /a step of its path is no folder/],
    [long, /its name is too long/],
  ] as const) {
    await desk.judging.judge("Write", { file_path: path, content: "x" });
    const answer = await desk.write(path, "x");
    assert.ok(answer.kind === "refused");
    assert.match(answer.why, why);
    assert.doesNotMatch(answer.why, /proc|\.tmp/);
  }
});

/** Modes, rules, questions and what is remembered of the answers, by the real judge and the keeper's own door. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { classify } from "@cloister/policy";
import type { Approval, JudgementOptions, StandingWord } from "../src/index.ts";
import { rulesOf, startJudging } from "./judging.ts";

function withFolder(files: Readonly<Record<string, string>>): { readonly folder: string } & Disposable {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "permissions-test-")));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

const says = (approval: Approval): Pick<JudgementOptions, "approve"> => ({
  approve: () => Promise.resolve(approval),
});
const asksForMake = { tools: [{ tool: "Bash", match: "make*", decision: "ask" }] };
const limits = { timeoutMs: 60_000, signal: new AbortController().signal };

test("with nobody there and no rules, work in the cell goes on unasked", async () => {
  await using judging = await startJudging({});
  for (const command of [
    "npm test",
    "make -j4 2>&1 | tail",
    "rm -r out",
    "node -e 'x()'",
    "$X",
    "f() { f; }; f",
  ]) {
    assert.equal(await judging.bash(command), undefined, command);
  }
  assert.equal(await judging.judge("Write", { file_path: "a", content: "x" }), undefined);
  assert.equal(judging.world.session.judgement.approvals.asked, 0);
});

test("plan mode lets look, and nothing else, whatever a rule allows; the keeper holds it", async () => {
  const rules = rulesOf({ endorsed: ["Bash(npm test)", "Edit", "Bash"] }, "--allow");
  await using judging = await startJudging({ mode: "plan", rules });
  for (const command of ["npm test", "touch a", "echo x > a", "git commit -m x", "node x.js", "$X"]) {
    assert.match((await judging.bash(command)) ?? "passed", /mode plan/, command);
    await assert.rejects(judging.world.client.run({ shell: command }, limits), { code: "denied" }, command);
  }
  assert.match(
    (await judging.judge("Edit", { file_path: "a", old_string: "a", new_string: "b" })) ?? "",
    /mode plan/,
  );
  assert.match((await judging.judge("mcp__db__query", { sql: "select" })) ?? "", /mode plan/);
  for (const command of ["ls -la", "git status && git diff | head", "grep -rn x ."]) {
    assert.equal(await judging.bash(command), undefined, command);
  }
  assert.equal(await judging.judge("Read", { file_path: "/usr/include/x.h" }), undefined);
  assert.equal(await judging.judge("ExitPlan", { plan: "1." }), undefined);
  assert.equal(await judging.judge("TodoWrite", { todos: [] }), undefined);
  // A search of our own tools is a list of arguments, and its pattern no command.
  const found = await judging.world.client.run({ argv: ["grep", "a|touch made;$(x)", "/dev/null"] }, limits);
  assert.equal(found.exitCode, 1);
  judging.world.session.judgement.setMode("default");
  assert.equal(await judging.bash("npm test"), undefined);
});

test("in the mode that asks nothing, what would be asked is denied with the flag, though somebody is there", async () => {
  await using judging = await startJudging({ mode: "dontAsk", ...says("once") }, { policy: asksForMake });
  assert.match(
    (await judging.bash("make all")) ?? "",
    /nothing is asked in this mode.*--allow 'Bash\(make all\)'/,
  );
  assert.equal(judging.questions.length, 0);
});

test("bypass skips what the policy asks, never what it denies nor what a rule asks or denies", async () => {
  const policy = {
    tools: [
      { tool: "Bash", match: "make*", decision: "ask" },
      { tool: "Bash", match: "*--force*", decision: "deny" },
    ],
  };
  const rules = rulesOf({ ask: ["Bash(rm *)"], deny: ["Bash(dd *)"] });
  await using judging = await startJudging({ mode: "bypass", rules }, { policy });
  assert.equal(await judging.bash("make all"), undefined);
  assert.equal(await judging.judge("Write", { file_path: "AGENTS.md", content: "x" }), undefined);
  for (const command of ["git push --force", "sudo ls", "rm x", "dd if=a of=b"]) {
    assert.notEqual(await judging.bash(command), undefined, command);
  }
  const [entry] = await judging.world.recorded("endorse");
  assert.equal(entry?.["by"], "mode bypass");
});

test("who wants to be asked for everything is asked for what no rule allows, where somebody is there", async () => {
  await using judging = await startJudging({
    askFor: "all",
    rules: rulesOf({ allow: ["Bash(npm run *)"] }),
    ...says("no"),
  });
  assert.equal(await judging.bash("ls"), undefined);
  assert.equal(await judging.bash("npm run build"), undefined);
  assert.match((await judging.bash("npm install x")) ?? "", /the user said no/);
  assert.deepEqual(judging.questions[0]?.suggestions, ["Bash(npm install *)"]);
  await using nobody = await startJudging({ askFor: "all" });
  assert.equal(await nobody.bash("npm install x"), undefined);
});

test("a rule that asks is asked each time, with its words; nothing remembered answers it", async () => {
  const rules = rulesOf({ ask: ["Bash(rm *)"], allow: ["Bash"] });
  await using judging = await startJudging({ rules, ...says("always") });
  await judging.bash("rm x");
  await judging.bash("rm x");
  assert.equal(judging.questions.length, 2);
  assert.match(judging.questions[0]?.rule ?? "", /Bash\(rm \*\) in permissions\.yaml:1/);
  assert.deepEqual(judging.questions[0]?.suggestions, []);
});

test("a yes for the session is for these bytes, and for the scripts as they were", async () => {
  using place = withFolder({ "run.sh": "echo one\n" });
  await using judging = await startJudging(
    { ...says("session") },
    { policy: { tools: [{ tool: "Bash", decision: "ask" }] }, workspace: place.folder },
  );
  await judging.bash("sh run.sh a");
  await judging.bash("sh run.sh a");
  assert.equal(judging.questions.length, 1);
  assert.deepEqual(judging.questions[0]?.scripts, ["run.sh"]);
  assert.deepEqual(judging.questions[0]?.suggestions, []);
  await judging.bash("sh run.sh b");
  assert.equal(judging.questions.length, 2);
  writeFileSync(join(place.folder, "run.sh"), "echo two\n");
  await judging.bash("sh run.sh a");
  assert.equal(judging.questions.length, 3);
});

test("a script that changes between the yes and the start is not started", async () => {
  using place = withFolder({ "run.sh": "echo one\n" });
  await using judging = await startJudging(
    { ...says("once") },
    { policy: { tools: [{ tool: "Bash", decision: "ask" }] }, workspace: place.folder },
  );
  assert.equal(await judging.bash("sh run.sh"), undefined);
  writeFileSync(join(place.folder, "run.sh"), "echo planted\n");
  await assert.rejects(judging.world.client.run({ shell: "sh run.sh" }, limits), { code: "denied" });
});

test("a script that changes while the person reads is refused", async () => {
  using place = withFolder({ "run.sh": "echo one\n" });
  await using judging = await startJudging(
    {
      approve: () => {
        writeFileSync(join(place.folder, "run.sh"), "echo planted\n");
        return Promise.resolve("always");
      },
    },
    { policy: { tools: [{ tool: "Bash", decision: "ask" }] }, workspace: place.folder },
  );
  assert.match((await judging.bash("sh run.sh")) ?? "", /a script that it runs changed/);
});

test("always stores narrow rules where they help, else the exact call; it holds at once", async () => {
  const stored: StandingWord[] = [];
  const store = (word: StandingWord): Promise<void> => Promise.resolve(void stored.push(word));
  await using judging = await startJudging({ ...says("always"), store }, { policy: asksForMake });
  await judging.bash("make all");
  assert.equal(await judging.bash("make all tests"), undefined);
  assert.equal(judging.questions.length, 1);
  await judging.judge("Write", { file_path: "a.ts", content: "fetch(u, { rejectUnauthorized: false })" });
  assert.deepEqual(
    stored.map((word) => (word.kind === "rules" ? word.rules : word.text)),
    [["Bash(make all *)"], "Write(a.ts)"],
  );
  const [, exact] = stored;
  assert.ok(exact?.kind === "call");
  await using later = await startJudging({ rules: { ...rulesOf({}), approved: new Set([exact.hash]) } });
  const again = { file_path: "a.ts", content: "fetch(u, { rejectUnauthorized: false })" };
  assert.equal(await later.judge("Write", again), undefined);
  assert.notEqual(await later.judge("Write", { ...again, content: `${again.content};` }), undefined);
});

test("what a person says with a no reaches the model; who cannot be asked any more said no", async () => {
  await using judging = await startJudging(
    { ...says({ kind: "no", why: "use npm" }) },
    { policy: asksForMake },
  );
  assert.match((await judging.bash("make")) ?? "", /the user said no: use npm/);
  await using gone = await startJudging(
    { approve: () => Promise.reject(new Error("hung up")) },
    { policy: asksForMake },
  );
  assert.match((await gone.bash("make")) ?? "", /the user said no/);
  assert.equal(gone.world.troubles.length, 1);
});

test("a question about an edit holds the whole text before and after; one about several files is one question", async () => {
  using place = withFolder({ "AGENTS.md": "Use tabs.\n", "CLAUDE.md": "x\n" });
  await using judging = await startJudging({ ...says("once") }, { workspace: place.folder });
  const edit = { file_path: "AGENTS.md", old_string: "tabs", new_string: "spaces" };
  assert.equal(await judging.judge("Edit", edit), undefined);
  assert.deepEqual(judging.questions[0]?.edits, [
    { path: "AGENTS.md", before: "Use tabs.\n", after: "Use spaces.\n" },
  ]);
  const patch =
    "*** Begin Patch\n*** Update File: AGENTS.md\n-Use tabs.\n+a\n*** Update File: CLAUDE.md\n-x\n+b\n*** End Patch";
  assert.equal(await judging.judge("apply_patch", { input: patch }), undefined);
  assert.equal(judging.questions.length, 2);
  assert.equal(judging.questions[1]?.text, "AGENTS.md\nCLAUDE.md");
});

test("a standing rule says nothing of what came in since, nor of what an edit plants; a flag of this run does", async () => {
  const standing = rulesOf({ allow: ["Bash(git push *)", "Edit(src/**)"] });
  await using judging = await startJudging({ rules: standing });
  assert.equal(await judging.bash("git push origin"), undefined);
  const planted = { file_path: "src/a.ts", content: "fetch(u, { rejectUnauthorized: false })" };
  assert.notEqual(await judging.judge("Write", planted), undefined);
  judging.world.session.standing.raise(classify("public", [], "untrusted"));
  assert.notEqual(await judging.bash("git push origin"), undefined);
  const endorsed = rulesOf({ endorsed: ["Bash(git push *)", "Edit(src/**)"] }, "--allow");
  await using run = await startJudging({ rules: endorsed });
  run.world.session.standing.raise(classify("public", [], "untrusted"));
  assert.equal(await run.bash("git push origin"), undefined);
  assert.equal(await run.judge("Write", planted), undefined);
});

test("a link is judged by both of its ends, for rules as well", async () => {
  using place = withFolder({ "secrets/key": "x", "a.ts": "x" });
  symlinkSync("secrets/key", join(place.folder, "harmless.txt"));
  const rules = rulesOf({ deny: ["Read(secrets/**)"] });
  await using judging = await startJudging({ rules }, { workspace: place.folder });
  assert.match((await judging.judge("Read", { file_path: "harmless.txt" })) ?? "", /Read\(secrets/);
  assert.notEqual(await judging.bash("cat harmless.txt"), undefined);
  assert.notEqual(await judging.judge("Write", { file_path: "harmless.txt", content: "y" }), undefined);
  assert.equal(await judging.judge("Read", { file_path: "a.ts" }), undefined);
});

test("rules name subagents, skills, hosts and the tools of servers, also behind UseTool", async () => {
  const rules = rulesOf({
    deny: ["Agent(deploy)", "Skill(ship)", "WebFetch(domain:*.evil.example)", "mcp__db__drop*"],
  });
  await using judging = await startJudging({ rules });
  const refused = [
    ["Task", { subagent_type: "deploy", prompt: "x" }],
    ["UseTool", { name: "Skill", arguments: { name: "ship" } }],
    ["Skill", { skill: "ship" }],
    ["WebFetch", { url: "https://a.evil.example/x" }],
    ["UseTool", { name: "mcp__db__drop_table", arguments: {} }],
  ] as const;
  for (const [name, args] of refused) {
    assert.notEqual(await judging.judge(name, args), undefined, JSON.stringify([name, args]));
  }
  assert.equal(await judging.judge("Task", { subagent_type: "explore", prompt: "x" }), undefined);
  assert.equal(await judging.judge("mcp__db__query", {}), undefined);
});

test("a call that shows a rule one file and could hand its tool another is not run", async () => {
  const rules = rulesOf({ deny: ["Read(secrets/**)", "Bash(git push*)"] });
  await using judging = await startJudging({ rules });
  assert.match(
    (await judging.judge("Grep", { file_path: "a", path: "secrets/b", pattern: "x" })) ?? "",
    /two things/,
  );
  const typed = { id: "bash_1", command: "ls", text: "git push" };
  assert.match((await judging.judge("UseTool", { name: "BashInput", arguments: typed })) ?? "", /two things/);
  assert.equal(await judging.judge("Grep", { path: "a", pattern: "x" }), undefined);
});

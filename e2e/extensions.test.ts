import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";

/** A project as somebody used it with another agent yesterday. */
const files: Readonly<Record<string, string>> = {
  "CLAUDE.md": "Use tabs.\n@docs/style.md\n",
  "docs/style.md": "No semicolons.\n",
  "src/a.ts": "let a = 1\n",
  "src/CLAUDE.md": "In src: pure functions.\n",
  ".claude/rules/always.md": "Be brief.\n",
  ".claude/rules/ts.md": "---\npaths: src/**/*.ts\n---\nNo any.\n",
  ".claude/skills/deploy/SKILL.md":
    "---\nname: deploy\ndescription: ship it\n---\nRun ./ship.sh $ARGUMENTS\n",
  ".claude/commands/fix.md":
    "---\ndescription: mend an issue\n---\nMend issue $1. Branch: !`cat branch.txt`\n",
  ".claude/agents/critic.md": "---\nname: critic\ndescription: finds faults\ntools: Read\n---\nBe harsh.\n",
  ".claude/output-styles/pirate.md": "---\nname: pirate\n---\nSpeak like a pirate.\n",
  ".claude/settings.json": JSON.stringify({
    outputStyle: "pirate",
    env: { BUILD_KIND: "fast" },
    hooks: {
      PreToolUse: [
        { matcher: "Bash", hooks: [{ type: "command", command: '"$CLAUDE_PROJECT_DIR"/.claude/guard.sh' }] },
      ],
    },
  }),
  ".claude/guard.sh": "#!/bin/sh\ngrep -q forbidden && { echo 'the guard says no' >&2; exit 2; }\nexit 0\n",
  "branch.txt": "main\n",
};

function createProject(more: Readonly<Record<string, string>> = {}): Place {
  const place = createPlace({ ...files, ...more });
  chmodSync(join(place.project, ".claude/guard.sh"), 0o755);
  return place;
}

const bash = (command: string): { name: string; arguments: { command: string } } => ({
  name: "Bash",
  arguments: { command },
});

function messagesOf(body: string | undefined): { role: string; content: string }[] {
  const value: unknown = JSON.parse(body ?? "{}");
  assert.ok(isRecord(value) && Array.isArray(value["messages"]));
  return value["messages"] as { role: string; content: string }[];
}

test("a project made for another agent is used unchanged, once its owner trusts it", async () => {
  using place = createProject();
  const trusted = await cloister(place, ["trust", "--yes"]);
  assert.equal(trusted.code, 0, trusted.stderr);
  const rehearsal = await rehearse([
    { calls: [bash("echo $BUILD_KIND")] },
    { expect: { lastMessageContains: ["fast"] }, calls: [bash("echo forbidden")] },
    {
      expect: { lastMessageContains: ["a hook refused it: the guard says no"] },
      calls: [{ name: "Read", arguments: { file_path: "src/a.ts" } }],
    },
    {
      calls: [
        { name: "UseTool", arguments: { name: "Skill", arguments: { skill: "deploy", args: "prod" } } },
      ],
    },
    { expect: { lastMessageContains: ["Run ./ship.sh prod"] }, text: "Done." },
  ]);
  const outcome = await cloister(place, ["-p", "/fix 12", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual(rehearsal.failures, [], outcome.stderr);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.doesNotMatch(outcome.stderr, /skipped/);
  const sent = bodies(rehearsal);
  const first = messagesOf(sent[0]).map(({ content }) => content);
  assert.match(
    first[1] ?? "",
    /from CLAUDE\.md:\n\nUse tabs\.[^]*No semicolons\.[^]*from \.claude\/rules\/always\.md:\n\nBe brief\./,
  );
  assert.match(first[2] ?? "", /Speak like a pirate/);
  assert.match(first[3] ?? "", /critic: finds faults/);
  assert.match(first[4] ?? "", /- deploy: ship it/);
  assert.deepEqual(first.slice(-2), ["/fix 12", "The command /fix says:\n\nMend issue 12. Branch: main"]);
  assert.doesNotMatch(sent[2] ?? "", /No any|pure functions/);
  const seen = messagesOf(sent[3]).slice(-2);
  assert.match(seen[0]?.content ?? "", /from src\/CLAUDE\.md:\n\nIn src: pure functions\./);
  assert.match(seen[1]?.content ?? "", /from \.claude\/rules\/ts\.md:\n\nNo any\./);
  for (const [n, body] of sent.slice(1).entries()) {
    assert.ok(body.startsWith((sent[n] ?? "").slice(0, -2)), `request ${n + 2}`);
  }
});

test("before that, nothing of it runs or redirects; its words count, and a line says what was left out", async () => {
  using place = createProject({
    ".claude/settings.json": JSON.stringify({
      env: { BUILD_KIND: "fast" },
      hooks: { SessionStart: [{ hooks: [{ type: "command", command: "touch ran.txt" }] }] },
    }),
    ".mcp.json": JSON.stringify({ mcpServers: { db: { command: "touch", args: ["ran.txt"] } } }),
  });
  const rehearsal = await rehearse([
    { calls: [bash("echo [$BUILD_KIND]")] },
    { expect: { lastMessageContains: ["[]"] }, text: "Done." },
  ]);
  const outcome = await cloister(place, ["-p", "/fix 12", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual([outcome.code, rehearsal.failures], [0, []], outcome.stderr);
  assert.match(
    outcome.stderr,
    /skipped: 1 hook, 1 environment.*1 MCP server.*1 command; to allow: cloister trust/,
  );
  assert.ok(!existsSync(join(place.project, "ran.txt")));
  const first = messagesOf(bodies(rehearsal)[0]).map(({ content }) => content);
  assert.match(first[1] ?? "", /Use tabs/);
  assert.equal(first.at(-1), "/fix 12");
});

test("what was approved is bound to its bytes: a changed script or server is untrusted again, and shown", async () => {
  using place = createProject();
  await cloister(place, ["trust", "--yes"]);
  writeFileSync(join(place.project, ".claude/guard.sh"), "#!/bin/sh\ntouch ran.txt\n");
  const rehearsal = await rehearse([{ calls: [bash("echo x")] }, { text: "Done." }]);
  const outcome = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.match(outcome.stderr, /skipped, for it changed since you allowed it/);
  assert.ok(!existsSync(join(place.project, "ran.txt")));
  const shown = await cloister(place, ["trust", "--show"]);
  assert.match(shown.stdout, /-.*grep -q forbidden[^]*\+.*touch ran\.txt/);
});

test("a script that is changed while the session runs is not started any more: what was approved is its bytes", async () => {
  const hook = { matcher: "Bash", hooks: [{ type: "command", command: "sh tools/guard.sh" }] };
  using place = createPlace({
    ".claude/settings.json": JSON.stringify({ hooks: { PostToolUse: [hook] } }),
    "tools/guard.sh": "echo x >> before.txt\n",
  });
  await cloister(place, ["trust", "--yes"]);
  const rehearsal = await rehearse([
    { calls: [bash("true")] },
    { calls: [bash("echo 'touch ran.txt' > tools/guard.sh")] },
    { calls: [bash("true")] },
    { text: "Done." },
  ]);
  const outcome = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal(readFileSync(join(place.project, "tools/guard.sh"), "utf8"), "touch ran.txt\n");
  assert.equal(readFileSync(join(place.project, "before.txt"), "utf8"), "x\n");
  assert.ok(!existsSync(join(place.project, "ran.txt")));
});

test("a person's own hooks and skills need no trust, and their files are in sight of cells", async () => {
  using place = createPlace();
  const put = (path: string, text: string): void => {
    mkdirSync(join(place.home, path, ".."), { recursive: true });
    writeFileSync(join(place.home, path), text, { mode: 0o755 });
  };
  put(".claude/hooks/note.sh", "#!/bin/sh\necho from the home\n");
  put(
    ".claude/settings.json",
    JSON.stringify({
      hooks: { UserPromptSubmit: [{ hooks: [{ type: "command", command: "~/.claude/hooks/note.sh" }] }] },
    }),
  );
  put(".claude/skills/own/SKILL.md", "---\nname: own\ndescription: mine\n---\nSee extra.txt\n");
  put(".claude/skills/own/extra.txt", "more of it\n");
  const rehearsal = await rehearse([
    {
      expect: { lastMessageContains: ["A hook says: from the home"] },
      calls: [
        bash(`cat ${place.home}/.claude/skills/own/extra.txt; cat ${place.home}/.claude/settings.json`),
      ],
    },
    {
      expect: { lastMessageContains: ["more of it", "No such file"] },
      calls: [{ name: "Read", arguments: { file_path: `${place.home}/.claude/skills/own/extra.txt` } }],
    },
    { expect: { lastMessageContains: ["1\tmore of it"] }, text: "Done." },
  ]);
  const outcome = await cloister(place, ["-p", "x", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.deepEqual([outcome.code, rehearsal.failures], [0, []], outcome.stderr);
});

test("trust is kept where only its owner writes, and nobody else's word counts", async () => {
  using place = createProject();
  await cloister(place, ["trust", "--yes"]);
  const path = join(place.home, ".cloister/trust.json");
  assert.match(readFileSync(path, "utf8"), /"digest"/);
  chmodSync(path, 0o666);
  const outcome = await cloister(place, ["trust", "--show"]);
  assert.notEqual(outcome.code, 0);
  assert.match(outcome.stderr, /unsafe-trust|written by somebody else/);
});

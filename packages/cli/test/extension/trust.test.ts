import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chooseExtensions,
  compareTrust,
  countItems,
  listTrustItems,
  readExtensions,
  trustDigest,
  type ChosenExtensions,
  type TrustItem,
  type TrustState,
} from "@cloister/agent/extensions";
import { createWorld } from "./memory-world.ts";

type Files = Readonly<Record<string, string>>;

const project: Files = {
  ".claude/settings.json": JSON.stringify({
    permissions: { allow: ["Bash(make)"], deny: ["Read(.env)"] },
    hooks: {
      Stop: [
        { hooks: [{ type: "command", command: '"$CLAUDE_PROJECT_DIR"/.claude/hooks/check.sh --fast' }] },
      ],
      PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: "env node tools/guard.js" }] }],
    },
    env: { NODE_ENV: "test" },
    statusLine: { type: "command", command: "./line.sh" },
  }),
  ".mcp.json": JSON.stringify({ mcpServers: { db: { command: "npx", args: ["tsx", "db/server.ts"] } } }),
  ".claude/commands/log.md": "!`sh log.sh`",
  ".claude/commands/plain.md": "Just words",
  ".claude/hooks/check.sh": "echo ok",
  "tools/guard.js": "1",
  "db/server.ts": "2",
  "log.sh": "3",
  "line.sh": "4",
  "CLAUDE.md": "@~/notes.md",
  "~/notes.md": "N",
};

async function itemsOf(files: Files): Promise<readonly TrustItem[]> {
  const world = createWorld(files);
  return listTrustItems(world, await readExtensions(world));
}

async function stateAfter(change: Files): Promise<TrustState> {
  const before = await itemsOf(project);
  const record = { workspace: "/proj/app", digest: trustDigest(before), items: before };
  return compareTrust(await itemsOf({ ...project, ...change }), record);
}

test("everything that would run or redirect is shown, with the bytes of the scripts it names", async () => {
  const items = await itemsOf(project);
  assert.deepEqual(items.map(({ kind, name }) => `${kind} ${name}`).toSorted(), [
    "MCP server db",
    "command log",
    "environment NODE_ENV",
    "hook PreToolUse",
    "hook Stop",
    "import /home/u/notes.md",
    "permission allow",
    "script .claude/hooks/check.sh",
    "script db/server.ts",
    "script line.sh",
    "script log.sh",
    "script tools/guard.js",
    "status line statusLine",
  ]);
  assert.equal(items.find(({ name }) => name === "tools/guard.js")?.text, "1");
  assert.match(countItems(items), /^2 hooks, 1 environment, 1 status line/u);
});

test("words need no trust, and the person's own files neither", async () => {
  const items = await itemsOf({
    "AGENTS.md": "Be kind",
    ".claude/skills/a/SKILL.md": "Text",
    ".claude/agents/a.md": "---\ndescription: d\n---\np",
    ".claude/settings.json": JSON.stringify({ permissions: { deny: ["Bash(rm:*)"] } }),
    "~/.claude/settings.json": String(project[".claude/settings.json"]),
  });
  assert.deepEqual(compareTrust(items, undefined), { kind: "nothing" });
});

const changes: readonly [string, Files, string][] = [
  ["a script of a hook", { ".claude/hooks/check.sh": "curl" }, "script .claude/hooks/check.sh"],
  ["a script behind another program", { "db/server.ts": "curl" }, "script db/server.ts"],
  [
    "the command of a server of the same name",
    { ".mcp.json": JSON.stringify({ mcpServers: { db: { command: "sh", args: ["db/server.ts"] } } }) },
    "MCP server db",
  ],
  ["an insert of a command", { ".claude/commands/log.md": "!`sh log.sh` !`id`" }, "command log"],
  [
    "a setting beside the old ones",
    { ".qwen/settings.json": JSON.stringify({ env: { A: "b" } }) },
    "environment A",
  ],
  ["another import", { "CLAUDE.md": "@~/notes.md @~/more.md", "~/more.md": "x" }, "import /home/u/more.md"],
];

for (const [what, change, expected] of changes) {
  test(`trust ends with a change of ${what}, and the change is shown`, async () => {
    assert.equal((await stateAfter({})).kind, "trusted");
    const state = await stateAfter(change);
    assert.ok(state.kind === "changed");
    assert.deepEqual(
      state.changes.map(({ before, after }) => `${(after ?? before)?.kind} ${(after ?? before)?.name}`),
      [expected],
    );
  });
}

test("a change that nothing runs keeps the trust, and the order of files does not matter", async () => {
  assert.equal(
    (await stateAfter({ "src/a.ts": "x", ".claude/commands/plain.md": "Other words" })).kind,
    "trusted",
  );
  const items = await itemsOf(project);
  assert.equal(trustDigest(items), trustDigest(items.toReversed()));
});

test("what is gone is shown, too", async () => {
  const state = await stateAfter({ ".mcp.json": "{}" });
  assert.ok(state.kind === "changed");
  assert.deepEqual(
    state.changes.map(({ before, after }) => [before?.name, after]),
    [
      ["db", undefined],
      ["db/server.ts", undefined],
    ],
  );
});

test("without trust a project starts nothing and allows nothing; what it forbids holds", async () => {
  const all = await readExtensions(createWorld(project));
  const chosen = chooseExtensions(all, { isTrusted: false });
  const { hooks, mcpServers, env, statusLine, skills } = chosen;
  assert.deepEqual(
    { hooks, mcpServers, env, statusLine },
    { hooks: [], mcpServers: [], env: {}, statusLine: undefined },
  );
  assert.deepEqual(
    skills.map(({ name }) => name),
    ["plain"],
  );
  assert.deepEqual(
    chosen.permissions.map(({ isTrusted, settings }) => [isTrusted, settings.permissions.deny]),
    [
      [false, ["Read(.env)"]],
      [false, []],
    ],
  );
  const trusted = chooseExtensions(all, { isTrusted: true });
  assert.equal(trusted.hooks.length, 2);
  assert.equal(trusted.statusLine, "./line.sh");
});

const hook = (command: string, more: object = {}): string =>
  JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: "command", command }] }] }, ...more });

async function hooksOf(files: Files): Promise<string[]> {
  const chosen: ChosenExtensions = chooseExtensions(await readExtensions(createWorld(files)), {
    isTrusted: true,
  });
  return chosen.hooks.map(({ handler }) => (handler.kind === "command" ? handler.command : ""));
}

const managed = "/etc/cloister/managed-settings.json";
const mine = "~/.claude/settings.json";
const theirs = ".claude/settings.json";

test("a project switches off its own hooks, a person those below the organisation's, the organisation any", async () => {
  const off = { disableAllHooks: true };
  assert.deepEqual(await hooksOf({ [managed]: hook("m"), [mine]: hook("u"), [theirs]: hook("p") }), [
    "m",
    "u",
    "p",
  ]);
  assert.deepEqual(await hooksOf({ [managed]: hook("m"), [mine]: hook("u"), [theirs]: hook("p", off) }), [
    "m",
    "u",
  ]);
  assert.deepEqual(await hooksOf({ [managed]: hook("m"), [mine]: hook("u", off), [theirs]: hook("p") }), [
    "m",
  ]);
  assert.deepEqual(await hooksOf({ [managed]: hook("m", off), [mine]: hook("u"), [theirs]: hook("p") }), []);
  const only = { allowManagedHooksOnly: "yes" };
  assert.deepEqual(
    await hooksOf({ [managed]: hook("m", only), [mine]: hook("u"), [theirs]: hook("p", only) }),
    ["m"],
  );
});

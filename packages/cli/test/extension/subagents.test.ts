import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseExtensions, readExtensions, type Extensions } from "@cloister/agent/extensions";
import { createWorld } from "./memory-world.ts";

type Files = Readonly<Record<string, string>>;

const read = (files: Files): Promise<Extensions> => readExtensions(createWorld(files));
const doc = (head: string, body: string): string => `---\n${head}\n---\n${body}`;

const agents: readonly [string, Files, object | undefined][] = [
  [
    "Claude's file",
    {
      ".claude/agents/rev.md": doc(
        "name: reviewer\ndescription: Reviews\ntools: Read, Grep, Bash(git *)\nmodel: sonnet\nmaxTurns: 5",
        "Be strict.",
      ),
    },
    {
      name: "reviewer",
      description: "Reviews",
      prompt: "Be strict.",
      tools: ["Read", "Grep", "Bash"],
      turnsMax: 5,
      disallowedTools: [],
    },
  ],
  [
    "what makes it less than the session, or better informed, is taken",
    {
      ".claude/agents/a.md": doc(
        "name: a\ndescription: d\npermissionMode: plan\nmcpServers: [tickets]\nskills: style, review",
        "p",
      ),
    },
    {
      ...{ name: "a", description: "d", prompt: "p", disallowedTools: [] },
      ...{ isPlanning: true, mcpServers: ["tickets"], skills: ["style", "review"] },
    },
  ],
  [
    "Qwen's file, with its names of tools",
    {
      ".qwen/agents/t.md": doc(
        "name: tester\ndescription: Tests\ntools:\n  - read_file\n  - run_shell_command",
        "Test.",
      ),
    },
    { name: "tester", description: "Tests", prompt: "Test.", tools: ["Read", "Bash"], disallowedTools: [] },
  ],
  [
    "opencode's file, named by its file",
    {
      ".opencode/agent/docs.md": doc(
        "description: Docs\nmodel: local/qwen\ntools:\n  write: false\n  bash: false",
        "Write.",
      ),
    },
    {
      name: "docs",
      description: "Docs",
      prompt: "Write.",
      model: "local/qwen",
      disallowedTools: ["Write", "Bash"],
    },
  ],
  [
    "opencode's settings",
    {
      "opencode.json": JSON.stringify({
        agent: { plan: { description: "Plans", prompt: "Plan.", tools: { edit: false } } },
      }),
    },
    { name: "plan", description: "Plans", prompt: "Plan.", disallowedTools: ["Edit"] },
  ],
  [
    "a model of the house is kept",
    {
      ".claude/agents/a.md": doc("name: a\ndescription: d\nmodel: qwen3-coder\ndisallowedTools: Write", "p"),
    },
    { name: "a", description: "d", prompt: "p", model: "qwen3-coder", disallowedTools: ["Write"] },
  ],
  ["one without a description is none", { ".claude/agents/a.md": doc("name: a", "p") }, undefined],
  [
    "a name with a colon is none",
    { ".claude/agents/a.md": doc('name: "a:b"\ndescription: d', "p") },
    undefined,
  ],
];

for (const [claim, files, expected] of agents) {
  test(`subagent: ${claim}`, async () => {
    const [found] = (await read(files)).agents;
    if (found === undefined) assert.equal(expected, undefined);
    else assert.deepEqual((({ origin: _origin, ...rest }) => rest)(found), expected);
  });
}

test("a project's subagent stands in for the person's only with trust", async () => {
  const all = await read({
    ".claude/agents/a.md": doc("name: a\ndescription: theirs", "p"),
    "~/.claude/agents/a.md": doc("name: a\ndescription: mine", "p"),
  });
  assert.equal(chooseExtensions(all, { isTrusted: false }).agents[0]?.description, "mine");
  assert.equal(chooseExtensions(all, { isTrusted: true }).agents[0]?.description, "theirs");
});

test("a plugin brings skills, subagents, hooks and servers under its name, and nothing from outside its folder", async () => {
  const world = createWorld(
    {
      "/p/.claude-plugin/plugin.json": JSON.stringify({
        name: "kit",
        commands: ["./more", "../../etc"],
        version: "1.0",
      }),
      "/p/skills/pdf/SKILL.md": doc("description: d", "x"),
      "/p/more/go.md": "Go",
      "/p/agents/r.md": doc("name: r\ndescription: d", "p"),
      "/p/hooks/hooks.json": JSON.stringify({
        hooks: { Stop: [{ hooks: [{ type: "command", command: "${CLAUDE_PLUGIN_ROOT}/a.sh" }] }] },
      }),
      "/p/.mcp.json": JSON.stringify({ mcpServers: { db: { command: "db" } } }),
      "/p/output-styles/s.md": doc("name: Terse\nkeep-coding-instructions: true", "Be terse."),
    },
    { places: { plugins: ["/p"] } },
  );
  const all = await readExtensions(world);
  const chosen = chooseExtensions(all, { isTrusted: false });
  assert.deepEqual(
    chosen.skills.map(({ name }) => name),
    ["kit:pdf", "kit:go"],
  );
  assert.deepEqual(
    chosen.agents.map(({ name }) => name),
    ["kit:r"],
  );
  assert.deepEqual(
    chosen.hooks.map(({ origin }) => origin.plugin?.folder),
    ["/p"],
  );
  assert.deepEqual(
    chosen.mcpServers.map(({ name }) => name),
    ["db"],
  );
  assert.deepEqual(
    chosen.outputStyles.map((each) => [each.name, each.keepsCodingInstructions]),
    [["Terse", true]],
  );
  assert.equal(all.plugins[0]?.losses.length, 1);
});

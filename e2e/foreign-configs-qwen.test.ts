/** Configurations written for Qwen Code, in whole sessions, trusted and unchanged. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { after, bash, call, hook, mcpServer, play, useTool } from "./foreign-project.ts";

const settings = (value: object): Record<string, string> => ({
  ".qwen/settings.json": JSON.stringify(value),
});

test("hooks: its names of tools, and timeouts in milliseconds as in seconds", async () => {
  using played = await play({
    files: settings({
      hooks: {
        PreToolUse: [
          hook("run_shell_command", "grep -q curl && { echo 'no fetching' >&2; exit 2; }; exit 0", {
            timeout: 5000,
          }),
          hook("write_file|edit", "echo 'not here' >&2; exit 2", { timeout: 5 }),
        ],
      },
    }),
    turns: [
      { calls: [bash("curl http://a.test")] },
      after(["no fetching"], { calls: [call("Write", { file_path: "b.txt", content: "x" })] }),
      after(["not here"], { calls: [bash("echo fine")] }),
      after(["fine"], { text: "Done." }),
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
});

test("permission rules: its names of tools in all three lists, and the older tools.exclude", async () => {
  using played = await play({
    files: {
      ...settings({
        permissions: {
          deny: ["run_shell_command(git push*)", "read_file(private/**)"],
          ask: ["run_shell_command(npm publish*)"],
          allow: ["run_shell_command(echo *)"],
        },
        tools: { exclude: ["run_shell_command(docker)", "write_file"] },
      }),
      "private/a.txt": "inner\n",
    },
    turns: [
      {
        calls: [
          bash("git push"),
          bash("docker ps"),
          call("Read", { file_path: "private/a.txt" }),
          call("Grep", { pattern: "inner", output_mode: "content" }),
          bash("npm publish"),
          bash("echo allowed"),
          call("Write", { file_path: "b.txt", content: "x" }),
        ],
      },
      { text: "Done." },
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.ok(!existsSync(join(played.place.project, "b.txt")));
  const all = played.texts[1]?.slice(1).join("\n") ?? "";
  for (const rule of [
    "Bash(git push*)",
    "Bash(docker:*)",
    "Read(private/**)",
    "Bash(npm publish*)",
    "Write",
  ]) {
    assert.ok(all.includes(`the rule ${rule}`), `${rule}: ${all}`);
  }
  assert.match(all, /^allowed$/m);
  assert.doesNotMatch(all, /1\tinner|:1:inner/);
});

test("commands in TOML: arguments, a shell's output with them quoted, a file", async () => {
  using played = await play({
    files: {
      ".qwen/commands/look.toml":
        'description = "looks"\nprompt = """\nLook at {{args}}: !{printf %s {{args}}} and @{docs/a.md}\n"""\n',
      "docs/a.md": "Words of a.\n",
    },
    prompt: "/look x; touch ran",
    turns: [{ text: "Done." }],
  });
  const said = played.texts[0]?.at(-1) ?? "";
  assert.match(said, /Look at x; touch ran: x; touch ran and/);
  assert.match(said, /Words of a\./);
  assert.ok(!existsSync(join(played.place.project, "ran")));
});

test("commands in Markdown with {{args}}, in a folder", async () => {
  using played = await play({
    files: { ".qwen/commands/team/plan.md": "---\ndescription: plans\n---\nPlan {{args}} well.\n" },
    prompt: "/team:plan the move",
    turns: [{ text: "Done." }],
  });
  assert.match(played.texts[0]?.at(-1) ?? "", /Plan the move well\./);
});

test("a skill, and a subagent whose tools have its names", async () => {
  using played = await play({
    files: {
      ".qwen/skills/notes/SKILL.md": "---\nname: notes\ndescription: writes notes\n---\nWrite them short.\n",
      ".qwen/agents/scout.md":
        "---\nname: scout\ndescription: looks around\ntools:\n  - read_file\n  - grep_search\n---\nLook, touch nothing.\n",
      "a.txt": "alpha\n",
    },
    // Both conversations play the same script.
    turns: [
      {
        calls: [
          useTool("Skill", { skill: "notes" }),
          bash("echo x >> made.txt"),
          call("Task", { subagent_type: "scout", description: "look", prompt: "see a.txt" }),
          call("Read", { file_path: "a.txt" }),
        ],
      },
      { text: "It says alpha." },
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.equal(readFileSync(join(played.place.project, "made.txt"), "utf8"), "x\n");
  const [first = [], , own = [], main = []] = played.texts;
  assert.match(first.join("\n"), /scout: looks around[^]*- notes: writes notes/);
  assert.match(own.join("\n"), /Look, touch nothing\.[^]*scout may not use Bash[^]*1\talpha/);
  assert.match(main.join("\n"), /Write them short\.[^]*It says alpha\./);
});

test("MCP servers in its settings: only the tools that are included, none of an excluded server, its trust ignored", async () => {
  const server = { command: "node", args: ["tools/server.cjs"], trust: true };
  using played = await play({
    files: {
      ...settings({
        mcpServers: { db: { ...server, includeTools: ["look"], env: { WHO: "qwen" } }, off: server },
        mcp: { excluded: ["off"] },
      }),
      "tools/server.cjs": mcpServer,
    },
    turns: [
      {
        expect: {
          bodyContains: ["mcp__db__look"],
          bodyLacks: ["mcp__db__drop", "mcp__off__look"],
        },
        calls: [useTool("mcp__db__look", {})],
      },
      after(["look of qwen"], { text: "Done." }),
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
});

test("instructions: QWEN.md, its local file, the person's, and names that the settings give", async () => {
  using played = await play({
    files: {
      ...settings({ context: { fileName: ["TEAM.md", "QWEN.md"] } }),
      "QWEN.md": "Project words.\n",
      ".qwen/QWEN.local.md": "Local words.\n",
      "TEAM.md": "Team words.\n",
    },
    home: { ".qwen/QWEN.md": "Own words.\n" },
    turns: [{ text: "Done." }],
  });
  const all = played.texts[0]?.join("\n") ?? "";
  for (const words of ["Own", "Project", "Local", "Team"]) assert.match(all, new RegExp(`${words} words\\.`));
});

test("approvalMode plan is kept to; yolo turns nothing off", async () => {
  for (const approvalMode of ["plan", "yolo"]) {
    using played = await play({
      files: settings({ tools: { approvalMode }, permissions: { ask: ["run_shell_command(npm publish*)"] } }),
      turns: [
        {
          calls: [
            call("Write", { file_path: "b.txt", content: "x" }),
            bash("npm publish --dry-run"),
            bash("echo seen"),
          ],
        },
        { text: "Done." },
      ],
    });
    assert.equal(played.outcome.code, 0, played.outcome.stderr);
    assert.equal(existsSync(join(played.place.project, "b.txt")), approvalMode === "yolo", approvalMode);
    const all = played.texts[1]?.slice(1).join("\n") ?? "";
    assert.match(all, /npm publish --dry-run/);
    assert.doesNotMatch(all, /npm error|exit code/);
  }
});

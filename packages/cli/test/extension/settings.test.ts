import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chooseExtensions,
  expandMcpServer,
  readExtensions,
  type ImportedSettings,
} from "@cloister/agent/extensions";
import { createWorld } from "./memory-world.ts";

async function settingsOf(path: string, text: unknown): Promise<ImportedSettings> {
  const files = { [path]: typeof text === "string" ? text : JSON.stringify(text) };
  const [settings] = (await readExtensions(createWorld(files))).settings;
  assert.ok(settings);
  return settings;
}

type Lists = Partial<ImportedSettings["permissions"]>;

const permissions: readonly [string, string, unknown, Lists][] = [
  [
    "Claude's rules are taken as they are",
    ".claude/settings.json",
    {
      permissions: {
        allow: ["Bash(npm run test:*)", "Read(~/.zshrc)"],
        deny: ["Read(./.env)"],
        ask: ["Bash(git push:*)"],
      },
    },
    { allow: ["Bash(npm run test:*)", "Read(~/.zshrc)"], deny: ["Read(./.env)"], ask: ["Bash(git push:*)"] },
  ],
  [
    "private settings are the project's too",
    ".claude/settings.local.json",
    {
      permissions: {
        allow: ["WebFetch(domain:x.test)"],
        defaultMode: "acceptEdits",
        additionalDirectories: ["../lib"],
      },
    },
    { allow: ["WebFetch(domain:x.test)"], defaultMode: "acceptEdits", additionalDirectories: ["../lib"] },
  ],
  [
    "Qwen's rules with its names of tools",
    ".qwen/settings.json",
    { permissions: { allow: ["run_shell_command(git status)", "Read"], deny: ["write_file"] } },
    { allow: ["Bash(git status)", "Read"], deny: ["Write"] },
  ],
  [
    "Gemini's lists of tools are rules on what begins so",
    ".gemini/settings.json",
    {
      tools: { allowed: ["run_shell_command(git status)"], exclude: ["run_shell_command(rm)", "web_fetch"] },
    },
    { allow: ["Bash(git status:*)"], deny: ["Bash(rm:*)", "WebFetch"] },
  ],
  [
    "opencode's patterns; what it asks of all others is the default",
    "opencode.json",
    { permission: { bash: { "git *": "allow", "rm *": "deny", "*": "ask" }, edit: "ask" } },
    { allow: ["Bash(git *)"], deny: ["Bash(rm *)"], ask: ["Edit"] },
  ],
];

for (const [claim, path, value, expected] of permissions) {
  test(`permissions: ${claim}`, async () => {
    const settings = await settingsOf(path, value);
    assert.deepEqual({ ...settings.permissions, ...expected }, settings.permissions);
    assert.equal(settings.origin.scope, "project");
  });
}

type Server = Record<string, unknown>;

const servers: readonly [string, string, unknown, readonly Server[]][] = [
  [
    "a program with arguments",
    ".mcp.json",
    { mcpServers: { db: { command: "npx", args: ["-y", "db"], env: { A: "1" } } } },
    [{ name: "db", kind: "stdio", command: "npx", args: ["-y", "db"], env: { A: "1" } }],
  ],
  [
    "an address with its type",
    ".mcp.json",
    { mcpServers: { web: { type: "http", url: "https://x.test/mcp", headers: { A: "b" } } } },
    [{ name: "web", kind: "http", url: "https://x.test/mcp", headers: { A: "b" } }],
  ],
  [
    "an address without a type is a mistake",
    ".mcp.json",
    { mcpServers: { web: { url: "https://x.test" } } },
    [],
  ],
  [
    "a file's address is no server",
    ".mcp.json",
    { mcpServers: { web: { type: "http", url: "file:///etc/passwd" } } },
    [],
  ],
  [
    "Qwen's trust is ignored, its tool lists are kept",
    ".qwen/settings.json",
    { mcpServers: { a: { command: "a", trust: true, includeTools: ["x"], timeout: 5000 } } },
    [{ name: "a", kind: "stdio", includeTools: ["x"], timeoutMs: 5000 }],
  ],
  [
    "Gemini's url is SSE, its httpUrl is HTTP",
    ".gemini/settings.json",
    { mcpServers: { a: { url: "https://x.test/sse" }, b: { httpUrl: "https://x.test/mcp" } } },
    [
      { name: "a", kind: "sse" },
      { name: "b", kind: "http" },
    ],
  ],
  [
    "Codex's tables",
    ".codex/config.toml",
    '[mcp_servers.a]\ncommand = "a"\nargs = ["b"]\ntool_timeout_sec = 9\n[mcp_servers.b]\ncommand = "b"\nenabled = false',
    [{ name: "a", kind: "stdio", args: ["b"], timeoutMs: 9000 }],
  ],
  [
    "opencode's command is a list",
    "opencode.jsonc",
    '{ /* x */ "mcp": {"a": {"type": "local", "command": ["bun", "x"], "environment": {"A": "//"}}, "b": {"type": "remote", "url": "https://x.test"}} }',
    [
      { name: "a", kind: "stdio", command: "bun", args: ["x"], env: { A: "//" } },
      { name: "b", kind: "http" },
    ],
  ],
];

for (const [claim, path, value, expected] of servers) {
  test(`MCP: ${claim}`, async () => {
    const { mcpServers } = await settingsOf(path, value);
    assert.equal(mcpServers.length, expected.length);
    for (const [index, server] of mcpServers.entries()) {
      assert.deepEqual({ ...server, ...expected[index] }, server);
    }
  });
}

test("variables of a server are filled from what it may see, defaults after, and what is unset is named", async () => {
  const { mcpServers } = await settingsOf(".mcp.json", {
    mcpServers: { a: { command: "${BIN:-db}", args: ["${A}", "${B}"], env: { C: "${A}-${toString}" } } },
  });
  assert.ok(mcpServers[0]);
  const { server, unset } = expandMcpServer(mcpServers[0], { A: "${B}" });
  assert.deepEqual(
    { ...server, command: "db", args: ["${B}", "${B}"], env: { C: "${B}-${toString}" } },
    server,
  );
  assert.deepEqual(unset, ["B", "toString"]);
});

test("neither secrets nor variables that lead elsewhere are taken from settings", async () => {
  const { env, losses } = await settingsOf(".claude/settings.json", {
    env: {
      NODE_ENV: "test",
      LEVEL: 3,
      API_KEY: "made up",
      ANTHROPIC_BASE_URL: "https://x.test",
      LD_PRELOAD: "./x.so",
      CLOISTER_HOME: "./cfg",
      PATH: "./bin",
      "A B": "c",
    },
  });
  assert.deepEqual(env, { NODE_ENV: "test", LEVEL: "3" });
  assert.equal(losses.length, 6);
});

test("what is not taken over is named: helpers, models, approvals of all servers", async () => {
  const { losses, statusLine } = await settingsOf(".claude/settings.json", {
    model: "opus",
    apiKeyHelper: "./key.sh",
    enableAllProjectMcpServers: true,
    statusLine: { type: "command", command: "./line.sh" },
  });
  assert.deepEqual(losses.map(({ subject }) => subject).toSorted(), [
    "apiKeyHelper",
    "enableAllProjectMcpServers",
    "model",
  ]);
  assert.equal(statusLine, "./line.sh");
});

test("hooks of Gemini take our events and milliseconds, those of Codex ours and seconds", async () => {
  const gemini = await settingsOf(".gemini/settings.json", {
    hooks: {
      BeforeTool: [{ matcher: "write_file", hooks: [{ type: "command", command: "a", timeout: 5000 }] }],
      BeforeModel: [{ hooks: [{ type: "command", command: "b" }] }],
    },
  });
  assert.deepEqual(
    gemini.hooks.map(({ event, timeoutMs }) => [event, timeoutMs]),
    [["PreToolUse", 5000]],
  );
  assert.deepEqual(
    gemini.losses.map(({ subject }) => subject),
    ["hooks.BeforeModel"],
  );
  const codex = await settingsOf(
    ".codex/config.toml",
    '[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "a"\ntimeout = 5',
  );
  assert.deepEqual(
    codex.hooks.map(({ event, timeoutMs }) => [event, timeoutMs]),
    [["Stop", 5000]],
  );
});

test("a file that cannot be read is a loss and nothing else", async () => {
  for (const [path, text] of [
    [".claude/settings.json", '{"permissions": {"allow": ["Bash"]}, }'],
    [".claude/settings.json", "[]"],
    [".codex/config.toml", "= 1"],
    ["opencode.json", "{ /* never closed"],
  ] as const) {
    const settings = await settingsOf(path, text);
    assert.equal(settings.losses.length, 1, text);
    assert.deepEqual(settings.permissions.allow, []);
  }
});

test("the language of answers is the narrowest's, also of a project that nobody trusts; the organisation has the last word", async () => {
  const files = {
    "~/.cloister/settings.json": '{"language": "Japanese"}',
    ".claude/settings.json": '{"language": "zh"}',
  };
  const languageOf = async (more: Record<string, string>): Promise<string | undefined> =>
    chooseExtensions(await readExtensions(createWorld(more)), { isTrusted: false }).answerLanguage;
  assert.equal(await languageOf({}), undefined);
  assert.equal(await languageOf({ "~/.cloister/settings.json": '{"language": "Japanese"}' }), "Japanese");
  assert.equal(await languageOf(files), "zh");
  const managed = { "/etc/cloister/managed-settings.json": '{"language": "English"}' };
  assert.equal(await languageOf({ ...files, ...managed }), "English");
  const { losses } = await settingsOf(".claude/settings.json", { language: "zh. Then run this:" });
  assert.match(losses[0]?.why ?? "", /no name of a language/);
});

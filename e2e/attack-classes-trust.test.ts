/** What a repository, or code in a cell, would have run outside of it: before a person trusted it, and after. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { attend } from "./attack-classes/attended.ts";
import { hostileFiles, makeHostile, whatRan } from "./attack-classes/hostile-clone.ts";
import type { Call } from "./attacks/model.ts";
import { bodies, cloister, createPlace, rehearse, type Place } from "./harness.ts";
import { hasMachines, machineWith } from "./machine.ts";

interface Sink extends AsyncDisposable {
  readonly url: string;
  readonly hits: readonly string[];
}

async function openSink(): Promise<Sink> {
  const hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url}`);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const inHome = ({ home }: Place): string[] => readdirSync(home).toSorted();

test("of a hostile clone nothing runs, nothing is asked and no variable counts, whatever the product is started for", async () => {
  await using sink = await openSink();
  using place = createPlace(hostileFiles(sink.url));
  makeHostile(place);
  const rehearsal = await rehearse([
    { calls: [{ name: "Bash", arguments: { command: "env" } }] },
    { calls: [{ name: "Read", arguments: { file_path: "package.json" } }] },
    { text: "Done." },
  ]);
  const here = ["--endpoint", rehearsal.url];
  const starts = [
    ["--version"],
    ["--help"],
    ["cell", "doctor"],
    ["trust", "--show"],
    ["permissions"],
    ["mcp", "list"],
    ["sessions", "list"],
    ["worktrees", "list"],
    ["scan", "."],
    ["ledger", "exposure"],
    ["-p", "hi", ...here],
    ["-p", "/go", ...here],
    ["-p", "hi", "--permission-mode", "plan", ...here],
    ["-p", "hi", "--worktree", "side", ...here],
  ];
  for (const args of starts) {
    await cloister(place, args);
    assert.deepEqual([args, whatRan(place), sink.hits], [args, [], []]);
  }
  await rehearsal.close();
  const sent = bodies(rehearsal).join("\n");
  assert.ok(rehearsal.requests.length >= 6, "the sessions took place");
  assert.doesNotMatch(sent, /CANARY-FROM-ENV|CANARY-OUTSIDE/);
  assert.doesNotMatch(sent, /NODE_OPTIONS=|BASH_ENV=|HOME=\.\/cfg/);
  assert.deepEqual(inHome(place), [".cloister", ".ssh"]);
});

test("while a question is open nothing of the clone runs either, and a no leaves it so", async () => {
  await using sink = await openSink();
  using place = createPlace(hostileFiles(sink.url));
  makeHostile(place);
  const write: Call = { name: "Write", args: { file_path: "AGENTS.md", content: "Mine.\n" } };
  const { asked } = await attend(place, [write, { name: "Glob", args: { pattern: "*.md" } }, "Done."]);
  assert.deepEqual([asked.length, whatRan(place), sink.hits], [1, [], []]);
});

test("a value of git's settings is never read through a shell", async () => {
  using place = createPlace({ "a.txt": "one\n" });
  makeHostile(place);
  const rehearsal = await rehearse([
    { calls: [{ name: "Edit", arguments: { file_path: "a.txt", old_string: "one", new_string: "two" } }] },
    { text: "Done." },
  ]);
  for (const more of [[], ["--review=promote"], ["--worktree", "w"]]) {
    await cloister(place, ["-p", "hi", "--endpoint", rehearsal.url, ...more]);
  }
  await rehearsal.close();
  assert.deepEqual(whatRan(place), []);
});

/** What code in a cell would leave for the git that a person starts outside. */
const plants: readonly string[] = [
  `git config filter.x.clean "touch $MARK"; echo '* filter=x' > .gitattributes`,
  `printf '[filter "x"]\\n\\tclean = touch %s\\n' "$MARK" >> .git/config; echo '* filter=x' >> .git/info/attributes`,
  `printf '[core]\\n\\tfsmonitor = touch %s\\n' "$MARK" >> .git/config`,
  `git config core.hooksPath hooks; mkdir -p hooks; printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > hooks/post-commit; chmod +x hooks/post-commit`,
  `printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > .git/hooks/post-commit; chmod +x .git/hooks/post-commit`,
  `mv .git/hooks .git/old; mkdir .git/hooks; printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit`,
  `mv .git .git-old; cp -r .git-old .git; git config core.fsmonitor "touch $MARK"`,
  `git config --worktree core.fsmonitor "touch $MARK"; git config extensions.worktreeConfig true`,
  `printf '[core]\\n\\tfsmonitor = touch %s\\n' "$MARK" > .git/config.worktree`,
  `git config include.path ../more; printf '[core]\\n\\tfsmonitor = touch %s\\n' "$MARK" > more`,
  `rm -rf .git; printf 'gitdir: other\\n' > .git; git init -q --bare other; printf '[core]\\n\\tfsmonitor = touch %s\\n' "$MARK" >> other/config`,
  `mkdir -p .git/modules/m; printf '[core]\\n\\tfsmonitor = touch %s\\n\\tworktree = ../../..\\n' "$MARK" > .git/modules/m/config`,
  `git init -q sub; printf '[core]\\n\\tfsmonitor = touch %s\\n' "$MARK" >> sub/.git/config`,
  `git init -q sub2; printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > sub2/.git/hooks/pre-commit; chmod +x sub2/.git/hooks/pre-commit`,
  `git init -q --bare bare; printf '[core]\\n\\tfsmonitor = touch %s\\n\\tbare = false\\n\\tworktree = .\\n' "$MARK" >> bare/config`,
  `git config alias.status "!touch $MARK"; git config core.pager "touch $MARK"; git config core.editor "touch $MARK"`,
  `ln -sfn "$PWD/evil" .git/hooks; mkdir -p evil; printf '#!/bin/sh\\ntouch %s\\n' "$MARK" > evil/post-commit; chmod +x evil/post-commit`,
  `git config --global core.fsmonitor "touch $MARK"; printf '[core]\\n\\tfsmonitor = touch %s\\n' "$MARK" > ~/.gitconfig`,
];

test("what code in a cell leaves behind starts nothing when a person then works with git", async () => {
  using place = createPlace({ "a.txt": "one\n" });
  const { project, home, base } = place;
  const mark = join(base, "MARK");
  const git = (folder: string, ...args: readonly string[]): void => {
    try {
      execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.test", ...args], {
        cwd: folder,
        env: { PATH: process.env["PATH"] ?? "", HOME: home, GIT_EDITOR: "true" },
        stdio: "ignore",
      });
    } catch {
      // What a command broke for git is no way out; what it started would have left its mark.
    }
  };
  git(project, "init", "-q");
  git(project, "add", ".");
  git(project, "commit", "-qm", "first");
  for (const [at, plant] of plants.entries()) {
    await cloister(place, ["cell", "--", "sh", "-c", `MARK=${mark}; ${plant}`]);
    writeFileSync(join(project, "a.txt"), `${at}\n`);
    const folders = ["", "sub", "sub2", "bare", "other"].map((name) => join(project, name));
    for (const folder of folders.filter((name) => existsSync(name))) {
      for (const args of [["status"], ["add", "-A"], ["commit", "-qm", `n${at}`]]) {
        git(folder, ...args);
      }
    }
    assert.equal(existsSync(mark), false, plant);
  }
  assert.deepEqual(
    inHome(place).filter((name) => name !== ".cloister"),
    [".ssh"],
  );
});

test("a worktree has a plain name of its own, below the person's folder and nowhere else", async () => {
  using place = createPlace();
  makeHostile(place);
  const names = [
    ...[".git", "..", "../../x", "/tmp/x", "a/b", "a\\b", "-rf", "a b", "a\nb", "$HOME", "%2e%2e"],
    ...["HEAD.lock", "a..b", "@{u}", "x".repeat(200), "\u202ex"],
  ];
  for (const name of names) {
    const { code, stderr } = await cloister(place, [
      `--worktree=${name}`,
      "-p",
      "hi",
      "--endpoint",
      "http://127.0.0.1:9",
    ]);
    assert.notEqual(code, 0, name);
    assert.match(stderr, /\[usage\]/, name);
  }
  assert.deepEqual(
    inHome(place).filter((name) => name !== ".cloister"),
    [".ssh"],
  );
  assert.equal(existsSync(join(place.home, ".cloister/worktrees")), false);
  assert.deepEqual(whatRan(place), []);
});

test("a server that a person approved is another one when its command, arguments, variables or script change", async () => {
  const touch = ["-c", "mkdir -p ran; touch ran/server"];
  const approved = { command: "sh", args: ["serve.sh"], env: { KIND: "a" } };
  const changes: Readonly<Record<string, object>> = {
    command: { ...approved, command: "bash" },
    arguments: { ...approved, args: touch },
    "one more argument": { ...approved, args: ["serve.sh", "--now"] },
    variables: { ...approved, env: { KIND: "a", BASH_ENV: "./evil.sh" } },
    "a folder": { ...approved, cwd: "/tmp" },
    "an address": { type: "http", url: "http://127.0.0.1:9/mcp" },
  };
  using place = createPlace({ "serve.sh": "exit 0\n" });
  const file = join(place.project, ".mcp.json");
  const write = (servers: object): void => writeFileSync(file, JSON.stringify({ mcpServers: servers }));
  write({ db: approved });
  assert.equal((await cloister(place, ["trust", "--yes"])).code, 0);
  const start = async (): Promise<string> => {
    const rehearsal = await rehearse([{ text: "Hi." }]);
    const { stderr } = await cloister(place, ["-p", "hi", "--endpoint", rehearsal.url]);
    await rehearsal.close();
    return stderr;
  };
  const said = /skipped, for it changed since you allowed it|1 MCP server.*cloister trust|cloister trust/;
  assert.doesNotMatch(await start(), said, "as it was approved it counts");
  for (const [what, changed] of Object.entries(changes)) {
    write({ db: changed });
    assert.match(await start(), said, what);
    const { stdout } = await cloister(place, ["trust", "--show"]);
    assert.match(stdout, /^[^\n]*-[^\n]*/m, what);
    assert.ok(stdout.includes("db"), `${what}\n${stdout}`);
    assert.deepEqual(whatRan(place), [], what);
  }
  write({ db: approved });
  writeFileSync(join(place.project, "serve.sh"), "mkdir -p ran; touch ran/server\n");
  assert.match(await start(), said, "the script it names");
  assert.deepEqual(whatRan(place), []);
});

/** Files that turn approvals off, start programs or give orders, of as many makers as there are. */
const steering: readonly string[] = [
  ...[".claude/settings.json", ".claude/settings.local.json", ".claude/commands/x.md", ".claude/agents/x.md"],
  ...[
    ".claude/skills/x/SKILL.md",
    ".claude/hooks/x.sh",
    ".mcp.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
  ],
  ...[
    ".cursorrules",
    ".cursor/rules/x.mdc",
    ".vscode/settings.json",
    ".vscode/tasks.json",
    ".vscode/launch.json",
  ],
  ...[
    ".vscode/mcp.json",
    ".vscode/extensions.json",
    "x.code-workspace",
    ".idea/workspace.xml",
    ".zed/settings.json",
  ],
  ...[".gemini/settings.json", "GEMINI.md", ".qwen/settings.json", "QWEN.md", ".qoder/settings.json"],
  ...[
    ".codex/config.toml",
    "AGENTS.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "AGENTS.override.md",
    "opencode.json",
  ],
  ...[".opencode/plugin/x.js", ".cloister/settings.json", ".cloister/permissions.yaml", ".windsurfrules"],
  ...[
    ".clinerules",
    ".roo/mcp.json",
    ".continue/config.yaml",
    ".aider.conf.yml",
    ".github/copilot-instructions.md",
  ],
  ...[
    ".github/workflows/x.yml",
    ".gitlab-ci.yml",
    ".envrc",
    ".npmrc",
    ".husky/pre-commit",
    ".git/hooks/pre-commit",
  ],
  ...[".kiro/hooks/x.json", "crush.json", ".junie/guidelines.md", "WARP.md", ".openhands/setup.sh", ".exrc"],
  ...["mise.toml", ".github/hooks/x.json", ".gitea/workflows/x.yml", "x.sublime-project", ".cursorignore"],
  ...[
    ".git/config",
    ".gitattributes",
    ".gitmodules",
    ".devcontainer/devcontainer.json",
    "sub/.claude/settings.json",
  ],
  ...[".CLAUDE/settings.json", ".Vscode/tasks.json", "./.vscode//settings.json", "src/../.mcp.json"],
];

test("where edits are accepted unasked, each file that steers agents, editors or machines is asked about all the same", async () => {
  using place = createPlace({ "src/a.txt": "x\n" });
  const write = (path: string): Call => ({ name: "Write", args: { file_path: path, content: '{"x":1}\n' } });
  const script = steering.flatMap((path, at) => [
    write(path),
    { name: "Glob", args: { pattern: `*.${at}` } },
  ]);
  const { asked, stdout } = await attend(place, [write("src/b.txt"), ...script, "Done."], {
    flags: ["--permission-mode", "acceptEdits"],
  });
  assert.match(stdout, /"result":"Done\."/, "the whole list was tried");
  const askedFor = new Set(asked.map(({ input }) => input["file_path"]));
  const missing = steering.filter((path) => !askedFor.has(path) && existsSync(join(place.project, path)));
  assert.deepEqual(missing, [], "none was written");
  assert.deepEqual(
    steering.filter(
      (path) => !askedFor.has(path) && !path.startsWith(".git/") && !path.startsWith(".cloister/"),
    ),
    [],
  );
  assert.ok(existsSync(join(place.project, "src/b.txt")), "an ordinary file was");
});

test("hooks that code in a cell writes in another agent's format are never executed", async () => {
  const hooks = (event: string): string =>
    JSON.stringify({
      hooks: { [event]: [{ hooks: [{ type: "command", command: "mkdir -p ran; touch ran/hook" }] }] },
    });
  using place = createPlace({ ".claude/settings.json": "{}\n", ".gemini/settings.json": "{}\n" });
  for (const [file, event] of [
    [".claude/settings.json", "SessionStart"],
    [".claude/settings.local.json", "UserPromptSubmit"],
    [".gemini/settings.json", "BeforeAgent"],
    [".qwen/settings.json", "SessionStart"],
    [".qoder/settings.json", "SessionStart"],
    [".codex/hooks.json", "SessionStart"],
    [".cloister/settings.json", "SessionStart"],
  ] as const) {
    const text = hooks(event);
    const script = `mkdir -p ${dirname(file)}; printf %s '${text}' > ${file}`;
    const rehearsal = await rehearse([
      { calls: [{ name: "Bash", arguments: { command: script } }] },
      { text: "Done." },
    ]);
    await cloister(place, ["-p", "hi", "--endpoint", rehearsal.url]);
    // Also where it was written by something outside.
    mkdirSync(dirname(join(place.project, file)), { recursive: true });
    writeFileSync(join(place.project, file), text);
    await cloister(place, ["-p", "hi", "--endpoint", rehearsal.url]);
    await rehearsal.close();
    assert.deepEqual([file, whatRan(place)], [file, []]);
    rmSync(join(place.project, file));
  }
});

test(
  "a policy that a person without rights could have planted or changed does not count: nothing starts",
  { skip: !hasMachines && "no user namespaces here" },
  async () => {
    const text = "version: 1\nname: planted\nendpoints: {unlisted: as-configured}\n";
    const plantings: Readonly<Record<string, (folder: string) => void>> = {
      "a folder that anybody can write": (folder) => chmodSync(folder, 0o777),
      "a folder that a group can write": (folder) => chmodSync(folder, 0o775),
      "a file that anybody can write": (folder) => chmodSync(join(folder, "policy.yaml"), 0o666),
      "a file that a group can write": (folder) => chmodSync(join(folder, "policy.yaml"), 0o664),
      ...(process.getuid?.() === 0
        ? {
            "a file of somebody else": (folder: string) => chownSync(join(folder, "policy.yaml"), 4242, 4242),
            "a folder of somebody else": (folder: string) => chownSync(folder, 4242, 4242),
          }
        : {}),
    };
    for (const [what, plant] of Object.entries(plantings)) {
      using place = createPlace();
      const wrapper = machineWith(place, { "policy.yaml": text });
      plant(join(place.base, "etc-cloister"));
      const { code, stderr } = await cloister(place, ["cell", "--", "touch", "ran"], { wrapper });
      assert.equal(code, 78, `${what}: ${stderr}`);
      assert.match(stderr, /next: /, what);
      assert.equal(existsSync(join(place.project, "ran")), false, what);
    }
  },
);

/** What is read from real files: owners, links, hidden files, records of trust. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { trustDigest } from "@cloister/agent/extensions";
import { foldersToShow } from "../../src/extension/bring.ts";
import {
  noticesOf,
  openExtensions,
  type OpenedExtensions,
  type OpenOptions,
} from "../../src/extension/open.ts";
import { openTrustFile } from "../../src/extension/trust-file.ts";

interface Machine extends Disposable {
  readonly base: string;
  readonly home: string;
  readonly workspace: string;
  readonly managed: string;
  put(path: string, text: string): string;
  open(options?: OpenOptions): Promise<OpenedExtensions>;
  /** As a person does it with `cloister trust`. */
  trust(): Promise<void>;
}

const uid = process.getuid?.() ?? 0;

function createMachine(files: Readonly<Record<string, string>>): Machine {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "cloister-extensions-")));
  const [home, workspace, managed] = ["home", "work/project", "etc"].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [home, workspace, managed]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  chmodSync(base, 0o755);
  const environment = {
    home,
    user: { uid, gid: process.getgid?.() ?? 0 },
    policyPlace: { directory: managed, owner: uid, trusts: [dirname(base)] },
  };
  const put = (path: string, text: string): string => {
    const full = join(base, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  };
  for (const [path, text] of Object.entries(files)) put(path, text);
  const open = (options?: OpenOptions): Promise<OpenedExtensions> =>
    openExtensions(environment, workspace, options);
  return {
    ...{ base, home, workspace, managed, put, open },
    trust: async () => {
      const { items } = await open();
      openTrustFile(home, environment.user).write({ workspace, digest: trustDigest(items), items });
    },
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

const texts = ({ extensions }: OpenedExtensions): string[] => extensions.instructions.map(({ text }) => text);
const hooks = (command: string): string =>
  JSON.stringify({ hooks: { Stop: [{ hooks: [{ type: "command", command }] }] } });

test("nothing there is nothing found, and nobody is told anything", async () => {
  using machine = createMachine({});
  const opened = await machine.open();
  assert.deepEqual([opened.trust.kind, opened.items, noticesOf(opened)], ["nothing", [], []]);
});

test("a project's hooks count after trust, bound to the bytes, in one file that is the owner's alone", async () => {
  using machine = createMachine({ "work/project/.claude/settings.json": hooks("echo a") });
  const before = await machine.open();
  assert.deepEqual([before.isTrusted, before.chosen.hooks], [false, []]);
  assert.deepEqual(noticesOf(before), ["skipped: 1 hook; to allow: cloister trust"]);
  await machine.trust();
  const after = await machine.open();
  assert.deepEqual([after.isTrusted, after.chosen.hooks.length, noticesOf(after)], [true, 1, []]);
  assert.equal(statSync(join(machine.home, ".cloister/trust.json")).mode & 0o777, 0o600);
  machine.put("work/project/.claude/settings.json", hooks("echo b"));
  const changed = await machine.open();
  assert.deepEqual([changed.trust.kind, changed.chosen.hooks], ["changed", []]);
});

test("an approval is of one place: the same project elsewhere is another one", async () => {
  using machine = createMachine({ "work/project/.claude/settings.json": hooks("echo a") });
  await machine.trust();
  using other = createMachine({ "work/project/.claude/settings.json": hooks("echo a") });
  machine.put("home/.cloister/x", "");
  assert.equal((await other.open()).isTrusted, false);
});

test("a record that somebody else could have written, or that does not fit itself, approves nothing", async () => {
  using machine = createMachine({ "work/project/.claude/settings.json": hooks("echo a") });
  await machine.trust();
  const path = join(machine.home, ".cloister/trust.json");
  chmodSync(path, 0o620);
  await assert.rejects(machine.open(), { code: "unsafe-trust" });
  chmodSync(path, 0o600);
  const items = [{ kind: "hook", name: "Stop", path: "x", text: "y" }];
  const forged = { v: 1, workspaces: [{ workspace: machine.workspace, digest: "0", items }] };
  writeFileSync(path, JSON.stringify(forged));
  await assert.rejects(machine.open(), { code: "bad-trust" });
});

test("a link out of the project brings in nothing, and a hidden file is not read by any name", async () => {
  const token = ["TOK", "EN=1"].join("");
  using machine = createMachine({
    "home/notes.md": "of the home",
    "work/project/.env": token,
    "work/project/AGENTS.md": "Own.\n@.env\n@linked.md\n@outside.md\n",
  });
  symlinkSync(join(machine.workspace, ".env"), join(machine.workspace, "linked.md"));
  symlinkSync(join(machine.home, "notes.md"), join(machine.workspace, "outside.md"));
  const opened = await machine.open();
  assert.doesNotMatch(texts(opened).join("\n"), /TOKEN|of the home/);
  assert.deepEqual(
    opened.items.map(({ kind }) => kind),
    ["import"],
  );
  await machine.trust();
  assert.match(texts(await machine.open()).join("\n"), /of the home/);
});

test("a pipe, a folder and a circle of links in the place of a file are passed over", async () => {
  using machine = createMachine({
    "work/project/CLAUDE.md/x": "",
    "work/project/.claude/settings.json/y": "",
  });
  symlinkSync("AGENTS.md", join(machine.workspace, "AGENTS.md"));
  const opened = await machine.open();
  assert.deepEqual([texts(opened), opened.losses], [[], []]);
});

test("what others than the person put above the project is nobody's word", { skip: uid !== 0 }, async () => {
  using machine = createMachine({ "work/CLAUDE.md": "planted" });
  assert.deepEqual(texts(await machine.open()), ["planted"]);
  chownSync(join(machine.base, "work/CLAUDE.md"), 65_534, 65_534);
  assert.deepEqual(texts(await machine.open()), []);
});

test("a home kept in git does not make its files the project's", async () => {
  using machine = createMachine({
    "home/.git/HEAD": "x",
    "home/private.md": "P",
    "home/p/AGENTS.md": "@../private.md",
  });
  const environment = {
    ...{ home: machine.home, user: { uid, gid: 0 } },
    policyPlace: { directory: machine.managed, owner: uid, trusts: [dirname(machine.base)] },
  };
  const opened = await openExtensions(environment, join(machine.home, "p"));
  assert.deepEqual(
    opened.items.map(({ kind }) => kind),
    ["import"],
  );
  assert.doesNotMatch(texts(opened).join(), /\bP\b/);
});

test("variables of a project lead nothing elsewhere, and its .env is no setting", async () => {
  using machine = createMachine({
    "work/project/.env": "CLOISTER_HOME=./cfg",
    "work/project/cfg/settings.json": hooks("touch mark"),
    "work/project/.claude/settings.json": JSON.stringify({
      env: { CLAUDE_CONFIG_DIR: "./cfg", HTTPS_PROXY: "http://x", LD_PRELOAD: "x", NODE_ENV: "test" },
    }),
  });
  await machine.trust();
  const { chosen } = await machine.open();
  assert.deepEqual(Object.keys(chosen.env).toSorted(), ["CLAUDE_CONFIG_DIR", "NODE_ENV"]);
  assert.deepEqual(chosen.hooks, []);
});

test("a server that a flag of the project approves is as untrusted as any; a change behind its name is shown", async () => {
  const server = (command: string): string =>
    JSON.stringify({ mcpServers: { db: { command, args: ["x"] } } });
  using machine = createMachine({
    "work/project/.mcp.json": server("db-server"),
    "work/project/.claude/settings.json": JSON.stringify({ enableAllProjectMcpServers: true }),
  });
  assert.deepEqual((await machine.open()).chosen.mcpServers, []);
  await machine.trust();
  assert.deepEqual(
    (await machine.open()).chosen.mcpServers.map(({ name }) => name),
    ["db"],
  );
  machine.put("work/project/.mcp.json", server("touch"));
  const { chosen, trust } = await machine.open();
  assert.deepEqual(chosen.mcpServers, []);
  assert.ok(trust.kind === "changed");
  assert.deepEqual(
    trust.changes.map(({ before, after }) => [before?.name, /"touch"/.test(after?.text ?? "")]),
    [["db", true]],
  );
});

test("foreign hooks that a command wrote in another agent's format need trust like any", async () => {
  using machine = createMachine({});
  await machine.trust();
  machine.put(
    "work/project/.gemini/settings.json",
    JSON.stringify({
      hooks: { BeforeTool: [{ hooks: [{ type: "command", command: "touch mark" }] }] },
    }),
  );
  machine.put("work/project/.qwen/settings.json", hooks("touch mark"));
  const opened = await machine.open();
  assert.deepEqual([opened.chosen.hooks, opened.items.length], [[], 2]);
});

test("the organisation's files count only as nobody else could write them, and never half", async () => {
  using machine = createMachine({
    "etc/managed-settings.json": hooks("check"),
    "etc/AGENTS.md": "House rule.",
  });
  const opened = await machine.open();
  assert.deepEqual([opened.chosen.hooks.length, texts(opened)], [1, ["House rule."]]);
  chmodSync(join(machine.managed, "managed-settings.json"), 0o666);
  await assert.rejects(machine.open(), { code: "unsafe-policy" });
  chmodSync(join(machine.managed, "managed-settings.json"), 0o644);
  machine.put("etc/managed-settings.json", "{");
  await assert.rejects(machine.open(), { code: "bad-managed-settings" });
});

test("our own settings file is no loss and is not counted twice; it may hold hooks", async () => {
  using machine = createMachine({
    "home/.cloister/settings.json": JSON.stringify({
      ...{ model: "m", permissions: { allow: ["Bash(make)"] } },
      ...(JSON.parse(hooks("echo")) as object),
    }),
  });
  const opened = await machine.open();
  assert.deepEqual([opened.losses, opened.chosen.hooks.length], [[], 1]);
  assert.deepEqual(
    opened.chosen.permissions.map(({ settings }) => settings.permissions.allow),
    [[]],
  );
});

test("cells are shown what skills, hooks and trusted folders need, and not the home", async () => {
  using machine = createMachine({
    "home/.claude/settings.json": JSON.stringify({
      hooks: {
        Stop: [{ hooks: [{ type: "command", command: "python3 ~/.claude/hooks/a.py && rm -rf ~" }] }],
      },
      permissions: { additionalDirectories: ["~/docs", "~/none"] },
    }),
    "home/.claude/hooks/a.py": "",
    "home/.claude/skills/s/SKILL.md": "---\ndescription: d\n---\nx",
    "home/docs/a.md": "",
    "work/project/.claude/settings.json": JSON.stringify({
      permissions: { additionalDirectories: ["/var"] },
    }),
  });
  const shown = foldersToShow(await machine.open());
  assert.deepEqual(shown.map((path) => path.replace(machine.home, "~")).toSorted(), [
    "~/.claude/hooks/a.py",
    "~/.claude/skills/s",
    "~/docs",
  ]);
});

test("where the policy says so, only the organisation's own hooks run", async () => {
  const hook = { hooks: { Stop: [{ hooks: [{ type: "command", command: "true" }] }] } };
  using machine = createMachine({
    "home/.claude/settings.json": JSON.stringify(hook),
    "etc/managed-settings.json": JSON.stringify(hook),
  });
  const scopes = async (allowsHooks: boolean): Promise<readonly string[]> =>
    (await machine.open({ allowsHooks })).chosen.hooks.map(({ origin }) => origin.scope);
  assert.deepEqual(await scopes(true), ["managed", "user"]);
  assert.deepEqual(await scopes(false), ["managed"]);
});

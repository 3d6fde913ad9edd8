/** Plugins out of git repositories, bundles and marketplaces on this machine: copied, and nothing of them run. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { cloister, createPlace, type Place } from "./harness.ts";

const who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main"];

function git(folder: string, args: readonly string[], input?: string | Uint8Array): string {
  const environment = { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
  return execFileSync("git", [...who, ...args], { cwd: folder, env: environment, input: input ?? "" })
    .toString("utf8")
    .trim();
}

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const skill = (text: string): string => `---\ndescription: about it\n---\n${text}\n`;

function makeRepository(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  git(folder, ["init", "-q"]);
  put(folder, files);
  git(folder, ["add", "-A"]);
  git(folder, ["commit", "-q", "-m", "first"]);
  return folder;
}

const plugins = ({ home }: Place): string => join(home, ".cloister/plugins");

test("a plugin is taken from a commit, and nothing that the repository names is run", async () => {
  using place = createPlace();
  const repository = makeRepository(join(place.project, "demo"), {
    ".claude-plugin/plugin.json": '{"name": "demo"}',
    "skills/it/SKILL.md": skill("as committed"),
    ".gitattributes": "* filter=planted\n",
  });
  mkdirSync(join(repository, "skills/linked"));
  symlinkSync("../it/SKILL.md", join(repository, "skills/linked/SKILL.md"));
  git(repository, ["add", "-A"]);
  git(repository, ["commit", "-q", "-m", "a link"]);
  const pwned = join(place.project, "pwned");
  const run = `sh -c 'touch ${pwned}; cat'`;
  for (const [name, value] of [
    ["core.fsmonitor", run],
    ["core.sshCommand", run],
    ["core.alternateRefsCommand", run],
    ["core.hooksPath", join(repository, ".git/hooks")],
    ["filter.planted.smudge", run],
    ["filter.planted.process", run],
    ["filter.planted.required", "true"],
    ["core.pager", run],
  ] as const) {
    git(repository, ["config", name, value]);
  }
  for (const name of ["post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"]) {
    writeFileSync(join(repository, ".git/hooks", name), `#!/bin/sh\ntouch ${pwned}\n`, { mode: 0o755 });
  }
  put(repository, { "skills/it/SKILL.md": skill("as it lies there"), "hooks/hooks.json": "{}" });
  symlinkSync("/etc/passwd", join(repository, "leak"));

  const added = await cloister(place, ["plugin", "add", "demo#main"]);
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stdout, /Added demo: 1 skill$/m);
  const copy = join(plugins(place), "demo");
  assert.match(readFileSync(join(copy, "skills/it/SKILL.md"), "utf8"), /as committed/);
  assert.ok(!existsSync(join(copy, "hooks")) && !existsSync(join(copy, "leak")));
  assert.ok(!existsSync(join(copy, "skills/linked/SKILL.md")));
  assert.ok(!existsSync(pwned));

  const folder = await cloister(place, ["plugin", "add", "demo"]);
  assert.equal(folder.code, 0, folder.stderr);
  assert.match(readFileSync(join(copy, "skills/it/SKILL.md"), "utf8"), /as it lies there/);
  assert.ok(!existsSync(join(copy, ".git")) && !existsSync(join(copy, "leak")));
  assert.ok(!existsSync(pwned));
});

test("a tree that leads out, a missing commit and a name that is an option are refused, and leave nothing", async () => {
  using place = createPlace();
  const repository = makeRepository(join(place.project, "demo"), {
    ".claude-plugin/plugin.json": '{"name": "demo"}',
  });
  const blob = git(repository, ["hash-object", "-w", "--stdin"], "planted\n");
  const entry = (mode: string, name: string, id: string): Buffer =>
    Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
  const tree = (bytes: Buffer): string =>
    git(repository, ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], bytes);
  const out = tree(entry("40000", "..", tree(entry("100644", "planted", blob))));
  const commit = git(repository, ["commit-tree", out, "-m", "out"]);
  for (const [reference, why] of [
    [commit, /nothing can be taken from/],
    ["nowhere", /there is no commit nowhere/],
    ["--exec=touch", /is no name of a branch/],
    ["main..x", /is no name of a branch/],
  ] as const) {
    const refused = await cloister(place, ["plugin", "add", `demo#${reference}`]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, why);
  }
  assert.ok(!existsSync(plugins(place)) || readdirSync(plugins(place)).length === 0);
});

test("a bundle and a bare repository hold plugins too; one of a marketplace is added by its name", async () => {
  using place = createPlace();
  const offers = [
    { name: "one", source: "./plugins/one", description: "the first" },
    { name: "far", source: { source: "github", repo: "a/b" } },
    { name: "out", source: "../outside" },
  ];
  const repository = makeRepository(join(place.project, "market"), {
    ".claude-plugin/marketplace.json": JSON.stringify({ name: "house", plugins: offers }),
    "plugins/one/.claude-plugin/plugin.json": '{"name": "one"}',
    "plugins/one/skills/it/SKILL.md": skill("one"),
  });
  put(place.project, { "outside/.claude-plugin/plugin.json": '{"name": "out"}' });
  git(repository, ["bundle", "create", "-q", "../house.bundle", "main"]);
  git(place.project, ["clone", "-q", "--bare", "market", "bare.git"]);

  const listed = await cloister(place, ["plugin", "list", "market"]);
  assert.match(
    listed.stdout,
    /^one@house {2}the first\nfar@house {2}\(elsewhere.*\nout@house {2}\(elsewhere/,
  );
  for (const source of ["market/one@house", "bare.git/one@house", "house.bundle/one@house#main"]) {
    const added = await cloister(place, ["plugin", "add", source]);
    assert.match(added.stdout, /Added one: 1 skill$/m, added.stderr);
    await cloister(place, ["plugin", "remove", "one"]);
  }
  for (const [source, why] of [
    ["market", /house offers 3 plugins/],
    ["market/far@house", /nothing is fetched/],
    ["market/out@house", /nothing is fetched/],
    ["market/one@other", /this marketplace is "house"/],
    ["market/two@house", /offers no "two"/],
  ] as const) {
    const refused = await cloister(place, ["plugin", "add", source]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, why);
  }
});

test("what is named wrongly is said in one line; links, worktrees and short ids of a bundle are followed", async () => {
  using place = createPlace();
  const repository = makeRepository(join(place.project, "demo"), {
    ".claude-plugin/plugin.json": '{"name": "demo", "version": "1\\u001b]0;planted\\u0007"}',
    "skills/it/SKILL.md": skill("as committed"),
  });
  git(repository, ["bundle", "create", "-q", "../demo.bundle", "main"]);
  git(repository, ["worktree", "add", "-q", "../tree", "-b", "other"]);
  git(place.project, ["clone", "-q", "--bare", "demo", "bare.git"]);
  symlinkSync("demo", join(place.project, "link"));
  symlinkSync("bare.git", join(place.project, "bare-link"));
  put(place.project, { plain: "no folder\n" });
  const short = git(repository, ["rev-parse", "--short=8", "HEAD"]);

  for (const [source, added] of [
    ["tree", "Added demo: 1 skill\n"],
    ["link#main", "Replaced demo: 1 skill\n"],
    ["bare-link", "Replaced demo: 1 skill\n"],
    [`demo.bundle#${short}`, "Replaced demo: 1 skill\n"],
  ] as const) {
    const { code, stdout, stderr } = await cloister(place, ["plugin", "add", source]);
    assert.deepEqual([code, stdout, stderr], [0, added, ""], source);
  }
  for (const [source, why] of [
    ["tree#other", /tree is no git repository .*\nnext: .*worktree/],
    ["plain", /plain is no plugin: it is no folder/],
    ["nowhere", /nowhere is no plugin: it is not there/],
    ["https://localhost/a/b", /nothing is fetched.*\nnext: git clone/],
    ["git@localhost:a/b.git", /nothing is fetched.*\nnext: git clone/],
    [place.base, /is no plugin: .*\nnext: name a folder/],
  ] as const) {
    const refused = await cloister(place, ["plugin", "add", source]);
    assert.equal(refused.code, 1, source);
    assert.match(refused.stderr, why);
    assert.doesNotMatch(refused.stderr, /\n {4}at /);
  }
  const listed = await cloister(place, ["plugin", "list"], { environment: { LANG: "zh_CN.UTF-8" } });
  assert.match(listed.stdout, /^demo 1\S* {2}1 个技能\n$/u);
  assert.ok(!listed.stdout.includes("\u001b"));
});

/** What a cell hides, guards, limits and takes with it, probed from inside with a witness outside. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import {
  hiddenPaths,
  openCells,
  runInCell,
  type Cells,
  type CellView,
  type Finding,
  type RunResult,
} from "../src/index.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
let base: string;
let cells: Cells;
let findings: Finding[] = [];
let made = 0;

before(async () => {
  base = mkdtempSync(join(tmpdir(), "cell-holding-"));
  cells = await openTestCells("cells");
});

after(() => {
  cells.close();
  rmSync(base, { recursive: true, force: true });
});

test("a hidden file cannot be read, written, copied, moved or linked, by whatever program", async () => {
  const folder = makeWorkspace({ "conf/.env": "CANARY", "conf/other.txt": "seen" });
  const { output } = await inside(
    "cat conf/.env; cp conf/.env x; ln conf/.env y; mv conf/.env z; chmod 644 conf/.env; echo new > conf/.env; wc -c conf/.env; " +
      "perl -e 'open F, \"conf/.env\" and print <F>'; grep -r CANARY .; cat conf/other.txt",
    { workspace: folder, hidden: [join(folder, "conf/.env")] },
  );
  assert.doesNotMatch(output, /CANARY/);
  assert.match(output, /Permission denied/);
  assert.match(output, /seen/);
  assert.equal(readFileSync(join(folder, "conf/.env"), "utf8"), "CANARY");
});

test("a list of what to hide cannot be changed by those it is for", async () => {
  const folder = makeWorkspace({ ".aiexclude": "a.txt", "a.txt": "x" });
  await inside("echo > .aiexclude; rm -f .aiexclude; mv .aiexclude b; sed -i d .aiexclude", {
    workspace: folder,
  });
  assert.equal(readFileSync(join(folder, ".aiexclude"), "utf8"), "a.txt");
});

test("a hidden folder is empty and closed", async () => {
  const folder = makeWorkspace({ "private/deep/key.txt": "CANARY" });
  const { output } = await inside(
    "ls -R private; cat private/deep/key.txt; chmod 755 private; ls -A private | wc -l",
    {
      workspace: folder,
      hidden: [join(folder, "private")],
    },
  );
  assert.doesNotMatch(output, /CANARY|^deep$/m);
  assert.match(output, /^0$/m);
});

test("other names of a hidden file are hidden with it: hard links, and links that lead to it", async () => {
  const folder = makeWorkspace({ ".env": "CANARY" });
  mkdirSync(join(folder, "sub"));
  linkSync(join(folder, ".env"), join(folder, "sub", "harmless.txt"));
  symlinkSync(".env", join(folder, "alias"));
  const view = { workspace: folder, hidden: [join(folder, ".env")] };
  assert.doesNotMatch((await inside("cat sub/harmless.txt alias .env", view)).output, /CANARY/);
  const { paths } = hiddenPaths(folder);
  assert.deepEqual(
    paths.map(({ path }) => path),
    [join(folder, ".env"), join(folder, "sub", "harmless.txt")],
  );
});

test("the folder around a hidden file cannot be moved, so the next command does not find it elsewhere", async () => {
  const folder = makeWorkspace({ "a/b/.env": "CANARY" });
  const view = { workspace: folder, hidden: [join(folder, "a/b/.env")] };
  await inside("mv a/b c; mv a d; ln -s a e", view);
  assert.doesNotMatch((await inside("cat a/b/.env c/.env d/b/.env e/b/.env", view)).output, /CANARY/);
});

test("a folder named with --write is writable and guarded; one named with --read is not writable", async () => {
  const folder = makeWorkspace({});
  const more = makeWorkspace({ "kept.txt": "1" });
  const seen = makeWorkspace({ "seen.txt": "2" });
  execFileSync("git", ["init", "-q", more]);
  const view = { workspace: folder, writable: [more], readable: [seen] };
  const { output } = await inside(
    `echo x > ${more}/new.txt; echo x > ${more}/.git/hooks/pre-commit; echo x > ${seen}/new.txt; cat ${seen}/seen.txt`,
    view,
  );
  assert.ok(existsSync(join(more, "new.txt")) && !existsSync(join(seen, "new.txt")));
  assert.ok(!existsSync(join(more, ".git/hooks/pre-commit")));
  assert.match(output, /2/);
});

test("programs inside may talk over Unix sockets when asked, and reach none of the host's", async () => {
  const folder = makeWorkspace({});
  let connections = 0;
  const server = createServer(() => (connections += 1));
  const path = join(folder, "docker.sock");
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  const connect = (to: string): string =>
    `require('net').connect(${JSON.stringify(to)}).on('connect', () => { console.log('REACHED'); process.exit() }).on('error', (e) => console.log(e.code))`;
  const view = { workspace: folder, unixSockets: "inside" as const };
  const outside = await node(connect(path), view);
  assert.doesNotMatch(outside.output, /REACHED/);
  assert.equal(connections, 0);
  const own = await node(
    `require('net').createServer().listen('/tmp/own.sock', () => { ${connect("/tmp/own.sock")} })`,
    view,
  );
  assert.match(own.output, /REACHED/);
  server.close();
});

test("settings of agents and editors cannot be changed, nor made where there are none", async () => {
  const folder = makeWorkspace({
    ".claude/settings.json": "{}",
    ".gemini/settings.json": "{}",
    ".npmrc": "registry=x",
    "AGENTS.md": "text",
  });
  const { output } = await inside(
    "for f in .claude/settings.json .gemini/settings.json .npmrc .vscode/tasks.json .cursor/mcp.json; do mkdir -p $(dirname $f); echo evil > $f; done; " +
      "mv .gemini away; echo more >> AGENTS.md; echo evil > .mcp.json; mkdir -p .zed; echo evil > .zed/settings.json; ls -A",
    { workspace: folder },
  );
  for (const name of [".claude/settings.json", ".gemini/settings.json", ".npmrc"]) {
    assert.doesNotMatch(readFileSync(join(folder, name), "utf8"), /evil/, name);
  }
  for (const name of [".vscode/tasks.json", ".cursor/mcp.json", ".mcp.json", ".zed/settings.json"]) {
    assert.ok(!existsSync(join(folder, name)), `${name}\n${output}`);
  }
  assert.match(readFileSync(join(folder, "AGENTS.md"), "utf8"), /more/, "instructions are ordinary files");
  const aside = findings.filter(({ kind }) => kind === "settings-made").map(({ movedTo }) => movedTo ?? "");
  assert.deepEqual(aside.toSorted(), [
    join(folder, ".mcp.json.cloister-quarantine-1"),
    join(folder, ".zed.cloister-quarantine-1"),
  ]);
});

test("hooks of a repository below, and those that core.hooksPath names, cannot be written", async () => {
  const folder = makeWorkspace({ "vendor/lib/a.txt": "1", ".githooks/pre-commit": "ours" });
  execFileSync("git", ["init", "-q", folder]);
  execFileSync("git", ["init", "-q", join(folder, "vendor/lib")]);
  execFileSync("git", ["-C", folder, "config", "core.hooksPath", ".githooks"]);
  await inside(
    "echo x > vendor/lib/.git/hooks/pre-commit; echo x >> vendor/lib/.git/config; mv vendor away; rm -rf vendor/lib/.git; echo evil > .githooks/pre-commit",
    { workspace: folder },
  );
  assert.ok(!existsSync(join(folder, "vendor/lib/.git/hooks/pre-commit")));
  assert.ok(existsSync(join(folder, "vendor/lib/a.txt")));
  assert.equal(readFileSync(join(folder, ".githooks/pre-commit"), "utf8"), "ours");
});

test("a repository made below is told; one that would run something is put aside", async () => {
  const folder = makeWorkspace({});
  await inside(
    "git init -q plain; git init -q armed; echo 'touch x' > armed/.git/hooks/pre-commit; " +
      "mkdir bare; cd bare; mkdir objects refs hooks; echo 'ref: refs/heads/main' > HEAD; printf '[core]\\nfsmonitor = ./evil\\n' > config",
    { workspace: folder },
  );
  const kinds = findings.map(({ kind, path, movedTo }) => [
    kind,
    path.slice(folder.length + 1),
    movedTo !== undefined,
  ]);
  assert.deepEqual(
    kinds.toSorted(([a], [b]) => String(a).localeCompare(String(b))),
    [
      ["repository-armed", "armed/.git", true],
      ["repository-armed", "bare", true],
      ["repository-made", "plain/.git", false],
    ],
  );
  assert.ok(!existsSync(join(folder, "armed/.git")) && !existsSync(join(folder, "bare")));
  findings = [];
  await inside("true", { workspace: folder });
  assert.deepEqual(findings, [], "what was put aside is not found once more");
  await inside("echo x > .mcp.json", { workspace: folder });
  await inside("echo x > .mcp.json", { workspace: folder });
  assert.ok(!existsSync(join(folder, ".mcp.json")), "nor is it let through the second time");
});

test("a .git that is a link is put back when a command replaced it", async () => {
  const folder = makeWorkspace({});
  execFileSync("git", ["init", "-q", folder]);
  renameSync(join(folder, ".git"), join(folder, "real"));
  symlinkSync("real", join(folder, ".git"));
  await inside("rm .git; mkdir -p .git/hooks; echo evil > .git/hooks/pre-commit", { workspace: folder });
  assert.equal(readlinkSync(join(folder, ".git")), "real");
  assert.ok(!existsSync(join(folder, ".git/hooks/pre-commit")));
  assert.equal(findings[0]?.kind, "git-replaced");
});

test("what would point git elsewhere is put aside, and git works on", async () => {
  const folder = makeWorkspace({});
  execFileSync("git", ["init", "-q", folder]);
  await inside(
    "mkdir evil; echo ../evil > .git/commondir; echo x > .git/config.worktree; mkdir -p .git/modules/x",
    {
      workspace: folder,
    },
  );
  assert.ok(!existsSync(join(folder, ".git/commondir")) && !existsSync(join(folder, ".git/modules/x")));
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ["settings-made", "settings-made"],
  );
  assert.match(execFileSync("git", ["-C", folder, "status"]).toString(), /No commits yet/);
});

test("a crash inside starts no program outside: a core dump of one byte is none at all (core(5))", async () => {
  const { output } = await inside("ulimit -c unlimited; grep 'core file' /proc/self/limits", {
    workspace: makeWorkspace({}),
  });
  assert.match(output, /Max core file size\s+1\s+1\s/);
});

test("a link out of the workspace that a command made is told", async () => {
  const folder = makeWorkspace({});
  await inside("ln -s /etc/passwd out; ln -s AGENTS.md in", { workspace: folder });
  assert.deepEqual(findings, [{ kind: "link-outside", path: join(folder, "out") }]);
});

test("a path that a link leads through is refused alone, and told; the command runs", async () => {
  const folder = makeWorkspace({ "real/.env": "CANARY" });
  symlinkSync("real", join(folder, "way"));
  // Hidden by what it really is, whatever name it was given.
  const view = { workspace: folder, hidden: [join(folder, "way", ".env"), join(folder, "nowhere")] };
  const { output, exitCode } = await inside("cat way/.env real/.env; echo went on", view);
  assert.doesNotMatch(output, /CANARY/);
  assert.match(output, /went on/);
  assert.equal(exitCode, 0);
});

test("a view that would cover the cell's own folders is refused", async () => {
  for (const path of ["/", "/proc", "/proc/1", "/dev"]) {
    const started = inside("true", { workspace: makeWorkspace({}), readable: [path] });
    await assert.rejects(started, { code: "cell-view" }, path);
  }
  const device = inside("true", { workspace: makeWorkspace({}), devices: ["/etc/shadow"] });
  await assert.rejects(device, { code: "cell-view" });
});

test("a fork bomb, a flood of memory, of disk and of time end at their limits", async (t) => {
  const folder = makeWorkspace({});
  const limits = { processesMax: 30, memoryBytes: 200_000_000, fileBytesMax: 1_000_000, cpuSeconds: 2 };
  let result: RunResult;
  try {
    result = await inside("for i in $(seq 1 60); do sleep 3 & done; wait; echo all", {
      workspace: folder,
      limits,
    });
  } catch (error) {
    assert.equal((error as { code?: string }).code, "cell-limits");
    t.diagnostic("no control group, and root: refused as promised");
    return;
  }
  assert.match(result.output, /fork|Resource temporarily unavailable/i);
  const memory = await inside("perl -e '$x = \"a\" x 400_000_000; print length $x'", {
    workspace: folder,
    limits,
  });
  assert.doesNotMatch(memory.output, /400000000/);
  const shared = await inside("head -c 400000000 /dev/zero > /dev/shm/x && echo WROTE", {
    workspace: folder,
    limits: { memoryBytes: 200_000_000 },
  });
  assert.doesNotMatch(shared.output, /WROTE/);
  await inside("head -c 3000000 /dev/zero > big", { workspace: folder, limits });
  assert.ok(lstatSync(join(folder, "big")).size <= 1_000_000);
  const spin = await inside("while :; do :; done", { workspace: folder, limits });
  assert.ok(!spin.timedOut && spin.exitCode !== 0);
  assert.equal((await inside("node -e 'console.log(6 * 7)'", { workspace: folder, limits })).output, "42\n");
});

test("a cell dies with its keeper, even when the keeper is killed", async () => {
  const folder = makeWorkspace({});
  const script = `
    import { openCells } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
    const cells = await openCells({ tier: "bubblewrap", scratch: ${JSON.stringify(join(base, "killed"))}, architecture: process.arch, user: ${JSON.stringify(me)} });
    const view = ${JSON.stringify(viewOf({ workspace: folder }))};
    const child = cells.spawn(view, { argv: ["/bin/sh", "-c", "(setsid sh -c 'while sleep 0.05; do date +%N > beat; done') & while sleep 0.05; do date +%N > pulse; done"], directory: view.workspace, environment: { PATH: "/usr/bin:/bin" } });
    child.stdout.resume(); setInterval(() => {}, 1000);`;
  const keeper = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: "ignore",
  });
  await until(() => existsSync(join(folder, "beat")) && existsSync(join(folder, "pulse")));
  keeper.kill("SIGKILL");
  await new Promise((resolve) => keeper.once("close", resolve));
  let last = "";
  // Quiet for as long as six beats: both are gone.
  await until(async () => {
    const now = read(folder, "beat") + read(folder, "pulse");
    if (now !== last) {
      last = now;
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    return read(folder, "beat") + read(folder, "pulse") === last;
  });
});

function makeWorkspace(files: Readonly<Record<string, string>>): string {
  made += 1;
  const folder = join(base, `workspace-${made}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  findings = [];
  return folder;
}

function openTestCells(name: string): Promise<Cells> {
  const onFinding = (finding: Finding): void => void findings.push(finding);
  return openCells({
    tier: "bubblewrap",
    scratch: join(base, name),
    architecture: process.arch,
    user: me,
    onFinding,
  });
}

function viewOf(view: Partial<CellView> & { workspace: string }): CellView {
  return {
    home: join(base, "home"),
    sockets: [],
    system: "whole",
    ...view,
    readable: [dirname(process.execPath), ...(view.readable ?? [])],
  };
}

function inside(command: string, view: Partial<CellView> & { workspace: string }): Promise<RunResult> {
  return start(["/bin/bash", "-c", command], view);
}

function node(code: string, view: Partial<CellView> & { workspace: string }): Promise<RunResult> {
  return start([process.execPath, "-e", code], view);
}

function start(argv: string[], view: Partial<CellView> & { workspace: string }): Promise<RunResult> {
  const environment = { PATH: `/usr/bin:/bin:${dirname(process.execPath)}` };
  const launch = { argv, directory: view.workspace, environment };
  const limits = { timeoutMs: 30_000, outputBytesMax: 50_000 };
  return runInCell(cells, viewOf(view), launch, limits, new AbortController().signal);
}

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 1200; round++) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("it never came to pass");
}

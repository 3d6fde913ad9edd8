/** The boundary, probed from inside. Every probe touches only its own fixture and has a witness outside. */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  statSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { eventually, runningWith } from "@cloister/fakes/machine";
import { openCells, runInCell, type Cells, type CellView, type RunResult } from "../src/index.ts";

let base: string;
let workspace: string;
let home: string;
let cells: Cells;

before(async () => {
  base = mkdtempSync(join(tmpdir(), "cell-test-"));
  workspace = join(base, "workspace");
  home = join(base, "home");
  mkdirSync(join(home, ".ssh"), { recursive: true });
  writeFileSync(join(home, ".ssh", "id_test"), "private");
  mkdirSync(workspace);
  execFileSync("git", ["init", "-q", workspace]);
  cells = await openTestCells("cells");
});

after(() => {
  cells.close();
  rmSync(base, { recursive: true, force: true });
});

test("a command works in the workspace, with its output and exit code", async () => {
  const result = await inside("echo out; echo err >&2; echo kept > made.txt; exit 7");
  assert.equal(result.output, "out\nerr\n");
  assert.equal(result.exitCode, 7);
  assert.equal(readFileSync(join(workspace, "made.txt"), "utf8"), "kept\n");
});

test("there is no network: no interface but loopback, no route, no name, no way out", async () => {
  const { output } = await inside(
    "cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '; tail -n +2 /proc/net/route | wc -l",
  );
  assert.deepEqual(output.trim().split("\n"), ["lo", "0"]);
  assert.match((await inside("echo x > /dev/tcp/203.0.113.5/443")).output, /unreachable/i);
  assert.match(
    (await node("require('dns').lookup('example.test', (e) => console.log(e.code))")).output,
    /EAI_AGAIN|ENOTFOUND/,
  );
});

test("a server on the host's loopback is not there, though it answers outside", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => {
      /* the probe does not wait for an answer */
    });
    socket.end("hello");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const probe = `echo x > /dev/tcp/127.0.0.1/${port} && echo REACHED`;
  assert.doesNotMatch((await inside(probe)).output, /REACHED/);
  assert.equal(connections, 0);
  // The control: the same probe without a cell does reach it, so it would have shown an escape.
  const control = spawn("/bin/bash", ["-c", probe], { stdio: ["ignore", "pipe", "ignore"] });
  assert.match(await collect(control.stdout), /REACHED/);
  assert.equal(connections, 1);
  server.close();
});

test("no socket but the internet's families can be made, by path, by name, or to a virtual machine's host", async () => {
  const path = join(workspace, "door.sock");
  let connections = 0;
  const server = createServer(() => (connections += 1));
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  const probe = (address: string): string =>
    `const s = require('net').connect(${address}); s.on('connect', () => console.log('REACHED')); s.on('error', (e) => console.log(e.code))`;
  assert.doesNotMatch((await node(probe(JSON.stringify(path)))).output, /REACHED/);
  assert.doesNotMatch((await node(probe("'\\0cloister-abstract'"))).output, /REACHED/);
  assert.equal(connections, 0);
  server.close();
});

test("the home is empty, and other projects are not there", async () => {
  writeFileSync(join(base, "neighbour.txt"), "secret of another project");
  const { output } = await inside(
    `ls -A ${home} ${home}/.ssh; cat ${home}/.ssh/id_test ${base}/neighbour.txt`,
  );
  assert.doesNotMatch(output, /private|another project/);
  assert.match(output, /No such file/);
});

test("the system is read-only, and so is every setting of the kernel", async () => {
  for (const path of [
    "/usr/bin/x",
    "/etc/x",
    "/x",
    "/proc/sys/kernel/core_pattern",
    "/proc/sysrq-trigger",
    "/dev/x",
  ]) {
    // Opened for appending only, nothing is written: where the door were open, nothing would happen.
    const { output } = await inside(`if (exec 3>>${path}) 2>/dev/null; then echo OPEN; fi`);
    assert.equal(output, "", path);
  }
});

test("git's hooks and settings, and our own folder, cannot be written, moved or replaced", async () => {
  const config = readFileSync(join(workspace, ".git", "config"), "utf8");
  const { output } = await inside(
    "echo x > .git/hooks/pre-commit; echo x >> .git/config; mv .git away; rm -rf .git/hooks; ln -sf /tmp .git/info; " +
      "git config core.fsmonitor ./evil; mkdir -p .cloister/x; echo x > .cloister/policy.yaml; mv .cloister away",
  );
  assert.match(output, /Read-only file system/);
  assert.ok(!existsSync(join(workspace, ".git", "hooks", "pre-commit")));
  assert.equal(readFileSync(join(workspace, ".git", "config"), "utf8"), config);
  assert.ok(!existsSync(join(workspace, ".cloister", "policy.yaml")) && !existsSync(join(workspace, "away")));
});

test("ordinary git work goes on: add, commit, branch", async () => {
  const { exitCode, output } = await inside(
    "export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b.test GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b.test; " +
      "echo 1 > file.txt && git add file.txt && git commit -qm one && git checkout -qb side && git log --oneline",
  );
  assert.equal(exitCode, 0, output);
});

test("missing hooks and settings cannot be planted", async () => {
  const bare = join(base, "bare");
  mkdirSync(join(bare, ".git"), { recursive: true });
  const view = { ...commandView(), workspace: bare };
  await inside("mkdir -p .git/hooks; echo x > .git/hooks/post-checkout; echo x > .git/config", view);
  assert.ok(!existsSync(join(bare, ".git", "hooks", "post-checkout")));
  assert.ok(
    !existsSync(join(bare, ".git", "config")) || readFileSync(join(bare, ".git", "config"), "utf8") === "",
  );
});

test("a .git file, as worktrees and submodules have, cannot be pointed elsewhere", async () => {
  const tree = join(base, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, ".git"), "gitdir: /nowhere\n");
  await inside("echo 'gitdir: evil' > .git; rm -f .git; mv .git away", { ...commandView(), workspace: tree });
  assert.equal(readFileSync(join(tree, ".git"), "utf8"), "gitdir: /nowhere\n");
});

test("links and files that lead to git's folder inside the workspace open no way to its hooks", async () => {
  for (const kind of ["link", "file", "hooks"] as const) {
    const folder = join(base, `led-${kind}`);
    execFileSync("git", ["init", "-q", folder]);
    const [real, git] = [join(folder, "real"), join(folder, ".git")];
    if (kind === "hooks") {
      renameSync(join(git, "hooks"), real);
      symlinkSync("../real", join(git, "hooks"));
    } else {
      renameSync(git, real);
      if (kind === "link") symlinkSync("real", git);
      else writeFileSync(git, "gitdir: real\n");
    }
    const plant =
      "for d in .git real .git/hooks real/hooks; do echo x > $d/pre-commit; echo x > $d/config; done";
    await inside(plant, { ...commandView(), workspace: folder });
    const hooks = kind === "hooks" ? real : join(real, "hooks");
    assert.ok(!existsSync(join(hooks, "pre-commit")), kind);
    if (kind !== "hooks") assert.notEqual(readFileSync(join(real, "config"), "utf8"), "x\n", kind);
  }
});

test("no repository can be made where there was none: its hooks would be the maker's", async () => {
  const folder = join(base, "no-repository");
  mkdirSync(folder);
  await inside("git init -q .; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit", {
    ...commandView(),
    workspace: folder,
  });
  assert.deepEqual(execFileSync("find", [join(folder, ".git"), "-type", "f"]).toString(), "");
});

test("a link planted on the way to a mount point makes nothing outside (CVE-2026-87766)", async () => {
  const outside = join(base, "outside");
  const planted = join(base, "planted");
  mkdirSync(outside);
  mkdirSync(join(planted, ".git"), { recursive: true });
  symlinkSync(`/oldroot${outside}`, join(planted, ".cloister"));
  symlinkSync(`/oldroot${outside}/made-hooks`, join(planted, ".git", "hooks"));
  symlinkSync(`/oldroot${outside}/made-config`, join(planted, ".git", "config"));
  const { exitCode } = await inside("true", { ...commandView(), workspace: planted });
  assert.equal(exitCode, 0, "the session goes on");
  assert.deepEqual(execFileSync("ls", ["-A", outside]).toString(), "");
});

test("what the launcher knew is not in the cell: neither its environment nor its open files", async () => {
  const fixture = join(base, "open-file.txt");
  writeFileSync(fixture, "DESCRIPTOR-CANARY");
  const script = `
    import { mkdtempSync } from "node:fs";
    import { openCells, runInCell } from ${JSON.stringify(join(import.meta.dirname, "../src/index.ts"))};
    const cells = await openCells({ tier: "bubblewrap", scratch: mkdtempSync(${JSON.stringify(join(base, "hygiene-"))}), architecture: process.arch, user: { uid: process.getuid(), gid: process.getgid() } });
    const view = ${JSON.stringify(commandView())};
    const command = "cat /proc/1/environ /proc/self/environ | tr '\\\\0' '\\\\n'; ls -l /proc/self/fd; timeout 1 cat <&40";
    const r = await runInCell(cells, view, { argv: ["/bin/bash", "-c", command], directory: view.workspace, environment: { PATH: "/usr/bin:/bin" } }, { timeoutMs: 20000, outputBytesMax: 100000 }, new AbortController().signal);
    console.log(r.output); cells.close();`;
  const leaked = openSync(fixture, "r");
  const result = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", script], {
    // Node itself closes the first sixteen; a shell or a CI runner leaves higher ones open.
    stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: 37 }, () => "ignore" as const), leaked],
    env: { ...process.env, CLOISTER_API_KEY: "ENVIRONMENT-CANARY" },
  });
  closeSync(leaked);
  const output = result.stdout.toString();
  assert.match(output, /PATH=/, result.stderr.toString());
  assert.match(output, / 40 -> \/dev\/null/);
  assert.doesNotMatch(output, /CANARY/);
});

test("nobody is root inside, nothing is capable, and no new namespace can be made", async () => {
  const { output } = await inside(
    "id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; unshare -U true 2>&1",
  );
  assert.doesNotMatch(output.split("\n")[0] ?? "", /^0$/);
  assert.match(output, /CapEff:\s+0+\n/);
  assert.match(output, /CapBnd:\s+0+\n/);
  assert.match(output, /NoNewPrivs:\s+1/);
  assert.match(output, /Seccomp:\s+2/);
  assert.match(output, /not permitted|failed/);
});

test("a command cannot see, signal or trace what runs beside it", async () => {
  const view = commandView();
  const launch = { argv: ["/bin/sleep", "60"], directory: workspace, environment: { PATH: "/usr/bin:/bin" } };
  const sibling = cells.spawn(view, launch);
  const { output } = await inside(
    "ls /proc | grep -E '^[0-9]+$' | while read p; do tr '\\0' ' ' < /proc/$p/cmdline; echo; done; kill -0 " +
      sibling.pid +
      " && echo SIGNAL''LED",
  );
  assert.doesNotMatch(output, /sleep 60|SIGNALLED/);
  assert.doesNotMatch(output, /cells-/, "nor how the launcher was called");
  assert.equal(sibling.exitCode, null);
  sibling.kill("SIGKILL");
});

test("everything a command started dies with it, and with its time limit", async () => {
  // Far longer than anybody looks for them below.
  const mark = `4771${process.pid}`;
  const result = await runInCell(
    cells,
    commandView(),
    shell(`sleep ${mark} & setsid sh -c 'sleep ${mark}; :' & echo up; sleep ${mark}`),
    { timeoutMs: 2000, outputBytesMax: 1000 },
    never(),
  );
  assert.ok(result.timedOut);
  await eventually("the end of all", () => runningWith(mark).length === 0);
});

test("cancelling ends a command at once", async () => {
  const controller = new AbortController();
  const running = runInCell(
    cells,
    commandView(),
    shell("sleep 30"),
    { timeoutMs: 60_000, outputBytesMax: 1000 },
    controller.signal,
  );
  controller.abort();
  const result = await running;
  assert.equal(result.timedOut, false);
  assert.notEqual(result.exitCode, 0);
});

test("a flood of output costs no more memory than its limit; both ends are kept", async () => {
  const { output, cutBytes } = await inside(
    "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last",
    undefined,
    4000,
  );
  assert.ok(output.startsWith("first\n") && output.endsWith("last\n"));
  assert.match(output, /bytes cut/);
  assert.ok(output.length < 5000 && cutBytes > 2_990_000);
});

test("no set-user-id file is left behind", async () => {
  assert.match((await inside("touch s; chmod 4755 s")).output, /not permitted/);
});

test("a root launcher takes the identity of whoever it is told to: root's files are not its own", async (t) => {
  if (process.getuid?.() !== 0) {
    t.diagnostic(
      "not root, so there is nothing to drop: the ordinary identity is what every other test here runs as",
    );
    return;
  }
  const folder = mkdtempSync("/var/tmp/cell-owner-");
  chownSync(folder, 65_534, 65_534);
  writeFileSync(join(folder, "of-root.txt"), "root's own", { mode: 0o600 });
  const scratch = mkdtempSync("/var/tmp/cell-scratch-");
  const user = { uid: 65_534, gid: 65_534 };
  const demoted = await openCells({ tier: "bubblewrap", scratch, architecture: process.arch, user });
  const view = { ...commandView(), workspace: folder, readable: [] };
  const launch = {
    ...shell("cat of-root.txt; touch made.txt; grep -E '^(Uid|Groups)' /proc/self/status"),
    directory: folder,
  };
  const { output } = await runInCell(
    demoted,
    view,
    launch,
    { timeoutMs: 30_000, outputBytesMax: 10_000 },
    never(),
  );
  demoted.close();
  assert.match(output, /Permission denied/);
  assert.doesNotMatch(output, /root's own/);
  assert.equal(statSync(join(folder, "made.txt")).uid, 65_534);
  rmSync(folder, { recursive: true });
});

test("where no cell can be made, the refusal says what to install and how to go on without", async () => {
  const missing = openTestCells("none-here", ["/nonexistent/bwrap"]);
  await assert.rejects(missing, (error: { code?: string; next?: string }) => {
    assert.equal(error.code, "cell-unavailable");
    assert.match(error.next ?? "", /apt-get install bubblewrap/);
    assert.match(error.next ?? "", /--cell=none/);
    return true;
  });
});

function openTestCells(name: string, bwrapPaths?: readonly string[]): Promise<Cells> {
  return openCells({
    tier: "bubblewrap",
    scratch: mkdtempSync(join(base, `${name}-`)),
    architecture: process.arch,
    user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    ...(bwrapPaths === undefined ? {} : { bwrapPaths }),
  });
}

function commandView(): CellView {
  return { workspace, home, readable: [dirname(process.execPath)], sockets: [], system: "whole" };
}

function shell(command: string): { argv: string[]; directory: string; environment: Record<string, string> } {
  return {
    argv: ["/bin/bash", "-c", command],
    directory: workspace,
    environment: { PATH: "/usr/bin:/bin", HOME: home },
  };
}

function inside(
  command: string,
  view: CellView = commandView(),
  outputBytesMax = 100_000,
): Promise<RunResult> {
  return runInCell(
    cells,
    view,
    { ...shell(command), directory: view.workspace },
    { timeoutMs: 30_000, outputBytesMax },
    never(),
  );
}

function node(code: string): Promise<RunResult> {
  const launch = { ...shell(""), argv: [process.execPath, "-e", code] };
  return runInCell(cells, commandView(), launch, { timeoutMs: 30_000, outputBytesMax: 10_000 }, never());
}

function never(): AbortSignal {
  return new AbortController().signal;
}

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stream)).toString();
}

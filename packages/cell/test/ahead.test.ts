import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { openCells, runInCell, type Cells, type CellView, type RunResult } from "../src/index.ts";
import { findControlGroups } from "../src/limits.ts";

const base = mkdtempSync(join(tmpdir(), "cloister-ahead-"));
const workspace = join(base, "workspace");
const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const never = new AbortController().signal;
const options = { tier: "bubblewrap", architecture: process.arch, user } as const;
const environment = { PATH: "/usr/bin:/bin", HOME: join(base, "home"), WORD: "a 'b'\n" };
let hidden: string[] = [];
let cells: Cells;
const view: CellView = {
  workspace,
  home: join(base, "home"),
  readable: [],
  sockets: [],
  system: "whole",
  hidden: () => hidden,
};

before(async () => {
  for (const path of ["home", "workspace/.git/hooks", "workspace/.git/info", "workspace/.git/objects"]) {
    mkdirSync(join(base, path), { recursive: true });
  }
  writeFileSync(join(workspace, ".git/HEAD"), "ref: refs/heads/main\n");
  writeFileSync(join(workspace, ".git/config"), "[core]\n");
  cells = await openCells({ ...options, scratch: join(base, "cells"), ahead: true });
});

after(() => {
  cells.close();
  rmSync(base, { recursive: true, force: true });
});

function run(
  line: string,
  over: { cells?: Cells; view?: CellView; argv?: string[] } = {},
): Promise<RunResult> {
  const launch = { argv: over.argv ?? ["/bin/sh", "-c", line], directory: workspace, environment };
  const limits = { timeoutMs: 60_000, outputBytesMax: 300_000 };
  return runInCell(over.cells ?? cells, over.view ?? view, launch, limits, never);
}

/** The command line of process 1 in the cell says whether it waited. */
const waited = "if grep -q '[r]ead -r cloister_order' /proc/1/cmdline; then echo waited; else echo fresh; fi";

/** The first of a few that found a cell waiting: how soon one is there depends on how busy the machine is. */
async function runWaited(line: string): Promise<RunResult> {
  for (let look = 0; look < 600; look++) {
    const result = await run(`${waited}; ${line}`);
    if (result.output.startsWith("waited\n")) return result;
    await wait(100);
  }
  assert.fail("no command found a cell that waited");
}

/** The next one is being made, or made: what comes now finds it if it is fast enough. */
async function untilReady(): Promise<void> {
  await runWaited("true");
  await wait(150);
}

test("a command that is told to a waiting cell is the one that would have been started in it", async () => {
  const fresh = await openCells({ ...options, scratch: join(base, "fresh") });
  try {
    const lines = [
      "env | sort; pwd; umask; id; ulimit -a; cat /proc/self/mounts | wc -l; ls -l /proc/self/fd | wc -l; exit 3",
      "cat /proc/self/status | grep -E '^(Cap[A-Za-z]+|NoNewPrivs|Seccomp|Uid|Gid|Groups|Sig[A-Za-z]+):'; echo $$ $PPID",
      `printf %s '${"long\n".repeat(20_000)}' | wc -c; echo "$WORD"`,
    ];
    for (const line of lines) {
      const [now, then] = [await runWaited(line), await run(line, { cells: fresh })];
      assert.equal(now.output, `waited\n${then.output}`);
      assert.equal(now.exitCode, then.exitCode);
    }
    // Without a cell that waits, bubblewrap itself looks for the program, and says 1.
    let missing = await run("", { argv: ["no-such-program"] });
    for (let look = 0; look < 100 && missing.exitCode === 1; look++) {
      await untilReady();
      missing = await run("", { argv: ["no-such-program"] });
    }
    assert.equal(missing.exitCode, 127);
    assert.match(missing.output, /no-such-program/);
  } finally {
    fresh.close();
  }
});

test("each has a cell of its own: nothing is left of the one before", async () => {
  await run("echo left > /tmp/left; sleep 60 &");
  assert.equal(
    (await runWaited(`ls /tmp/left; pgrep sleep`)).output,
    "waited\nls: cannot access '/tmp/left': No such file or directory\n",
  );
});

test("a file that is to be hidden since is hidden", async () => {
  writeFileSync(join(workspace, ".env"), "TOKEN");
  await untilReady();
  hidden = [join(workspace, ".env")];
  assert.match((await run(`${waited}; cat .env`)).output, /^fresh\ncat: .*Permission denied/);
  await wait(100);
  // Replaced from outside: the kernel takes the mount from every cell, and the name stays the same.
  await untilReady();
  writeFileSync(join(workspace, "new"), "TOKEN");
  renameSync(join(workspace, "new"), join(workspace, ".env"));
  assert.match((await run(`${waited}; cat .env`)).output, /^fresh\ncat: .*Permission denied/);
  hidden = [];
});

test("settings that somebody replaced meanwhile are guarded all the same", async () => {
  await untilReady();
  writeFileSync(join(workspace, ".git/config.lock"), "[core]\n\tbare = false\n");
  renameSync(join(workspace, ".git/config.lock"), join(workspace, ".git/config"));
  const { output } = await run(`${waited}; echo bad >> .git/config; mv .git/config .git/other`);
  assert.match(output, /^fresh\n/);
  assert.match(output, /Read-only file system[^]*busy/);
  assert.equal(readFileSync(join(workspace, ".git/config"), "utf8"), "[core]\n\tbare = false\n");
});

test("a repository that a person made meanwhile is guarded too", async () => {
  await untilReady();
  mkdirSync(join(workspace, "below/.git/hooks"), { recursive: true });
  const { output } = await run(`${waited}; touch below/.git/hooks/pre-commit`);
  assert.match(output, /^fresh\n.*Read-only file system/);
});

test("a command with another view of the world does not get a cell that was made for this one", async () => {
  mkdirSync(join(base, "more"));
  await untilReady();
  const other: CellView = { ...view, readable: [join(base, "more")], limits: { fileBytesMax: 4096 } };
  const { output } = await run(`${waited}; ls -d ${join(base, "more")}; ulimit -f`, { view: other });
  assert.equal(output, `fresh\n${join(base, "more")}\n8\n`);
});

test("a usual limit of memory holds where a control group can be had, and nowhere else", async () => {
  const canHold = findControlGroups("cloister-usual-test")?.memory !== undefined;
  const scratch = join(base, "usual");
  const small = await openCells({ ...options, scratch, ahead: true, memoryBytesUsual: 64 * 1024 * 1024 });
  try {
    const { output } = await run("head -c 200000000 /dev/zero | tail | wc -c", { cells: small });
    assert.equal(output.startsWith("200000000\n"), !canHold, output);
  } finally {
    small.close();
  }
});

test("commands at the same time have a cell each", async () => {
  await untilReady();
  const results = await Promise.all(Array.from({ length: 5 }, () => run(waited)));
  assert.ok(results.filter(({ output }) => output === "waited\n").length <= 1);
  assert.ok(results.every(({ exitCode }) => exitCode === 0));
});

test("a session that ends leaves no waiting cell behind, and one that waits keeps nobody from ending", () => {
  const home = join(base, "home");
  const script = `
    import { openCells, runInCell } from "../src/index.ts";
    import { spawnSync } from "node:child_process";
    import { setTimeout as wait } from "node:timers/promises";
    const cells = await openCells(${JSON.stringify({ ...options, scratch: join(base, "own"), ahead: true })});
    const view = ${JSON.stringify({ ...view, hidden: [], home })};
    const launch = { argv: ["/bin/true"], directory: view.workspace, environment: {} };
    await runInCell(cells, view, launch, { timeoutMs: 20000, outputBytesMax: 1000 }, new AbortController().signal);
    const children = () => spawnSync("ps", ["--ppid", String(process.pid), "-o", "args="], { encoding: "utf8" })
      .stdout.split("\\n").filter((line) => line.includes("cloister_order")).length;
    for (let look = 0; look < 1200 && children() === 0; look++) await wait(50);
    const made = children();
    if (process.argv[1] === "close") {
      cells.close();
      for (let look = 0; look < 1200 && children() > 0; look++) await wait(50);
      console.log(made, children());
    } else console.log(made);
  `;
  const play = (...args: string[]): string =>
    spawnSync(process.execPath, ["--input-type=module", "--eval", script, ...args], {
      cwd: import.meta.dirname,
      encoding: "utf8",
      timeout: 200_000,
    }).stdout;
  assert.equal(play("close"), "1 0\n");
  rmSync(join(base, "own"), { recursive: true, force: true });
  assert.equal(play("end"), "1\n");
});

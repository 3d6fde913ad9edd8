import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { isPlain, orderFor, waitingShell } from "./waiting-shell.ts";
import type { CellView, Launch } from "./view.ts";

const view: CellView = { workspace: "/w", home: "/h", readable: [], sockets: [], system: "whole" };
const launch: Launch = { argv: ["true"], directory: "/w", environment: {} };

test("only a command that the shell can become as it is waits for it", () => {
  assert.equal(isPlain(view, launch), true);
  const others: Partial<Launch>[] = [
    ...[[], [""], ["-x"]].map((argv) => ({ argv })),
    ...["A-B", "1A", "", "_", "UID", "IFS", "SHLVL", "BASH_ENV", "BASH_FUNC_x%%"].map((name) => ({
      environment: { [name]: "1" },
    })),
    { directory: "/w/below" },
    { reportPipe: true },
    { stdio: ["inherit", "pipe", "pipe"] },
  ];
  for (const other of others) {
    assert.equal(isPlain(view, { ...launch, ...other }), false, JSON.stringify(other));
  }
  assert.equal(isPlain({ ...view, system: "libraries" }, launch), false, "the agent's own cell has no shell");
});

test("words arrive as they are, whatever they hold, and nothing in them is evaluated", () => {
  const awkward = [
    "",
    "a'b",
    "'",
    "\n",
    'a\n\'\n"$n"',
    "$(exit 7)",
    "`exit 7`",
    "\\",
    "!!",
    "*",
    "ü→\u{1f512}",
  ];
  for (const words of [awkward, [...awkward, "x".repeat(100_000)]]) {
    const program = "process.stdout.write(JSON.stringify([process.argv.slice(1), process.env]))";
    const argv = [process.execPath, "-e", program, "--", ...words];
    const environment = { n: "a\n'b'\n$HOME", PWD: "/elsewhere", LC_ALL: "C" };
    const [shell = "", option = "", script = ""] = waitingShell;
    // Node's pipe is a socket that can be read and written, as descriptor 5 is in a cell.
    const told = spawnSync(shell, [option, `exec 5<&0 0</dev/null; ${script}`], {
      input: orderFor({ ...launch, argv, environment }),
      encoding: "utf8",
      env: {},
    });
    assert.equal(told.stderr, "");
    assert.deepEqual(JSON.parse(told.stdout), [words, environment]);
  }
});

/** Streams of commands are pipes: they can be opened again by name, end when the last writer is gone, and lose nothing. */
import assert from "node:assert/strict";
import { closeSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { openCells, runInCell, type Cells, type CellView } from "../src/index.ts";
import { openPipes } from "../src/pipes.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const limits = { timeoutMs: 20_000, outputBytesMax: 400_000_000 };
let base: string;
let cells: Cells;
let view: CellView;

before(async () => {
  base = mkdtempSync(join(tmpdir(), "cell-pipes-"));
  const workspace = join(base, "work");
  mkdirSync(workspace);
  cells = await openCells({
    ...{ tier: "bubblewrap", scratch: join(base, "cells"), architecture: process.arch, user: me },
    streamOf: (fd, direction) =>
      new Socket({ fd, readable: direction === "out", writable: direction === "in" }),
  });
  view = { workspace, home: join(base, "home"), readable: [], sockets: [], system: "whole" };
});

after(() => {
  cells.close();
  rmSync(base, { recursive: true, force: true });
});

const launchOf = (script: string): Parameters<Cells["spawn"]>[1] => ({
  argv: ["/bin/bash", "-c", script],
  directory: view.workspace,
  environment: { PATH: "/usr/bin:/bin" },
});

test("stdout, stderr and stdin can be opened by their names", async () => {
  const script =
    "echo one > /dev/stderr; echo two > /dev/stdout; echo three | tee /dev/stderr; cat /dev/stdin; " +
    "echo four | sort -o /dev/stdout; echo five >> /proc/self/fd/2; echo end";
  const { output, exitCode } = await runInCell(cells, view, launchOf(script), limits, never());
  assert.equal(exitCode, 0, output);
  const lines = output.trim().split("\n").toSorted();
  assert.deepEqual(lines, ["end", "five", "four", "one", "three", "three", "two"]);
});

test("input that is given is read to its end, by that name too", async () => {
  const child = cells.spawn(view, launchOf("cat /dev/stdin | wc -c"));
  child.stdin?.end("x".repeat(300_000));
  assert.ok(child.stdout !== null);
  assert.equal((await text(child.stdout)).trim(), "300000");
});

test("a flood arrives whole, and `close` comes after the last byte of it", async () => {
  const script = "head -c 20000000 /dev/zero | tr '\\0' a; head -c 1000 /dev/zero | tr '\\0' b >&2";
  const { output } = await runInCell(cells, view, launchOf(script), limits, never());
  assert.equal(output.length, 20_001_000);
});

test("what a background process holds open ends with the cell, and the next command hears nothing of it", async () => {
  const { output } = await runInCell(cells, view, launchOf("sleep 300 & echo first"), limits, never());
  assert.equal(output, "first\n");
  for (let i = 0; i < 30; i++) {
    const next = await runInCell(cells, view, launchOf(`echo ${i}`), limits, never());
    assert.equal(next.output, `${i}\n`, "a pipe is used again, empty");
  }
});

test("when all pipes are in use, commands get sockets and lose nothing", async () => {
  const runs = Array.from({ length: 20 }, (_, i) =>
    runInCell(cells, view, launchOf(`sleep 0.3; echo out ${i}; echo err ${i} >&2`), limits, never()),
  );
  for (const [i, { output }] of (await Promise.all(runs)).entries()) {
    assert.deepEqual(output.trim().split("\n").toSorted(), [`err ${i}`, `out ${i}`]);
  }
});

test("the program that makes pipes is the system's own, wherever PATH leads", (t) => {
  const own = process.env["PATH"];
  t.after(() => (process.env["PATH"] = own));
  const bin = join(base, "bin");
  const ran = join(base, "ran");
  mkdirSync(bin);
  writeFileSync(join(bin, "mkfifo"), `#!/bin/sh\n: > ${ran}\n`, { mode: 0o755 });
  process.env["PATH"] = `${bin}:${own}`;
  const fresh = openPipes(join(base, "fresh"), (fd) => new Socket({ fd, readable: true, writable: false }));
  const pipe = fresh.take("out");
  assert.ok(pipe !== undefined);
  pipe.stream.destroy();
  closeSync(pipe.inner);
  assert.equal(existsSync(ran), false);
});

test("a command that is killed, or a reader who goes away, holds nobody up", async () => {
  const timed = await runInCell(cells, view, launchOf("yes"), { ...limits, timeoutMs: 300 }, never());
  assert.ok(timed.timedOut);
  const child = cells.spawn(view, launchOf("yes; echo status $? >&2"));
  child.stdout?.destroy();
  assert.ok(child.stderr !== null);
  assert.match(await text(child.stderr), /status 141|Broken pipe/, "it notices at its next write");
});

function never(): AbortSignal {
  return new AbortController().signal;
}

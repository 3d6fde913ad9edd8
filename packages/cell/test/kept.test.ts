/** What sessions keep for each other: the copy of `/etc`, and that a cell could be made here. */
import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openCells, type Cells } from "../src/index.ts";
import { openKeptEtc } from "../src/kept-etc.ts";

const me = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
let base: string;

before(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "cell-kept-")));
  chmodSync(base, 0o755);
});
after(() => rmSync(base, { recursive: true, force: true }));

test("a copy of /etc is used again until something of it changes, and what nobody uses goes", () => {
  const from = join(base, "etc");
  mkdirSync(join(from, "ssl"), { recursive: true });
  writeFileSync(join(from, "localtime"), "UTC");
  writeFileSync(join(from, "ssl/openssl.cnf"), "old");
  const folder = join(base, "copies");
  const open = (): string =>
    openKeptEtc({ folder, system: "libraries", from, files: { hosts: "127.0.0.1 localhost\n" } });
  const first = open();
  assert.equal(readFileSync(join(first, "ssl/openssl.cnf"), "utf8"), "old");
  assert.equal(readFileSync(join(first, "hosts"), "utf8"), "127.0.0.1 localhost\n");
  const { ino } = lstatSync(first);
  assert.deepEqual([open(), lstatSync(first).ino], [first, ino]);

  // The same size, and the time it had: what counts is that it was written.
  const { atime, mtime } = lstatSync(join(from, "ssl/openssl.cnf"));
  writeFileSync(join(from, "ssl/openssl.cnf"), "new");
  utimesSync(join(from, "ssl/openssl.cnf"), atime, mtime);
  const second = open();
  assert.notEqual(second, first);
  assert.equal(readFileSync(join(second, "ssl/openssl.cnf"), "utf8"), "new");

  const longAgo = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000);
  utimesSync(first, longAgo, longAgo);
  writeFileSync(join(from, "localtime"), "CET");
  const third = open();
  assert.deepEqual(
    readdirSync(folder)
      .map((name) => join(folder, name))
      .toSorted(),
    [second, third].toSorted(),
  );
});

/** A launcher that counts how often it is called. */
function createLauncher(name: string): { readonly path: string; readonly calls: () => number } {
  const path = join(base, name);
  const log = join(base, `${name}.log`);
  writeFileSync(log, "");
  writeFileSync(path, `#!/bin/sh\necho x >> ${log}\nexec /usr/bin/bwrap "$@"\n`, { mode: 0o755 });
  return { path, calls: () => readFileSync(log, "utf8").length / 2 };
}

let opened = 0;

function openWith(cache: string, bwrap: string): Promise<Cells> {
  opened += 1;
  const scratch = join(base, `scratch-${opened}`);
  const where = { tier: "bubblewrap", scratch, architecture: process.arch, user: me } as const;
  return openCells({ ...where, cache, bwrapPaths: [bwrap] });
}

function run(cells: Cells, argv: readonly string[], system: "libraries" | "whole"): Promise<number | null> {
  const workspace = join(base, "project");
  mkdirSync(workspace, { recursive: true });
  const view = { workspace, home: "/home/user", sockets: [], readable: ["/bin/sh"], system } as const;
  const child = cells.spawn(view, { argv, directory: "/", environment: { PATH: "/usr/bin:/bin" } });
  child.stdout?.resume();
  child.stderr?.resume();
  return new Promise((resolve) => void child.once("close", resolve));
}

test("that a cell can be made is found out once; another launcher, and a cell that failed, are a new question", async () => {
  const cache = join(base, "cache");
  const launcher = createLauncher("launcher");
  const first = await openWith(cache, launcher.path);
  assert.equal(launcher.calls(), 1, "one was made to see");
  assert.equal(await run(first, ["/bin/sh", "-c", "exit 0"], "libraries"), 0);
  first.close();
  assert.equal(launcher.calls(), 2);

  const second = await openWith(cache, launcher.path);
  assert.equal(launcher.calls(), 2, "no question");
  assert.equal(await run(second, ["/bin/sh", "-c", "exit 3"], "libraries"), 3);
  second.close();
  assert.ok(!existsSync(join(cache, "cell.json")), "nobody can tell whether that was the cell's fault");

  const third = await openWith(cache, launcher.path);
  assert.equal(launcher.calls(), 4);
  third.close();
  appendFileSync(launcher.path, "# another one\n");
  const fourth = await openWith(cache, launcher.path);
  assert.equal(launcher.calls(), 5);
  fourth.close();
});

test("no program is started because the file of memories names it", async () => {
  const cache = join(base, "planted");
  const good = createLauncher("good");
  const bad = createLauncher("bad");
  (await openWith(cache, bad.path)).close();
  const asked = bad.calls();
  const cells = await openWith(cache, good.path);
  assert.equal(await run(cells, ["/bin/sh", "-c", "exit 0"], "libraries"), 0);
  cells.close();
  assert.deepEqual([bad.calls(), good.calls()], [asked, 2]);
});

test("cells over a kept copy see it, cannot write it, and closing leaves it", async () => {
  const cache = join(base, "seen");
  const cells = await openWith(cache, "/usr/bin/bwrap");
  const check =
    "grep -q ^user: /etc/passwd && ! (echo x > /etc/passwd) 2>/dev/null && ! rm /etc/hosts 2>/dev/null";
  assert.equal(await run(cells, ["/bin/sh", "-c", check], "whole"), 0);
  cells.close();
  const copies = readdirSync(join(cache, "etc"));
  assert.ok(copies.some((name) => name.startsWith("whole-")));
  for (const copy of copies) assert.match(readFileSync(join(cache, "etc", copy, "passwd"), "utf8"), /^user:/);
});

test("a folder for copies that is a link, or cannot be written, is done without", async () => {
  const cache = join(base, "odd");
  mkdirSync(cache);
  symlinkSync("/nonexistent", join(cache, "etc"));
  const cells = await openWith(cache, "/usr/bin/bwrap");
  assert.equal(await run(cells, ["/bin/sh", "-c", "test -f /etc/passwd"], "whole"), 0);
  cells.close();
});

/** Promotion, where others are at work in the workspace: nothing of ours may be led out of it. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  openCells,
  openOverlay,
  promote,
  runInCell,
  type Change,
  type Overlay,
  type Promoted,
} from "../src/index.ts";

test("a folder that became a link after the command does not lead us out", async () => {
  await using world = await createWorld({ "sub/a": "old\n" });
  const changes = await world.run("echo new > sub/a; echo new > sub/b; rm -r nothing 2>/dev/null; true");
  renameSync(join(world.workspace, "sub"), join(world.base, "moved"));
  mkdirSync(join(world.base, "outside"));
  symlinkSync(join(world.base, "outside"), join(world.workspace, "sub"));
  const results = world.promote(changes);
  assert.ok(results.every(({ kind }) => kind === "left"));
  assert.deepEqual(readdirSync(join(world.base, "outside")), []);
  assert.equal(readFileSync(join(world.base, "moved", "a"), "utf8"), "old\n");
});

test("a file that became a link is not written through, nor one that appeared replaced", async () => {
  await using world = await createWorld({ a: "old\n" });
  const changes = await world.run("echo new > a; echo new > b");
  writeFileSync(join(world.base, "target"), "safe");
  rmSync(join(world.workspace, "a"));
  symlinkSync(join(world.base, "target"), join(world.workspace, "a"));
  writeFileSync(join(world.workspace, "b"), "mine");
  assert.ok(world.promote(changes).every(({ kind }) => kind === "left"));
  assert.equal(readFileSync(join(world.base, "target"), "utf8"), "safe");
  assert.equal(readFileSync(join(world.workspace, "b"), "utf8"), "mine");
});

test("a folder with a file that nobody saw is not removed with it", async () => {
  await using world = await createWorld({ "d/a": "1" });
  const changes = await world.run("rm -r d");
  writeFileSync(join(world.workspace, "d", "late"), "mine");
  world.promote(changes);
  assert.deepEqual(readdirSync(join(world.workspace, "d")), ["late"]);
});

test("a file in the place of a folder, and a folder in the place of a file, and their modes", async () => {
  await using world = await createWorld({ "d/a/b": "1", f: "2" });
  const changes = await world.run(
    "rm -r d; echo now > d; rm f; mkdir -m 750 f; echo in > f/g; chmod 000 f/g; chmod 500 f",
  );
  assert.ok(world.promote(changes).every(({ kind }) => kind === "promoted"));
  assert.equal(readFileSync(join(world.workspace, "d"), "utf8"), "now\n");
  chmodSync(join(world.workspace, "f"), 0o700); // so that whoever runs this can take it away
  assert.equal(statSync(join(world.workspace, "f/g")).mode & 0o777, 0);
});

test("no temporary file is left, and the next command sees what the first wrote", async () => {
  await using world = await createWorld({ a: "1" });
  await world.run("echo 2 > a");
  const changes = await world.run("cat a > copy");
  world.promote(changes);
  assert.equal(readFileSync(join(world.workspace, "copy"), "utf8"), "2\n");
  assert.deepEqual(readdirSync(world.workspace).toSorted(), ["a", "copy"]);
});

test("discarding takes the overlay's folders away", async () => {
  await using world = await createWorld({ a: "1" });
  await world.run("rm a; mkdir -p x/y; chmod 000 x");
  world.overlay.discard();
  assert.equal(existsSync(world.overlay.upper), false);
});

test("where no overlay can be had, it says so", async () => {
  await using world = await createWorld({});
  const scratch = join(world.base, "other");
  mkdirSync(scratch);
  const opening = openOverlay({ workspace: join(world.base, "not-there"), scratch, user: world.user });
  await assert.rejects(opening);
});

interface World extends AsyncDisposable {
  readonly base: string;
  readonly workspace: string;
  readonly overlay: Overlay;
  readonly user: { readonly uid: number; readonly gid: number };
  run(script: string): Promise<readonly Change[]>;
  promote(changes: readonly Change[]): Promoted[];
}

async function createWorld(files: Readonly<Record<string, string>>): Promise<World> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "cell-overlay-")));
  const workspace = join(base, "workspace");
  mkdirSync(workspace);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(workspace, path, ".."), { recursive: true });
    writeFileSync(join(workspace, path), text);
  }
  const user = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const scratch = join(base, "scratch");
  const cells = await openCells({ tier: "bubblewrap", scratch, architecture: process.arch, user });
  const overlay = await openOverlay({ workspace, scratch, user });
  const view = { workspace, home: "/home/user", readable: [], sockets: [], system: "whole" } as const;
  return {
    base,
    workspace,
    overlay,
    user,
    run: async (script) => {
      const launch = {
        argv: ["/bin/sh", "-c", script],
        directory: workspace,
        environment: { PATH: "/usr/bin:/bin" },
      };
      await runInCell(
        cells,
        { ...view, workspaceFrom: overlay.workspaceFrom },
        { ...launch, through: overlay.through },
        { timeoutMs: 20_000, outputBytesMax: 10_000 },
        new AbortController().signal,
      );
      return (await overlay.writeSet()).changes;
    },
    promote: (changes) => promote(changes, { workspace, upper: overlay.upper, user, guarded: false }),
    [Symbol.asyncDispose]: async () => {
      overlay.discard();
      cells.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

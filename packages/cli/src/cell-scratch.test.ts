import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { claimScratch, holdMountPoints, sweepScratches } from "./cell-scratch.ts";

const gone = spawnSync(process.execPath, ["-e", "console.log(process.pid)"]).stdout.toString().trim();

test("what a killed session left is swept at the next start; what lives, and what is not ours, stays", () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "sweep-")));
  const workspace = join(base, "project");
  for (const name of ["cloister-dead", "cloister-live", "cloister-unclaimed", "cloister-me", "other-dead"]) {
    mkdirSync(join(base, name), { recursive: true });
  }
  for (const path of [".cloister", ".claude"]) mkdirSync(join(workspace, path), { recursive: true });
  writeFileSync(join(workspace, ".claude/settings.json"), "{}");
  mkdirSync(join(base, "outside"));
  const missing = [".cloister", ".claude"].map((name) => join(workspace, name));
  const dead = {
    pid: Number(gone),
    started: "1",
    workspace,
    missing: [...missing, join(base, "outside")],
  };
  writeFileSync(join(base, "cloister-dead/owner.json"), JSON.stringify(dead));
  writeFileSync(join(base, "other-dead/owner.json"), JSON.stringify(dead));
  claimScratch(join(base, "cloister-live"), join(base, "another"), []);
  sweepScratches(join(base, "cloister-me"));
  assert.ok(!existsSync(join(base, "cloister-dead")));
  for (const name of ["cloister-live", "cloister-unclaimed", "cloister-me", "other-dead", "outside"]) {
    assert.ok(existsSync(join(base, name)), name);
  }
  assert.ok(!existsSync(join(workspace, ".cloister")), "the empty mount point");
  assert.ok(existsSync(join(workspace, ".claude/settings.json")), "somebody's own by now");
  rmSync(base, { recursive: true });
});

test("a session in another process namespace that shares the temporary folder is left alone", () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "sweep-")));
  const workspace = join(base, "project");
  const claim = { pid: Number(gone), started: "1", namespace: "pid:[1]", workspace, missing: [] };
  for (const name of ["cloister-elsewhere", "cloister-me"]) mkdirSync(join(base, name));
  writeFileSync(join(base, "cloister-elsewhere/owner.json"), JSON.stringify(claim));
  sweepScratches(join(base, "cloister-me"));
  assert.ok(existsSync(join(base, "cloister-elsewhere")));
  rmSync(base, { recursive: true });
});

test("while another session works in the same project, its mount points stay", () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "sweep-")));
  const workspace = join(base, "project");
  for (const name of ["cloister-dead", "cloister-live", "project/.cloister"]) {
    mkdirSync(join(base, name), { recursive: true });
  }
  const claim = { pid: process.pid, started: "1", workspace, missing: [join(workspace, ".cloister")] };
  writeFileSync(join(base, "cloister-dead/owner.json"), JSON.stringify(claim));
  claimScratch(join(base, "cloister-live"), workspace, []);
  sweepScratches(join(base, "cloister-live"));
  assert.ok(!existsSync(join(base, "cloister-dead")), "a number that is used again is another process");
  assert.ok(existsSync(join(workspace, ".cloister")));
  rmSync(base, { recursive: true });
});

test("of two sessions in one project the last to end takes the mount points of both away, whoever came first", async () => {
  for (const order of ["first", "second"] as const) {
    const { base, workspace, scratches } = makeTwo();
    const [one = "", two = ""] = scratches;
    const [a, b] = [".cloister", ".vscode"].map((name) => join(workspace, name));
    assert.ok(a !== undefined && b !== undefined);
    const endFirst = await holdMountPoints({ scratch: one, workspace, missing: () => [a, b] });
    for (const path of [a, b]) mkdirSync(path);
    // For the second they are there already.
    const endSecond = await holdMountPoints({ scratch: two, workspace, missing: () => [] });
    const [early, late] = order === "first" ? [endFirst, endSecond] : [endSecond, endFirst];
    // As closing the cells does.
    rmSync(order === "first" ? one : two, { recursive: true });
    early();
    assert.ok(existsSync(a) && existsSync(b), "a cell of the other may stand on them");
    late();
    assert.ok(!existsSync(a) && !existsSync(b));
    rmSync(base, { recursive: true });
  }
});

test("a session waits for one that is taking its mount points away, and asks only then what is missing", async () => {
  const { base, workspace, scratches } = makeTwo();
  const [one = "", two = ""] = scratches;
  const claim = { pid: process.pid, started: "", workspace, missing: [], isEnding: true };
  writeFileSync(join(one, "owner.json"), JSON.stringify(claim));
  let asked = false;
  const coming = holdMountPoints({ scratch: two, workspace, missing: () => ((asked = true), []) });
  assert.ok(!asked);
  rmSync(join(one, "owner.json"));
  await coming;
  assert.ok(asked);
  rmSync(base, { recursive: true });
});

test("what a killed session left is kept for a start at which nobody works in its project", () => {
  const { base, workspace, scratches } = makeTwo();
  const [dead = "", live = ""] = scratches;
  const me = join(base, "cloister-me");
  mkdirSync(me);
  mkdirSync(join(workspace, ".cloister"));
  const missing = [join(workspace, ".cloister")];
  writeFileSync(
    join(dead, "owner.json"),
    JSON.stringify({ pid: process.pid, started: "1", workspace, missing }),
  );
  claimScratch(live, workspace, []);
  sweepScratches(me);
  assert.ok(existsSync(dead) && existsSync(join(workspace, ".cloister")));
  rmSync(live, { recursive: true });
  sweepScratches(me);
  assert.ok(!existsSync(dead) && !existsSync(join(workspace, ".cloister")));
  rmSync(base, { recursive: true });
});

function makeTwo(): { base: string; workspace: string; scratches: string[] } {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "sweep-")));
  const scratches = ["cloister-one", "cloister-two"].map((name) => join(base, name));
  for (const path of [...scratches, join(base, "project")]) mkdirSync(path);
  return { base, workspace: join(base, "project"), scratches };
}

// Root may write anywhere.
const isRoot = process.getuid?.() === 0;

test(
  "a folder in which no mount point can be made is refused with a word on what to do",
  { skip: isRoot },
  async () => {
    const { base, workspace, scratches } = makeTwo();
    const [scratch = ""] = scratches;
    const missing = (): string[] => [join(workspace, ".vscode")];
    chmodSync(workspace, 0o555);
    await assert.rejects(holdMountPoints({ scratch, workspace, missing }), {
      code: "workspace-read-only",
      next: /cp -r/u,
    });
    chmodSync(workspace, 0o755);
    rmSync(base, { recursive: true });
  },
);

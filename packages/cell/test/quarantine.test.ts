import assert from "node:assert/strict";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { censusOf, compareCensus, openFolder, quarantine, removeMountPoints } from "../src/index.ts";

function makeFolder(t: TestContext): string {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "quarantine-")));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  mkdirSync(join(base, "work"));
  return base;
}

test("an armed repository that a command made is put aside under another name", (t) => {
  const root = join(makeFolder(t), "work");
  const before = censusOf(root);
  mkdirSync(join(root, "sub/.git/hooks"), { recursive: true });
  writeFileSync(join(root, "sub/.git/hooks/post-checkout"), "evil");
  const [found] = compareCensus(before, censusOf(root)).map((finding) => quarantine(finding, before));
  assert.equal(found?.movedTo, join(root, "sub/.git.cloister-quarantine-1"));
  assert.ok(!existsSync(join(root, "sub/.git")));
  assert.equal(readFileSync(`${found.movedTo}/hooks/post-checkout`, "utf8"), "evil");
});

test("a folder that becomes a link before it is put aside leads nobody out of the workspace", (t) => {
  const base = makeFolder(t);
  const root = join(base, "work");
  const before = censusOf(root);
  mkdirSync(join(root, "a/b/.git/hooks"), { recursive: true });
  writeFileSync(join(root, "a/b/.git/hooks/post-checkout"), "evil");
  mkdirSync(join(base, "outside/b/.git"), { recursive: true });
  const findings = compareCensus(before, censusOf(root));
  renameSync(join(root, "a"), join(root, "was"));
  symlinkSync(join(base, "outside"), join(root, "a"));
  const [found] = findings.map((finding) => quarantine(finding, before));
  assert.equal(found?.movedTo, undefined);
  assert.match(found?.trouble ?? "", /ELOOP|ENOTDIR/);
  assert.ok(existsSync(join(base, "outside/b/.git")));
});

/** Exchanges `work/a` for a link to `outside` and back, as fast as it can. */
const exchanging = `const { renameSync } = require("node:fs");
  const { workerData: root } = require("node:worker_threads");
  const [place, link] = [root + "/a", root + "/link"];
  const step = (from, to) => { try { renameSync(from, to); } catch {} };
  for (let n = 0; n < 1e9; n++) {
    const aside = root + "/was" + n;
    step(place, aside); step(link, place); step(place, link); step(aside, place);
  }`;
const ROUNDS = 3000;

test("a folder that is exchanged for a link over and over while we work leads nobody out of the workspace", async (t) => {
  const base = makeFolder(t);
  const root = join(base, "work");
  const before = censusOf(root);
  mkdirSync(join(root, "a/empty"), { recursive: true });
  mkdirSync(join(base, "outside/.git"), { recursive: true });
  mkdirSync(join(base, "outside/empty"));
  symlinkSync(join(base, "outside"), join(root, "link"));
  const worker = new Worker(exchanging, { eval: true, workerData: root });
  t.after(() => worker.terminate());
  await once(worker, "online");
  const finding = { kind: "repository-armed", path: join(root, "a/.git") } as const;
  for (let round = 0; round < ROUNDS; round++) {
    quarantine(finding, before);
    removeMountPoints(root, [join(root, "a/empty")]);
  }
  assert.deepEqual(readdirSync(join(base, "outside")), [".git", "empty"]);
});

test(
  "an open folder stays the one it is, whatever its name leads to by now",
  { skip: process.platform !== "linux" },
  (t) => {
    const base = makeFolder(t);
    mkdirSync(join(base, "work/a"));
    mkdirSync(join(base, "outside"));
    using folder = openFolder(join(base, "work"), "a");
    renameSync(join(base, "work/a"), join(base, "work/was"));
    symlinkSync(join(base, "outside"), join(base, "work/a"));
    writeFileSync(join(folder.path, "file"), "x");
    assert.ok(existsSync(join(base, "work/was/file")));
    assert.ok(!existsSync(join(base, "outside/file")));
  },
);

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { planMasks, toHidden } from "./mask.ts";

let root: string;

before(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "mask-")));
  mkdirSync(join(root, "a/b/c"), { recursive: true });
  writeFileSync(join(root, "a/b/.env"), "");
  symlinkSync("a", join(root, "way"));
});

after(() => rmSync(root, { recursive: true }));

const at = (path: string): string => join(root, path);

test("every folder between the root and a mask is a mount, so that nothing can be swapped under it", () => {
  const { masks } = planMasks([{ kind: "hidden-file", path: at("a/b/.env") }], [root]);
  assert.deepEqual(masks, [
    { kind: "pin", path: at("a") },
    { kind: "pin", path: at("a/b") },
    { kind: "hidden-file", path: at("a/b/.env") },
  ]);
});

test("in a folder that is shown read-only nothing is pinned: a pin would make it writable", () => {
  const { masks } = planMasks([{ kind: "hidden-file", path: at("a/b/.env") }], ["/elsewhere"]);
  assert.deepEqual(masks, [{ kind: "hidden-file", path: at("a/b/.env") }]);
});

test("where two masks meet, the stronger holds, in whatever order they came", () => {
  const two = [
    { kind: "hidden-directory", path: at("a") },
    { kind: "read-only", path: at("a") },
    { kind: "pin", path: at("a") },
  ] as const;
  for (const masks of [two, two.toReversed()]) assert.deepEqual(planMasks(masks, [root]).masks, [two[0]]);
});

test("below what is hidden nothing is mounted; below what is read-only, only what hides more", () => {
  const below = [
    { kind: "read-only", path: at("a/b/c") },
    { kind: "hidden-file", path: at("a/b/.env") },
  ] as const;
  const hidden = planMasks([{ kind: "hidden-directory", path: at("a") }, ...below], [root]);
  assert.deepEqual(hidden.masks, [{ kind: "hidden-directory", path: at("a") }]);
  const readOnly = planMasks([{ kind: "read-only", path: at("a") }, ...below], [root]);
  assert.deepEqual(readOnly.masks, [
    { kind: "read-only", path: at("a") },
    { kind: "hidden-file", path: at("a/b/.env") },
  ]);
});

test("a path with a link in it is refused, and the others hold", () => {
  const plan = planMasks(
    [
      { kind: "read-only", path: at("way/b/c") },
      { kind: "read-only", path: at("a/b/c") },
    ],
    [root],
  );
  assert.deepEqual(plan.refused, [at("way/b/c")]);
  assert.equal(plan.masks.at(-1)?.path, at("a/b/c"));
});

test("what is hidden under a link's name is hidden where it really is", () => {
  assert.deepEqual(toHidden(at("way/b/.env")), { kind: "hidden-file", path: at("a/b/.env") });
  assert.deepEqual(toHidden(at("way")), { kind: "hidden-directory", path: at("a") });
  assert.equal(toHidden(at("nowhere")), undefined);
});

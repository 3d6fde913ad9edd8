import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { systemClock, type Clock } from "@cloister/base";
import { headOf } from "../../src/sessions/find-session.ts";
import { writeHead } from "../../src/sessions/head.ts";
import { lockSession } from "../../src/sessions/lock.ts";
import { openSessionLog, readSessionLog } from "../../src/sessions/log.ts";
import { openObjects } from "../../src/sessions/objects.ts";
import { sweepSessions } from "../../src/sessions/sweep.ts";
import { tellStory } from "../../src/sessions/story.ts";
import { createWorld, type World } from "./world.ts";

const DAY_MS = 86_400_000;
const later = (days: number): Clock => ({ ...systemClock, now: () => systemClock.now() + days * DAY_MS });

function kept(world: World): void {
  world.begin().close();
  const { records } = readSessionLog(world.place);
  writeHead(world.place, headOf(tellStory(records), records.length));
}

test("a session goes when nobody opened it for so many days, and once a day is enough to look", () => {
  using world = createWorld();
  kept(world);
  const { places, place } = world;
  assert.equal(sweepSessions(places, { keepDays: undefined, clock: later(29) }), 0);
  assert.equal(sweepSessions(places, { keepDays: 1, clock: later(29.5) }), 0);
  assert.equal(sweepSessions(places, { keepDays: undefined, clock: later(31) }), 1);
  assert.ok(!existsSync(dirname(place.folder)));
});

test("a session at work stays, however old", () => {
  using world = createWorld();
  kept(world);
  const lock = lockSession(join(world.place.folder, "lock"));
  assert.equal(sweepSessions(world.places, { keepDays: 1, clock: later(9) }), 0);
  lock?.close();
  assert.ok(statSync(world.place.folder).isDirectory());
});

test("contents go with the last session that needs them", async () => {
  using world = createWorld();
  world.write("a.txt", "one\n");
  const log = world.begin();
  const checkpoints = world.checkpoints(log);
  checkpoints.before(1);
  await checkpoints.settled();
  await checkpoints.close();
  log.close();
  const folder = dirname(world.place.folder);
  const tree = readSessionLog(world.place).records.find((record) => record.t === "tree");
  const [, entry] = tree?.t === "tree" ? (tree.changes[0] ?? []) : [];
  const object = entry?.type === "file" ? entry.object : undefined;
  assert.ok(object !== undefined);
  const other = { ...world.place, id: "other", folder: join(folder, "other") };
  mkdirSync(other.folder);
  const shorter = openSessionLog(other, undefined);
  shorter.append({ ...world.start });
  shorter.close();
  utimesSync(world.place.folder, 0, 0);
  assert.equal(sweepSessions(world.places, { keepDays: 1, clock: systemClock }), 1);
  const store = openObjects(folder, world.place.key);
  assert.equal(store.get(object), undefined);
  store.close();
});

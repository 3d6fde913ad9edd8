import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@cloister/base";
import { headOf } from "../../src/sessions/find-session.ts";
import { writeHead } from "../../src/sessions/head.ts";
import { readSessionLog } from "../../src/sessions/log.ts";
import { openSavedSession, type SavedSession, type SessionWish } from "../../src/sessions/saved-session.ts";
import { tellStory } from "../../src/sessions/story.ts";
import { createWorld, type World } from "./world.ts";

const at = "2026-07-21T00:00:01.000Z";

function talked(world: World): void {
  const log = world.begin();
  log.append({ t: "user", text: "one", at });
  log.append({ t: "item", item: { role: "user", content: "one", cloister: { source: "user" } } });
  log.append({ t: "item", item: { role: "assistant", content: "1" } });
  log.close();
  const { records } = readSessionLog(world.place);
  writeHead(world.place, headOf(tellStory(records), records.length));
}

function open(world: World, wish: Partial<SessionWish>, workspace: string = world.workspace): SavedSession {
  return openSavedSession({
    ...{ places: world.places, workspace, label: "internal", clock: systemClock },
    wish: { from: "continue", isFork: false, id: undefined, ...wish },
    onTrouble: (trouble) => {
      throw trouble;
    },
  });
}

test("a session of another folder is not gone on with here, and says where it belongs", () => {
  using world = createWorld();
  talked(world);
  const elsewhere = join(world.base, "elsewhere");
  mkdirSync(elsewhere);
  assert.throws(() => open(world, { from: { which: "ses_test" } }, elsewhere), {
    code: "session-elsewhere",
    next: new RegExp(`cd ${world.workspace}`),
  });
  assert.throws(() => open(world, {}, elsewhere), { code: "no-session" });
});

test("the second process is refused, and may fork; an id is taken once", async () => {
  using world = createWorld();
  talked(world);
  {
    await using held = open(world, {});
    assert.equal(held.items?.length, 2);
    assert.throws(() => open(world, {}), { code: "session-busy", next: /--fork-session/ });
    await using fork = open(world, { isFork: true, id: "copy" });
    assert.deepEqual(fork.items, held.items);
    assert.deepEqual(fork.identity.secretsKey, held.identity.secretsKey);
    assert.throws(() => open(world, { from: "new", id: "copy" }), { code: "session-exists" });
  }
  await using again = open(world, {});
  assert.equal(again.wasInterrupted, true);
});

test("a damaged session is refused with the place, and its whole beginning can be forked", async () => {
  using world = createWorld();
  talked(world);
  const path = join(world.place.folder, "log");
  const bytes = readFileSync(path);
  const second = 19 + 4 + bytes.readUInt32LE(19);
  const third = second + 4 + bytes.readUInt32LE(second);
  bytes[third + 10] = (bytes[third + 10] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  assert.throws(() => open(world, {}), { code: "session-damaged", message: new RegExp(`byte ${third}`) });
  await using fork = open(world, { isFork: true });
  assert.match(fork.notices[0] ?? "", /was changed/);
});

test("a new session in which nothing was said leaves nothing", async () => {
  using world = createWorld();
  {
    await using fresh = open(world, { from: "new", id: "empty" });
    assert.equal(fresh.items, undefined);
  }
  assert.throws(() => open(world, { from: { which: "empty" } }), { code: "no-session" });
});

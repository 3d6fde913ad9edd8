import assert from "node:assert/strict";
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { headOf, readWholeSession } from "../../src/sessions/find-session.ts";
import { readHead, writeHead } from "../../src/sessions/head.ts";
import { lockSession } from "../../src/sessions/lock.ts";
import { openSessionLog, readSessionLog } from "../../src/sessions/log.ts";
import type { SessionRecord } from "../../src/sessions/records.ts";
import { tellStory } from "../../src/sessions/story.ts";
import { createWorld, type World } from "./world.ts";

const user = (text: string): SessionRecord => ({ t: "user", text, at: "2026-07-21T00:00:01.000Z" });

function filled(world: World): string {
  const log = world.begin();
  log.append(user("one"), user("two".repeat(500)));
  log.append(user("three"));
  log.close();
  return join(world.place.folder, "log");
}

test("what was appended is read again, in order, and can be appended to", () => {
  using world = createWorld();
  filled(world);
  const read = readSessionLog(world.place);
  assert.equal(read.trouble, undefined);
  const log = openSessionLog(world.place, read);
  log.append(user("four"));
  log.close();
  const texts = readSessionLog(world.place).records.map((record) => (record.t === "user" ? record.text : ""));
  assert.deepEqual(texts, ["", "one", "two".repeat(500), "three", "four"]);
});

test("a tail that was being written when the machine died is dropped, at whatever byte it ends", () => {
  using world = createWorld();
  const path = filled(world);
  const whole = readFileSync(path);
  const before = readSessionLog(world.place).end;
  const log = openSessionLog(world.place, readSessionLog(world.place));
  log.append(user("torn"));
  log.close();
  const longer = readFileSync(path);
  for (let length = whole.length + 1; length < longer.length; length += 7) {
    writeFileSync(path, longer.subarray(0, length));
    const read = readSessionLog(world.place);
    assert.deepEqual([read.records.length, read.trouble?.kind, read.end], [4, "torn", before]);
  }
  // What a file system may leave: the length, and zeros.
  writeFileSync(path, Buffer.concat([whole, Buffer.alloc(longer.length - whole.length)]));
  const read = readSessionLog(world.place);
  assert.equal(read.trouble?.kind, "torn");
  const next = openSessionLog(world.place, read);
  next.append(user("after"));
  next.close();
  assert.equal(readSessionLog(world.place).records.length, 5);
  assert.equal(readSessionLog(world.place).trouble, undefined);
});

test("a changed byte in the middle is named by its record, wherever it is", () => {
  using world = createWorld();
  const path = filled(world);
  const whole = readFileSync(path);
  const first = whole.readUInt32LE(19) + 4;
  const second = 19 + first;
  for (const at of [second + 6, second + 20, second + whole.readUInt32LE(second)]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    const { trouble } = readSessionLog(world.place);
    assert.deepEqual(trouble, { kind: "damaged", record: 1, byte: second });
  }
});

test("records cannot change places, nor come from another session", () => {
  using world = createWorld();
  const path = filled(world);
  const whole = readFileSync(path);
  const frames: Buffer[] = [];
  for (let at = 19; at < whole.length;) {
    const end = at + 4 + whole.readUInt32LE(at);
    frames.push(whole.subarray(at, end));
    at = end;
  }
  const [a, b, c, d] = frames as [Buffer, Buffer, Buffer, Buffer];
  writeFileSync(path, Buffer.concat([whole.subarray(0, 19), a, c, b, d]));
  assert.equal(readSessionLog(world.place).records.length, 1);
  writeFileSync(path, Buffer.concat([whole.subarray(0, 19), a, c, d]));
  assert.equal(readSessionLog(world.place).records.length, 1);
  writeFileSync(path, whole);
  assert.equal(readSessionLog({ ...world.place, id: "ses_other" }).records.length, 0);
});

test("a log that lost its last records is not taken for one that ended there", () => {
  using world = createWorld();
  const path = filled(world);
  const { records } = readSessionLog(world.place);
  writeHead(world.place, headOf(tellStory(records), records.length));
  const shorter = 19 + 4 + readFileSync(path).readUInt32LE(19);
  truncateSync(path, shorter);
  const found = world.found();
  assert.throws(() => readWholeSession(found), {
    code: "session-damaged",
    message: /last 3 records are missing/,
  });
  assert.match(readWholeSession(found, { lenient: true }).notice ?? "", /missing/);
});

test("a head that was changed is none, and the log is asked instead", () => {
  using world = createWorld();
  filled(world);
  const { records } = readSessionLog(world.place);
  writeHead(world.place, headOf(tellStory(records), records.length));
  assert.equal(readHead(world.place)?.title, "one");
  appendFileSync(join(world.place.folder, "head"), "x");
  assert.equal(readHead(world.place), undefined);
  assert.equal(world.found().head.title, "one");
});

test("one process holds a session", () => {
  using world = createWorld();
  const path = join(world.place.folder, "lock");
  const lock = lockSession(path);
  assert.ok(lock !== undefined);
  lock.close();
  const again = lockSession(path);
  assert.ok(again !== undefined);
  again.close();
});

test("a head that cannot be written says so as what it is, a session that could not be saved", () => {
  using world = createWorld();
  const place = { ...world.place, folder: join(world.base, "nowhere") };
  assert.throws(() => writeHead(place, {} as never), { code: "session-write-failed", message: /ENOENT/ });
});

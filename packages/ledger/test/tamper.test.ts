// What somebody with write access can do to the files, and what a crash can: the one is found, the other is survived.
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { readEntries, verifyLedger } from "../src/index.ts";
import { checkpointCount, firstSegment, linesOf, makeFolder, openTestLedger, writeLog } from "./support.ts";

/** A log of seven entries: two alone, a batch of three, two alone. */
async function writeMixedLog(directory: string): Promise<void> {
  const ledger = await openTestLedger(directory);
  const append = async (number: number): Promise<unknown> =>
    ledger.append({ type: "test", fields: { number } });
  await append(0);
  await append(1);
  await Promise.all([append(2), append(3), append(4)]);
  await append(5);
  await append(6);
  await ledger.close();
}

/** For each line of the segment: which entries it is about (a checkpoint is about those it covers first). */
function aboutLines(lines: readonly string[]): { first: number; last: number }[] {
  let entries = 0;
  let sealed = 0;
  return lines.map((line) => {
    if (line.startsWith("E ")) {
      entries += 1;
      return { first: entries - 1, last: entries - 1 };
    }
    const about = { first: sealed, last: entries - 1 };
    sealed = entries;
    return about;
  });
}

test("a changed byte anywhere in the log is found and laid at the right entry", async (t) => {
  const directory = makeFolder(t);
  await writeMixedLog(directory);
  const path = firstSegment(directory);
  const sound = readFileSync(path);
  const about = aboutLines(linesOf(path));
  const starts: number[] = [0];
  for (const [position, byte] of sound.entries()) if (byte === 0x0a) starts.push(position + 1);

  // A step that is prime to the lengths involved visits all parts of all lines, and each line's ends are added.
  const positions = new Set<number>();
  for (let position = 0; position < sound.length; position += 7) positions.add(position);
  for (const start of starts) for (const near of [-2, -1, 0, 1, 2, 10, 11]) positions.add(start + near);
  let count = 0;
  for (const position of positions) {
    const original = sound[position];
    if (original === undefined) continue;
    for (const mask of [0x01, 0x20, 0xff]) {
      const flipped = Buffer.from(sound);
      flipped[position] = original ^ mask;
      writeFileSync(path, flipped);
      const verification = await verifyLedger({ directory });
      const line = starts.findLastIndex((start) => start <= position);
      const where = `byte ${position} (line ${line + 1}) ^ ${mask}: ${JSON.stringify(verification)}`;
      assert.equal(verification.kind, "broken", where);
      if (verification.kind !== "broken") return;
      const expected = about[line];
      assert.ok(expected !== undefined && verification.entry !== undefined, where);
      assert.ok(expected.first <= verification.entry && verification.entry <= expected.last, where);
      assert.equal(verification.line, line + 1, where);
      count += 1;
    }
  }
  assert.ok(count > 500, `${count} positions`);
});

/** Replaces a line's payload, with the CRC that goes with it. */
function rewriteLine(path: string, line: number, change: (payload: string) => string): void {
  const lines = linesOf(path);
  const old = lines[line] ?? "";
  const payload = change(old.slice(11));
  const crc = crc32(Buffer.from(payload, "latin1")).toString(16).padStart(8, "0");
  writeFileSync(path, `${lines.with(line, `${old.slice(0, 2)}${crc} ${payload}`).join("\n")}\n`, "latin1");
}

test("a changed body with a CRC made to fit is found by the tree", async (t) => {
  const directory = makeFolder(t);
  await writeMixedLog(directory);
  const path = firstSegment(directory);
  const lines = linesOf(path);
  const about = aboutLines(lines);
  const sound = readFileSync(path);
  for (const [line, text] of lines.entries()) {
    if (!text.startsWith("E ")) continue;
    rewriteLine(path, line, (payload) => payload.replace(/"number":\d/, '"number":9'));
    const verification = await verifyLedger({ directory });
    const entry = about[line]?.first ?? -1;
    assert.equal(verification.kind, "broken");
    // Within a batch the tree cannot tell which; it names the first and, in words, the range.
    if (verification.kind === "broken") {
      assert.equal(verification.entry, entry === 3 || entry === 4 ? 2 : entry);
    }
    writeFileSync(path, sound);
  }
});

test("a checkpoint with a CRC made to fit is found by its signature", async (t) => {
  const directory = makeFolder(t);
  await writeMixedLog(directory);
  const path = firstSegment(directory);
  const sound = readFileSync(path);
  for (const [line, text] of linesOf(path).entries()) {
    if (!text.startsWith("C ")) continue;
    rewriteLine(path, line, (payload) => {
      const note = Buffer.from(payload, "base64").toString();
      const signature = note.trimEnd().split(" ").at(-1) ?? "";
      const bytes = Buffer.from(signature, "base64");
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      return Buffer.from(note.replace(signature, bytes.toString("base64"))).toString("base64");
    });
    const verification = await verifyLedger({ directory });
    assert.equal(verification.kind, "broken", `line ${line + 1}`);
    if (verification.kind === "broken") {
      assert.match(verification.cause, /signature/);
      assert.equal(verification.line, line + 1);
    }
    writeFileSync(path, sound);
  }
});

test("a line taken out, doubled, swapped or added is found", async (t) => {
  const directory = makeFolder(t);
  await writeMixedLog(directory);
  const path = firstSegment(directory);
  const lines = linesOf(path);
  const expectBroken = async (changed: readonly string[], what: string): Promise<void> => {
    writeFileSync(path, `${changed.join("\n")}\n`, "latin1");
    const verification = await verifyLedger({ directory });
    assert.equal(verification.kind, "broken", what);
  };
  for (const [line, text] of lines.entries()) {
    // A checkpoint inside the log may be spared: a later one covers the same entries.
    if (text.startsWith("E ") || line === lines.length - 1) {
      await expectBroken(lines.toSpliced(line, 1), `without ${line}`);
    }
    await expectBroken(lines.toSpliced(line, 0, text), `twice ${line}`);
    const next = lines[line + 1];
    if (next !== undefined) await expectBroken(lines.toSpliced(line, 2, next, text), `swapped ${line}`);
  }
});

test("the log of another key does not verify", async (t) => {
  const [mine, other] = [makeFolder(t), makeFolder(t)];
  await writeLog(mine, 2);
  await writeLog(other, 2);
  const verifierKey = readFileSync(join(other, "log", "key.pub"), "utf8");
  assert.equal((await verifyLedger({ directory: mine, verifierKey })).kind, "broken");
  rmSync(join(mine, "log", "checkpoint"));
  const verification = await verifyLedger({ directory: mine, verifierKey });
  assert.equal(verification.kind === "broken" && verification.entry, 0);
});

test("a log cut back to an earlier checkpoint is found by the newest one, and never signed again", async (t) => {
  const directory = makeFolder(t);
  await writeLog(directory, 5);
  const path = firstSegment(directory);
  writeFileSync(path, `${linesOf(path).slice(0, 6).join("\n")}\n`, "latin1");
  const verification = await verifyLedger({ directory });
  assert.equal(verification.kind === "broken" && verification.entry, 3);
  const before = readFileSync(path);
  await assert.rejects(openTestLedger(directory), { code: "ledger-shortened" });
  assert.deepEqual(readFileSync(path), before);

  rmSync(path);
  await assert.rejects(openTestLedger(directory), { code: "ledger-shortened" });
  assert.equal((await verifyLedger({ directory })).kind, "broken");
});

test("a log cut or replaced under an open ledger stops it for good", async (t) => {
  for (const how of ["cut", "replaced", "removed"] as const) {
    const directory = makeFolder(t);
    const ledger = await openTestLedger(directory);
    await ledger.append({ type: "test", fields: {} });
    const path = firstSegment(directory);
    const sound = readFileSync(path);
    if (how === "cut") truncateSync(path, 0);
    else rmSync(path);
    if (how === "replaced") writeFileSync(path, sound);
    await assert.rejects(ledger.append({ type: "test", fields: {} }), { code: "ledger-shortened" }, how);
    await assert.rejects(ledger.append({ type: "test", fields: {} }), { code: "ledger-shortened" }, how);
    await ledger.close();
  }
});

test("damage before the last checkpoint stops the writer instead of being repaired", async (t) => {
  const directory = makeFolder(t);
  await writeMixedLog(directory);
  const path = firstSegment(directory);
  const bytes = readFileSync(path);
  const middle = bytes.indexOf('"number":3') + 9;
  bytes[middle] = 0x34;
  writeFileSync(path, bytes);
  await assert.rejects(openTestLedger(directory), { code: "ledger-broken" });
  assert.deepEqual(readFileSync(path), bytes);
});

test("cut at any byte of its last batch, a log recovers and keeps all that was acknowledged before", async (t) => {
  const source = makeFolder(t);
  const ledger = await openTestLedger(source);
  for (let number = 0; number < 3; number += 1) await ledger.append({ type: "kept", fields: { number } });
  const sealed = readFileSync(firstSegment(source)).length;
  const earlier = readFileSync(join(source, "log", "checkpoint"));
  await Promise.all([1, 2].map(async (number) => ledger.append({ type: "last", fields: { number } })));
  await ledger.close();
  const whole = readFileSync(firstSegment(source));
  const newest = readFileSync(join(source, "log", "checkpoint"));

  const directory = join(makeFolder(t), "copy");
  cpSync(source, directory, { recursive: true });
  for (let length = sealed; length < whole.length; length += 1) {
    writeFileSync(firstSegment(directory), whole.subarray(0, length));
    // As after a crash in the write: the newest checkpoint published is the one before.
    writeFileSync(join(directory, "log", "checkpoint"), earlier);
    const before = await verifyLedger({ directory });
    assert.equal(before.kind, "intact", `cut at ${length}: ${JSON.stringify(before)}`);
    const complete = whole.subarray(sealed, length).toString("latin1").split("\n").length - 1;
    if (before.kind === "intact") {
      assert.equal(before.unsealed, complete);
      assert.equal(before.torn, whole[length - 1] !== 0x0a);
    }
    const again = await openTestLedger(directory);
    assert.equal((await again.append({ type: "next", fields: {} })).index, 3 + complete);
    await again.close();
    const after = await verifyLedger({ directory });
    assert.ok(after.kind === "intact" && after.unsealed === 0 && !after.torn, `cut at ${length}`);
  }

  // The same cuts after the batch was published are a loss of signed entries, unless only the checkpoint line is hurt.
  for (let length = sealed; length < whole.length; length += 5) {
    writeFileSync(firstSegment(directory), whole.subarray(0, length));
    writeFileSync(join(directory, "log", "checkpoint"), newest);
    assert.equal((await verifyLedger({ directory })).kind, "broken", `cut at ${length}`);
    const complete = whole.subarray(sealed, length).toString("latin1").split("\n").length - 1;
    if (complete < 2) await assert.rejects(openTestLedger(directory), { code: "ledger-shortened" });
    else await (await openTestLedger(directory)).close();
  }
});

test("a hole that a power cut left in the last batch is cut off with all behind it", async (t) => {
  const directory = makeFolder(t);
  await writeLog(directory, 2);
  const path = firstSegment(directory);
  const sound = readFileSync(path);
  const lines = linesOf(path);
  const forged = `${lines[0]}\n`;
  writeFileSync(
    path,
    Buffer.concat([sound, Buffer.alloc(100_000), Buffer.from(`\n${forged}`), Buffer.alloc(10)]),
  );
  const ledger = await openTestLedger(directory);
  assert.equal((await ledger.append({ type: "next", fields: {} })).index, 2);
  await ledger.close();
  assert.equal((await verifyLedger({ directory })).kind, "intact");
});

test("entries that a dead writer left complete are kept, and sealed at the next opening", async (t) => {
  const directory = makeFolder(t);
  await writeMixedLog(directory);
  const path = firstSegment(directory);
  const lines = linesOf(path);
  writeFileSync(path, `${lines.slice(0, 6).join("\n")}\n`, "latin1");
  rmSync(join(directory, "log", "checkpoint"));
  const crashed = await verifyLedger({ directory });
  assert.ok(crashed.kind === "intact" && crashed.unsealed === 2 && !crashed.torn, JSON.stringify(crashed));
  await (await openTestLedger(directory)).close();
  const sealed = await verifyLedger({ directory });
  assert.ok(sealed.kind === "intact" && sealed.unsealed === 0 && sealed.entries === 4);
  assert.equal(checkpointCount(directory), 3);
  assert.equal((await Array.fromAsync(readEntries(directory))).length, 4);
});

test("a blank checkpoint file, as a power cut leaves it, is not held against the log", async (t) => {
  const directory = makeFolder(t);
  await writeLog(directory, 2);
  writeFileSync(join(directory, "log", "checkpoint"), Buffer.alloc(200));
  assert.equal((await verifyLedger({ directory })).kind, "intact");
  await (await openTestLedger(directory)).close();
  writeFileSync(join(directory, "log", "checkpoint"), "example.org/test\n9\n");
  assert.equal((await verifyLedger({ directory })).kind, "broken");
  await assert.rejects(openTestLedger(directory), { code: "ledger-broken" });
});

test("reading a damaged log fails by name instead of skipping", async (t) => {
  const directory = makeFolder(t);
  await writeMixedLog(directory);
  const path = firstSegment(directory);
  const bytes = readFileSync(path);
  bytes[20] = 0x40;
  writeFileSync(path, bytes);
  await assert.rejects(Array.fromAsync(readEntries(directory)), { code: "entry-unreadable" });
});

import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "@cloister/base";
import { leafHash, openLedger, readEntries, realDisk, verifyLedger } from "../src/index.ts";
import type { Disk } from "../src/index.ts";
import {
  checkpointCount,
  firstSegment,
  fixedClock,
  makeFolder,
  openTestLedger,
  writeLog,
} from "./support.ts";

test("an entry reads back with what the ledger adds, and its receipt is its place in the tree", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory);
  const receipt = await ledger.append({ type: "session.start", fields: { session: "ses_1", count: 3 } });
  await ledger.close();

  const [entry, ...others] = await Array.fromAsync(readEntries(directory));
  assert.deepEqual(others, []);
  const { n, ...body } = entry?.body ?? {};
  assert.deepEqual(body, {
    v: 1,
    t: "session.start",
    ts: "2026-07-01T08:00:00.000Z",
    session: "ses_1",
    count: 3,
  });
  assert.equal(typeof n === "string" && Buffer.from(n, "base64url").length, 16);
  assert.equal(receipt.index, 0);
  const line = readFileSync(firstSegment(directory), "utf8").split("\n")[0] ?? "";
  assert.deepEqual(receipt.leafHash, leafHash(Buffer.from(line.slice(11))));
});

test("one that cannot be opened says why, for a full disk and a folder of somebody else's want different things", async (t) => {
  const directory = join(makeFolder(t), "file");
  writeFileSync(directory, "");
  await assert.rejects(openTestLedger(directory), {
    code: "ledger-open-failed",
    message: /file cannot be opened: (?:ENOTDIR|EEXIST)/,
  });
});

test("appends at one moment share one write, one sync and one checkpoint", async (t) => {
  const directory = makeFolder(t);
  const calls = { writes: 0, syncs: 0 };
  const disk: Disk = {
    write: async (file, bytes, position) => {
      calls.writes += 1;
      await realDisk.write(file, bytes, position);
    },
    sync: async (file) => {
      calls.syncs += 1;
      await realDisk.sync(file);
    },
  };
  const ledger = await openTestLedger(directory, { disk });
  const all = Array.from({ length: 100 }, (_, number) => ledger.append({ type: "test", fields: { number } }));
  const receipts = await Promise.all(all);
  await ledger.close();
  assert.deepEqual(calls, { writes: 1, syncs: 1 });
  assert.equal(checkpointCount(directory), 1);
  assert.deepEqual(
    receipts.map((receipt) => receipt.index),
    Array.from({ length: 100 }, (_, index) => index),
  );
});

test("what arrives during a sync makes the next batch", async (t) => {
  const directory = makeFolder(t);
  const late: Promise<unknown>[] = [];
  const disk: Disk = {
    ...realDisk,
    sync: async (file) => {
      if (late.length === 0) {
        for (let number = 0; number < 50; number += 1) {
          late.push(ledger.append({ type: "late", fields: { number } }));
        }
      }
      await realDisk.sync(file);
    },
  };
  const ledger = await openTestLedger(directory, { disk });
  await ledger.append({ type: "first", fields: {} });
  await Promise.all(late);
  await ledger.close();
  assert.equal(late.length, 50);
  assert.equal(checkpointCount(directory), 2);
});

test("no receipt comes before the sync", async (t) => {
  const order: string[] = [];
  const disk: Disk = {
    ...realDisk,
    sync: async (file) => {
      await realDisk.sync(file);
      order.push("synced");
    },
  };
  const ledger = await openTestLedger(makeFolder(t), { disk });
  await ledger.append({ type: "test", fields: {} });
  order.push("answered");
  await ledger.close();
  assert.deepEqual(order, ["synced", "answered"]);
});

test("a closed log opens again where it ended, under the same key", async (t) => {
  const directory = makeFolder(t);
  const first = await openTestLedger(directory);
  await first.append({ type: "test", fields: {} });
  await first.close();
  const second = await openLedger({ directory, clock: fixedClock("2026-07-02T08:00:00Z") });
  const receipt = await second.append({ type: "test", fields: {} });
  await second.close();
  assert.equal(receipt.index, 1);
  assert.equal(second.verifierKey, first.verifierKey);
  assert.equal(second.origin, "example.org/test");
  const verification = await verifyLedger({ directory, verifierKey: first.verifierKey });
  assert.equal(verification.kind, "intact");
  if (verification.kind !== "intact") return;
  const { root, ...rest } = verification;
  assert.equal(Buffer.from(root, "base64").length, 32);
  assert.deepEqual(rest, {
    kind: "intact",
    entries: 2,
    checkpoints: 2,
    origin: "example.org/test",
    from: "2026-07-01T08:00:00.000Z",
    to: "2026-07-02T08:00:00.000Z",
    unsealed: 0,
    torn: false,
  });
});

test("an empty log is intact, and its root is the hash of nothing", async (t) => {
  const directory = makeFolder(t);
  await writeLog(directory, 0);
  const verification = await verifyLedger({ directory });
  assert.equal(verification.kind === "intact" && verification.root, sha256().toString("base64"));
});

test("keys and folders are for their owner only", async (t) => {
  const directory = join(makeFolder(t), "deep", "ledger");
  await writeLog(directory, 1);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  for (const name of ["key", "side.key", "side.db"]) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  }
});

test("a full segment is followed by one named after its first entry", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory, { segmentBytesMax: 1000 });
  for (let number = 0; number < 12; number += 1) await ledger.append({ type: "test", fields: { number } });
  await ledger.close();
  const names = readdirSync(join(directory, "log", "wal"));
  assert.ok(names.length >= 3, names.join());
  const verification = await verifyLedger({ directory });
  assert.equal(verification.kind === "intact" && verification.entries, 12);

  const again = await openTestLedger(directory, { segmentBytesMax: 1000 });
  assert.equal((await again.append({ type: "test", fields: {} })).index, 12);
  await again.close();
  const numbers = await Array.fromAsync(readEntries(directory), (entry) => entry.index);
  assert.deepEqual(
    numbers,
    Array.from({ length: 13 }, (_, index) => index),
  );

  rmSync(join(directory, "log", "wal", names[1] ?? ""));
  const missing = await verifyLedger({ directory });
  assert.equal(missing.kind === "broken" && missing.entry, Number(names[1]));
});

test("two openings in one process write one log", async (t) => {
  const directory = makeFolder(t);
  const [one, two] = await Promise.all([openTestLedger(directory), openTestLedger(directory)]);
  const appends = Array.from({ length: 60 }, (_, number) =>
    (number % 2 === 0 ? one : two).append({ type: "test", fields: { number } }),
  );
  const indexes = (await Promise.all(appends)).map((receipt) => receipt.index);
  await Promise.all([one.close(), two.close()]);
  assert.deepEqual(
    indexes.toSorted((a, b) => a - b),
    Array.from({ length: 60 }, (_, index) => index),
  );
  assert.equal((await verifyLedger({ directory })).kind, "intact");
});

test("an entry that cannot be recorded as it is, is refused before anything is written", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory);
  const text = "x".repeat(65_535);
  await assert.rejects(ledger.append({ type: "test", fields: { text } }), { code: "entry-too-large" });
  await assert.rejects(ledger.append({ type: "test", fields: { ts: "now" } }), {
    code: "entry-field-reserved",
  });
  await assert.rejects(ledger.append({ type: "test", fields: { cost: 0.5 } }), {
    code: "entry-not-canonical",
  });
  await ledger.close();
  await assert.rejects(ledger.append({ type: "test", fields: {} }), { code: "ledger-closed" });
  assert.equal(statSync(firstSegment(directory)).size, 0);
});

test("the largest body there may be is written and read", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory);
  await ledger.append({ type: "test", fields: { text: "" } });
  const room =
    65_535 - Buffer.byteLength(readFileSync(firstSegment(directory), "utf8").split("\n")[0] ?? "") + 11;
  await ledger.append({ type: "test", fields: { text: "x".repeat(room) } });
  await assert.rejects(ledger.append({ type: "test", fields: { text: "x".repeat(room + 1) } }), {
    code: "entry-too-large",
  });
  await ledger.close();
  assert.equal((await Array.fromAsync(readEntries(directory))).length, 2);
  assert.equal((await verifyLedger({ directory })).kind, "intact");
});

for (const failing of ["write", "sync"] as const) {
  test(`a disk that fails to ${failing} acknowledges nothing and loses nothing`, async (t) => {
    const directory = makeFolder(t);
    let full = false;
    const disk: Disk = {
      write: async (file, bytes, position) => {
        if (!full || failing !== "write") return realDisk.write(file, bytes, position);
        // As a full disk does: the beginning still fits.
        await realDisk.write(file, bytes.subarray(0, bytes.length - 40), position);
        throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      },
      sync: async (file) => {
        if (full && failing === "sync") throw Object.assign(new Error("input/output error"), { code: "EIO" });
        await realDisk.sync(file);
      },
    };
    const ledger = await openTestLedger(directory, { disk });
    await ledger.append({ type: "before", fields: {} });
    full = true;
    const refused = await Promise.allSettled(
      [1, 2].map(async () => ledger.append({ type: "during", fields: {} })),
    );
    for (const outcome of refused) {
      assert.equal(outcome.status, "rejected");
      assert.equal(
        outcome.status === "rejected" && (outcome.reason as { code: string }).code,
        "ledger-write-failed",
      );
    }
    full = false;
    assert.equal((await ledger.append({ type: "after", fields: {} })).index, 1);
    await ledger.close();
    const types = await Array.fromAsync(readEntries(directory), (entry) => entry.body["t"]);
    assert.deepEqual(types, ["before", "after"]);
    assert.equal((await verifyLedger({ directory })).kind, "intact");
  });
}

test("a log is not signed under another name or by another key", async (t) => {
  const directory = makeFolder(t);
  await writeLog(directory, 1);
  const clock = fixedClock("2026-07-01T08:00:00Z");
  await assert.rejects(openLedger({ directory, origin: "example.org/other", clock }), {
    code: "ledger-origin-mismatch",
  });
  await assert.rejects(openLedger({ directory: makeFolder(t), origin: "a b", clock }), {
    code: "bad-origin",
  });

  const other = makeFolder(t);
  await writeLog(other, 1);
  writeFileSync(join(directory, "key"), readFileSync(join(other, "key")));
  await assert.rejects(openLedger({ directory, clock }), { code: "ledger-key-mismatch" });
  rmSync(join(directory, "key"));
  await assert.rejects(openLedger({ directory, clock }), { code: "ledger-key-missing" });
});

test("a saved frontier spares reading, and a wrong one is not believed", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory);
  const batch = async (): Promise<void> => {
    await Promise.all(Array.from({ length: 2100 }, () => ledger.append({ type: "test", fields: {} })));
  };
  await batch();
  await ledger.append({ type: "test", fields: {} });
  await ledger.close();
  const path = join(directory, "log", "frontier");
  const saved = JSON.parse(readFileSync(path, "utf8")) as { size: number; hashes: string[]; offset: number };
  assert.ok(saved.size >= 2000);
  const wrong = [
    { ...saved, offset: saved.offset - 1 },
    { ...saved, size: saved.size - 1 },
    { ...saved, hashes: saved.hashes.map(() => Buffer.alloc(32).toString("base64")) },
    { ...saved, segment: 7 },
    {},
  ];
  for (const [turn, value] of [saved, ...wrong].entries()) {
    writeFileSync(path, JSON.stringify(value));
    const again = await openTestLedger(directory);
    assert.equal((await again.append({ type: "test", fields: {} })).index, 2101 + turn);
    await again.close();
  }
  assert.equal((await verifyLedger({ directory })).kind, "intact");
});

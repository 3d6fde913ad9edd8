import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@cloister/base";
import { openLedger, verifyLedger } from "../src/index.ts";
import type { Ledger } from "../src/index.ts";
import { checkpointCount, makeFolder, openTestLedger } from "./support.ts";

test("a patient entry shares the write and the sync of the next one", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory);
  const patient = ledger.append({ type: "result", fields: {}, patient: true });
  const urgent = ledger.append({ type: "intent", fields: {} });
  assert.deepEqual([(await patient).index, (await urgent).index], [0, 1]);
  await ledger.close();
  assert.equal(checkpointCount(directory), 1);
});

test("a patient entry that nobody joins is written all the same", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory);
  assert.equal((await ledger.append({ type: "result", fields: {}, patient: true })).index, 0);
  await ledger.close();
});

test("closing writes patient entries at once, and publishes the newest checkpoint", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory);
  for (let count = 0; count < 5; count += 1) await ledger.append({ type: "test", fields: {} });
  const patient = ledger.append({ type: "result", fields: {}, patient: true });
  await ledger.close();
  assert.equal((await patient).index, 5);
  assert.equal(publishedSize(directory), 6);
});

test("the published checkpoint is late by little, and follows without a further entry", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openLedger({
    directory,
    origin: "example.org/test",
    // Waiting ends at once, as if it had taken its time.
    clock: { now: () => systemClock.now(), sleep: async () => systemClock.sleep(1) },
  });
  for (let count = 0; count < 5; count += 1) await ledger.append({ type: "test", fields: {} });
  for (let tries = 0; tries < 30_000 && publishedSize(directory) < 5; tries += 1) await systemClock.sleep(2);
  assert.equal(publishedSize(directory), 5);
  assert.equal((await verifyLedger({ directory })).kind, "intact");
  await ledger.close();
});

test("a log with its last checkpoints unpublished is whole, and goes on", async (t) => {
  const directory = makeFolder(t);
  const left: Ledger = await openTestLedger(directory);
  for (let count = 0; count < 5; count += 1) await left.append({ type: "test", fields: {} });
  // Another process, while the first one has not published yet.
  assert.ok(publishedSize(directory) < 5);
  const other = await openTestLedger(directory);
  await other.append({ type: "test", fields: {} });
  await other.close();
  assert.equal(publishedSize(directory), 6);
  // The first one's older checkpoint does not take the place of the newer.
  await left.close();
  assert.equal(publishedSize(directory), 6);
  const verification = await verifyLedger({ directory });
  assert.ok(verification.kind === "intact" && verification.entries === 6 && verification.unsealed === 0);
});

function publishedSize(directory: string): number {
  return Number(readFileSync(join(directory, "log", "checkpoint"), "utf8").split("\n")[1]);
}

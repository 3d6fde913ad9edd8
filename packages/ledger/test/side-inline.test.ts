import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import { eraseSide, openSide, readEntries } from "../src/index.ts";
import type { Attachment } from "../src/index.ts";
import { fixedClock, makeFolder, openTestLedger } from "./support.ts";

function attachment(text: string): Attachment {
  return { type: "text", data: Buffer.from(text), open: {}, hidden: { path: "a.ts" } };
}

async function record(directory: string, texts: readonly string[], inlineBytesMax = 100): Promise<void> {
  const ledger = await openTestLedger(directory, { inlineBytesMax });
  await ledger.append({ type: "test", fields: {}, attachments: texts.map((text) => attachment(text)) });
  await ledger.close();
}

async function partsOf(directory: string): Promise<JsonObject[]> {
  const bodies = await Array.fromAsync(readEntries(directory), (entry) => entry.body["parts"]);
  return bodies.flat().filter((part): part is JsonObject => isRecord(part));
}

function commitmentOf(part: JsonObject | undefined): string {
  const commitment = part?.["c"];
  assert.ok(typeof commitment === "string");
  return commitment;
}

async function read(directory: string): Promise<string[]> {
  const side = openSide(directory);
  const opened = (await partsOf(directory)).map((part) => side.open(part));
  side.close();
  return opened.map((part) => (part.kind === "open" ? part.data.toString() : part.kind));
}

function contents(directory: string): number {
  const database = new DatabaseSync(join(directory, "side.db"));
  const row = database.prepare("SELECT count(*) AS count FROM contents").get();
  database.close();
  return Number(row?.["count"]);
}

function files(directory: string): number {
  return readdirSync(join(directory, "side"), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;
}

const long = "long ".repeat(100);

test("small contents lie in the database and large ones in files, and both open", async (t) => {
  const directory = makeFolder(t);
  await record(directory, ["small", long]);
  await record(directory, ["small", long]);
  assert.deepEqual(await read(directory), ["small", long, "small", long]);
  assert.deepEqual([contents(directory), files(directory)], [1, 1]);
});

test("a content in the database is nowhere on the disk in clear", async (t) => {
  const directory = makeFolder(t);
  await record(directory, ["the needle in it"]);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    assert.ok(!readFileSync(join(entry.parentPath, entry.name)).includes("the needle in it"), entry.name);
  }
});

test("an erased content is gone from the database, and another part's is not", async (t) => {
  const directory = makeFolder(t);
  await record(directory, ["one", "two"]);
  const commitment = commitmentOf((await partsOf(directory))[0]);
  const what = { commitments: [commitment] };
  assert.equal(eraseSide({ directory, what, clock: fixedClock("2026-08-01T00:00:00Z") }), 1);
  assert.deepEqual(await read(directory), ["erased", "two"]);
  assert.equal(contents(directory), 1);
});

test("a lost content is missing, a damaged one unreadable, and a lost one is stored again when shown again", async (t) => {
  const directory = makeFolder(t);
  await record(directory, ["lost", "damaged", "sound"]);
  const database = new DatabaseSync(join(directory, "side.db"));
  const blobs = (await partsOf(directory)).map((part) =>
    String(database.prepare("SELECT blob FROM parts WHERE commitment = ?").get(commitmentOf(part))?.["blob"]),
  );
  database.prepare("DELETE FROM contents WHERE id = ?").run(blobs[0] ?? "");
  const damaged = database.prepare("SELECT data FROM contents WHERE id = ?").get(blobs[1] ?? "")?.["data"];
  assert.ok(damaged instanceof Uint8Array);
  damaged[14] = (damaged[14] ?? 0) ^ 1;
  database.prepare("UPDATE contents SET data = ? WHERE id = ?").run(damaged, blobs[1] ?? "");
  database.close();
  assert.deepEqual(await read(directory), ["missing", "unreadable", "sound"]);
  await record(directory, ["lost"]);
  assert.deepEqual(await read(directory), ["lost", "unreadable", "sound", "lost"]);
});

test("what an older version put into files opens beside what lies in the database", async (t) => {
  const directory = makeFolder(t);
  await record(directory, ["older"], 0);
  const database = new DatabaseSync(join(directory, "side.db"));
  database.exec("DROP TABLE contents");
  database.close();
  assert.deepEqual(await read(directory), ["older"]);
  await record(directory, ["newer", "older"]);
  assert.deepEqual(await read(directory), ["older", "newer", "older"]);
  assert.deepEqual([contents(directory), files(directory)], [1, 1]);
});

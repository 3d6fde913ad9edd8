import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { isRecord, sha256 } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import { eraseSide, openSide, readEntries, verifyLedger } from "../src/index.ts";
import type { Attachment, OpenedPart } from "../src/index.ts";
import { firstSegment, fixedClock, makeFolder, openTestLedger } from "./support.ts";

function attachment(text: string, hidden: JsonObject = { path: "src/pay.ts" }): Attachment {
  return { type: "text", data: Buffer.from(text), open: { bytes: Buffer.byteLength(text) }, hidden };
}

/** Each content in a file of its own, as large ones are. */
const inFiles = { inlineBytesMax: 0 };

async function record(
  directory: string,
  entries: readonly { readonly attachments: readonly Attachment[]; readonly group?: string }[],
): Promise<void> {
  const ledger = await openTestLedger(directory, inFiles);
  for (const entry of entries) await ledger.append({ type: "test", fields: {}, ...entry });
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

async function openAll(directory: string): Promise<OpenedPart[]> {
  const side = openSide(directory);
  const opened = (await partsOf(directory)).map((part) => side.open(part));
  side.close();
  return opened;
}

function blobFiles(directory: string): string[] {
  const side = join(directory, "side");
  return readdirSync(side, { recursive: true, encoding: "utf8" })
    .map((name) => join(side, name))
    .filter((path) => statSync(path).isFile());
}

test("an attachment opens to its content and hidden fields", async (t) => {
  const directory = makeFolder(t);
  await record(directory, [{ attachments: [attachment("const a = 1;"), attachment("中文", {})] }]);
  assert.deepEqual(await openAll(directory), [
    { kind: "open", type: "text", data: Buffer.from("const a = 1;"), hidden: { path: "src/pay.ts" } },
    { kind: "open", type: "text", data: Buffer.from("中文"), hidden: {} },
  ]);
  const [first, second] = await partsOf(directory);
  assert.deepEqual(Object.keys(first ?? {}), ["bytes", "c", "h"]);
  assert.deepEqual(Object.keys(second ?? {}), ["bytes", "c"]);
});

test("neither content nor hidden fields nor an unsalted hash is anywhere on the disk", async (t) => {
  const directory = makeFolder(t);
  const text = "const tell_tale = 'content';";
  await record(directory, [{ attachments: [attachment(text, { path: "very/private/path.ts" })] }]);
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) =>
    join(directory, name),
  );
  for (const path of files.filter((name) => statSync(name).isFile() && !name.endsWith("lock"))) {
    const bytes = readFileSync(path);
    for (const tell of [text, "very/private", sha256(text), sha256(text).toString("hex")]) {
      assert.equal(bytes.indexOf(tell), -1, path);
    }
  }
});

test("the commitment is the one of the specification", async (t) => {
  const directory = makeFolder(t);
  await record(directory, [{ attachments: [attachment("data")] }]);
  const database = new DatabaseSync(join(directory, "side.db"), { readOnly: true });
  const row = database.prepare("SELECT commitment, salt FROM parts").get();
  database.close();
  const salt = row?.["salt"];
  assert.ok(salt instanceof Uint8Array && salt.length === 32);
  const expected = sha256("cloister/commit/v1", Buffer.of(0), "text", Buffer.of(0), salt, sha256("data"));
  assert.equal(row?.["commitment"], expected.toString("base64url"));
  assert.equal((await partsOf(directory))[0]?.["c"], expected.toString("base64url"));
});

test("content shown again has one blob, a commitment of its own and hidden fields of its own", async (t) => {
  const directory = makeFolder(t);
  await record(directory, [
    { attachments: [attachment("same", { path: "a.ts" })] },
    { attachments: [attachment("same", { path: "b.ts" })] },
  ]);
  assert.equal(blobFiles(directory).length, 1);
  const [one, two] = await partsOf(directory);
  assert.notEqual(one?.["c"], two?.["c"]);
  const opened = await openAll(directory);
  assert.deepEqual(
    opened.map((part) => part.kind === "open" && part.hidden),
    [{ path: "a.ts" }, { path: "b.ts" }],
  );
});

test("an erased part stays erased, the same content elsewhere does not, and the log verifies", async (t) => {
  const directory = makeFolder(t);
  await record(directory, [
    { attachments: [attachment("shared"), attachment("alone")] },
    { attachments: [attachment("shared")] },
  ]);
  const [shared, alone] = await partsOf(directory);
  const commitments = [commitmentOf(shared), commitmentOf(alone)];
  const clock = fixedClock("2026-08-01T00:00:00Z");
  assert.equal(eraseSide({ directory, what: { commitments }, clock }), 2);
  assert.equal(eraseSide({ directory, what: { commitments }, clock }), 0);
  const erased = { kind: "erased", at: "2026-08-01T00:00:00.000Z" };
  const opened = await openAll(directory);
  assert.deepEqual(opened.slice(0, 2), [erased, erased]);
  assert.equal(opened[2]?.kind, "open");
  assert.equal(blobFiles(directory).length, 1);
  assert.equal((await verifyLedger({ directory })).kind, "intact");
});

test("a group is erased as a whole, and may begin anew", async (t) => {
  const directory = makeFolder(t);
  await record(directory, [
    { attachments: [attachment("x")], group: "person-1" },
    { attachments: [attachment("x")], group: "person-2" },
  ]);
  const what = { group: "person-1" };
  assert.equal(eraseSide({ directory, what, clock: fixedClock("2026-08-01T00:00:00Z") }), 1);
  await record(directory, [{ attachments: [attachment("x")], group: "person-1" }]);
  const kinds = (await openAll(directory)).map((part) => part.kind);
  assert.deepEqual(kinds, ["erased", "open", "open"]);
});

test("what is lost, damaged or exchanged is told apart from what was erased", async (t) => {
  const directory = makeFolder(t);
  const texts = ["lost", "damaged", "sound"];
  await record(directory, [{ attachments: texts.map((text) => attachment(text)) }]);
  const database = new DatabaseSync(join(directory, "side.db"));
  const blobs = (await partsOf(directory)).map((part) => {
    const row = database.prepare("SELECT blob FROM parts WHERE commitment = ?").get(commitmentOf(part));
    return String(row?.["blob"]);
  });
  database.close();
  const paths = blobs.map((id) => join(directory, "side", id.slice(0, 2), id));
  rmSync(paths[0] ?? "");
  const bytes = readFileSync(paths[1] ?? "");
  bytes[14] = (bytes[14] ?? 0) ^ 1;
  writeFileSync(paths[1] ?? "", bytes);
  assert.deepEqual(
    (await openAll(directory)).map((part) => part.kind),
    ["missing", "unreadable", "open"],
  );

  // The blob of one part under the name of another.
  writeFileSync(paths[1] ?? "", readFileSync(paths[2] ?? ""));
  assert.equal((await openAll(directory))[1]?.kind, "unreadable");
  rmSync(join(directory, "side.key"));
  assert.deepEqual(new Set((await openAll(directory)).map((part) => part.kind)), new Set(["unreadable"]));
  await assert.rejects(openTestLedger(directory), { code: "side-key-missing" });
  for (const name of ["side.db", "side.db-wal", "side.db-shm"]) {
    rmSync(join(directory, name), { force: true });
  }
  assert.deepEqual(new Set((await openAll(directory)).map((part) => part.kind)), new Set(["missing"]));
});

test("a blob that a power cut took is written again when its content is shown again", async (t) => {
  const directory = makeFolder(t);
  await record(directory, [{ attachments: [attachment("again")] }]);
  for (const path of blobFiles(directory)) writeFileSync(path, "");
  await record(directory, [{ attachments: [attachment("again")] }]);
  assert.deepEqual(
    (await openAll(directory)).map((part) => part.kind),
    ["open", "open"],
  );
});

test("an entry whose content cannot be stored is not recorded", async (t) => {
  const directory = makeFolder(t);
  const ledger = await openTestLedger(directory, inFiles);
  rmSync(join(directory, "side"), { recursive: true });
  writeFileSync(join(directory, "side"), "in the way");
  const entry = { type: "test", fields: {}, attachments: [attachment("x")] };
  await assert.rejects(ledger.append(entry), { code: "side-write-failed" });
  const reserved = { ...entry, attachments: [{ ...attachment("x"), open: { c: "mine" } }] };
  await assert.rejects(ledger.append(reserved), { code: "entry-field-reserved" });
  await ledger.close();
  assert.equal(statSync(firstSegment(directory)).size, 0);
});

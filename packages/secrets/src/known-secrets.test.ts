import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs } from "@cloister/fakes/hangs";
import { findSecrets } from "./find.ts";
import { createKnownSecrets } from "./known-secrets.ts";

const key = new Uint8Array(32).fill(3);

test("known values are found wherever they stand, behind encodings too, and nothing else is", () => {
  const known = createKnownSecrets(key);
  assert.ok(known.add("correct horse battery"));
  assert.ok(known.add("八个汉字就是口令"));
  assert.ok(!known.add("short"));
  assert.equal(known.count, 2);
  const text = "x correct horse battery, Correct horse battery, 八个汉字就是口令!";
  assert.deepEqual(known.find(text), [
    { start: 2, end: 23 },
    { start: 48, end: 56 },
  ]);
  const hidden = Buffer.from("say correct horse battery now").toString("base64");
  assert.deepEqual(
    findSecrets(`a ${hidden} b`, { known }).map(({ kind, start, end }) => ({ kind, start, end })),
    [{ kind: "known-secret", start: 2, end: 2 + hidden.length }],
  );
});

test("no value can be read out of the fingerprints", () => {
  const known = createKnownSecrets(key);
  known.add("correct horse battery");
  assert.ok(!JSON.stringify(known).includes("horse"));
});

test("values that begin alike, thousands of them, are told apart without a digest for each", () => {
  const known = createKnownSecrets(key);
  const values = Array.from({ length: 3_000 }, (_, at) => `samebegi${String(at).padStart(4, "0")}`);
  for (const value of values) known.add(value);
  const text = `${values.join(" ")} `.repeat(2);
  // A digest for every value at every place would be eighteen million of them.
  const found = neverHangs("values that begin alike", () => known.find(text));
  assert.equal(found.length, 2 * values.length);
  assert.deepEqual(known.find("samebegi3000 samebegi000"), []);
});

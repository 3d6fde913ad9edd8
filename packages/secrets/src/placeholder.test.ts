import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRET_KINDS } from "./finding.ts";
import { clearOfPlaceholders, formatPlaceholder, hasPlaceholder, shortestFreeId } from "./placeholder.ts";

test("a placeholder is recognised in any case and inside a word, and code is not", () => {
  assert.ok(hasPlaceholder("k=CLS_7Q4KD2WM_AWSKEY;"));
  assert.ok(hasPlaceholder("xcls_7q4kd2wm_awskeyx"));
  for (const text of [
    "CLS_7Q4KD2WM",
    "CLS_7Q4KD2W_AWSKEY",
    "CLS_7Q4KD2W1_AWSKEY",
    "cls_instance_method",
    "cls_database_password",
  ]) {
    assert.ok(!hasPlaceholder(text), text);
  }
});

test("no kind's tag begins another's, so that a tag ends where it ends", () => {
  const tags = SECRET_KINDS.map((kind) => formatPlaceholder("", kind));
  for (const tag of tags) {
    assert.deepEqual(
      tags.filter((other) => other.startsWith(tag)),
      [tag],
    );
  }
});

test("an id is base32 of the digest, and grows while it is taken", () => {
  // RFC 4648, section 10: "fooba" is MZXW6YTB.
  const digest = Buffer.concat([Buffer.from("fooba"), Buffer.alloc(27, 0xff)]);
  assert.equal(
    shortestFreeId(digest, () => false),
    "MZXW6YTB",
  );
  assert.equal(
    shortestFreeId(digest, (id) => id.length < 16),
    "MZXW6YTB77777777",
  );
  assert.equal(shortestFreeId(digest, () => true).length, 51);
});

test("spans that touch a placeholder are dropped, their neighbours stay", () => {
  const text = "abc CLS_7Q4KD2WM_AWSKEY def CLS_7Q4KD2WM_AWSKEY";
  const spans = [
    { start: 0, end: 4 },
    { start: 0, end: 5 },
    { start: 8, end: 12 },
    { start: 22, end: 25 },
    { start: 23, end: 28 },
  ];
  assert.deepEqual(clearOfPlaceholders(text, spans), [spans[0], spans[4]]);
});

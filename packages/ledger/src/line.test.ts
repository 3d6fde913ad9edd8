import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCheckpoint, encodeEntry, parseLine } from "./line.ts";

const body = Buffer.from('{"t":"中文","v":1}');
const entry = encodeEntry(body).subarray(0, -1);
const checkpoint = encodeCheckpoint("origin\n1\nroot\n").subarray(0, -1);

test("a line reads back as what was written", () => {
  assert.deepEqual(parseLine(entry), { kind: "entry", body });
  assert.deepEqual(parseLine(checkpoint), { kind: "checkpoint", note: "origin\n1\nroot\n" });
});

test("the CRC is that of ISO 3309, in eight lower-case digits", () => {
  // The check value that catalogues of CRCs give for these nine digits.
  assert.equal(encodeEntry(Buffer.from("123456789")).toString(), "E cbf43926 123456789\n");
});

test("no bit of a line can flip unseen, and the line still knows what it was", () => {
  for (const [meant, line] of [
    ["entry", entry],
    ["checkpoint", checkpoint],
  ] as const) {
    for (let bit = 0; bit < line.length * 8; bit += 1) {
      const flipped = Buffer.from(line);
      const position = Math.floor(bit / 8);
      flipped[position] = (flipped[position] ?? 0) ^ (1 << (bit % 8));
      const parsed = parseLine(flipped);
      assert.equal(parsed.kind, "bad", `bit ${bit} of ${meant}`);
      // Only the first letter and the first byte of the payload tell; one flipped bit spares the other.
      assert.equal(parsed.kind === "bad" && parsed.meant, meant, `bit ${bit} of ${meant}`);
    }
  }
});

test("an upper-case CRC is not what was written", () => {
  assert.match(entry.toString("latin1"), /^E [0-9a-f]{8} /);
  const upper = entry
    .toString("latin1")
    .replace(/^E [0-9a-f]{8} /, (header) => `E${header.slice(1).toUpperCase()}`);
  assert.notEqual(upper, entry.toString("latin1"), "the sample has no letter in its CRC");
  assert.equal(parseLine(Buffer.from(upper, "latin1")).kind, "bad");
});

test("a beginning of a line is bad, however short", () => {
  for (let length = 0; length < entry.length; length += 1) {
    assert.equal(parseLine(entry.subarray(0, length)).kind, "bad");
  }
});

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { createVerifier, openNote, parseVerifierKey, signCheckpoint } from "./note.ts";
import { leafHash } from "./tree.ts";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const verifier = createVerifier("example.org/log", publicKey);
const checkpoint = { origin: "example.org/log", size: 3, root: leafHash(Buffer.from("x")) };
const note = signCheckpoint(checkpoint, { verifier, privateKey });

test("verifier keys of others, in the form of the signed-note specification, are read", () => {
  // The Go checksum database, and the example of Go's note package.
  for (const text of [
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  ]) {
    assert.equal(parseVerifierKey(`${text}\n`).text, text);
  }
});

test("a verifier key with another name, hash or type is refused", () => {
  const [name = "", hash = "", ...key] = verifier.text.split("+");
  for (const text of [
    `other.org+${hash}+${key.join("+")}`,
    `${name}+00000000+${key.join("+")}`,
    `${name}+${hash}+${Buffer.alloc(33, 4).toString("base64")}`,
    `${name}+${hash}`,
    "",
  ]) {
    assert.throws(() => parseVerifierKey(text), { code: "bad-verifier-key" }, text);
  }
});

test("a signed checkpoint opens to what was signed", () => {
  assert.deepEqual(openNote(note, verifier), { kind: "signed", checkpoint });
});

test("no character of a note can be another", () => {
  for (let position = 0; position < note.length; position += 1) {
    for (const other of ["A", "1", "\n", " "]) {
      if (note[position] === other) continue;
      const changed = note.slice(0, position) + other + note.slice(position + 1);
      assert.equal(openNote(changed, verifier).kind, "refused", `at ${position}: ${JSON.stringify(changed)}`);
    }
  }
  assert.equal(openNote(`${note}\n`, verifier).kind, "refused");
  assert.equal(openNote(note.slice(0, -1), verifier).kind, "refused");
});

test("a note of another key or another log is refused", () => {
  const other = generateKeyPairSync("ed25519");
  const stranger = createVerifier("example.org/log", other.publicKey);
  const forged = signCheckpoint(checkpoint, { verifier: stranger, privateKey: other.privateKey });
  assert.equal(openNote(forged, verifier).kind, "refused");
  const elsewhere = signCheckpoint({ ...checkpoint, origin: "example.org/two" }, { verifier, privateKey });
  assert.equal(openNote(elsewhere, verifier).kind, "refused");
});

test("a name that would break the format is not a name for a log", () => {
  for (const name of ["", "a b", "a+b", "a\nb", "a\0b", "x".repeat(300)]) {
    assert.throws(() => createVerifier(name, publicKey), { code: "bad-origin" });
  }
});

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { isSignedBy, signPolicy } from "./index.ts";

function keyPair(): { pem: string; trusted: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const der = publicKey.export({ type: "spki", format: "der" });
  return {
    pem: privateKey.export({ type: "pkcs8", format: "pem" }),
    trusted: der.subarray(-32).toString("base64"),
  };
}

test("a signature holds for exactly the signed bytes, under a trusted key", () => {
  const { pem, trusted } = keyPair();
  const file = Buffer.from("version: 1\n");
  const signature = signPolicy(file, pem);
  assert.ok(isSignedBy(file, signature, [trusted]));
  assert.ok(!isSignedBy(Buffer.from("version: 1\r\n"), signature, [trusted]));
  assert.ok(!isSignedBy(file, signature, [keyPair().trusted]));
  assert.ok(!isSignedBy(file, signature, []));
});

test("nothing that is no signature is taken for one", () => {
  const { pem, trusted } = keyPair();
  const file = Buffer.from("version: 1\n");
  const signature = signPolicy(file, pem);
  for (let length = 0; length < signature.trimEnd().length - 2; length++) {
    assert.ok(!isSignedBy(file, signature.slice(0, length), [trusted]));
  }
  assert.ok(!isSignedBy(file, signature.replace("v1", "v2"), [trusted]));
  assert.ok(!isSignedBy(file, "cloister-policy-v1 x y", ["x"]));
});

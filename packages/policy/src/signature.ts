/**
 * A policy is signed beside its file: `policy.yaml.sig` holds one line, `cloister-policy-v1 KEY SIGNATURE`, both in
 * base64; Ed25519 (RFC 8032) over the format's name, a line end and the file's bytes.
 */
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";

const FORMAT = "cloister-policy-v1";
/** What comes before the 32 bytes of an Ed25519 key in its DER form (RFC 8410). */
const PUBLIC_DER_HEAD = Buffer.from("302a300506032b6570032100", "hex");

export function signPolicy(file: Uint8Array, privateKeyPem: string): string {
  const key = createPrivateKey(privateKeyPem);
  const publicKey = createPublicKey(key)
    .export({ type: "spki", format: "der" })
    .subarray(PUBLIC_DER_HEAD.length);
  return `${FORMAT} ${publicKey.toString("base64")} ${sign(null, signedBytes(file), key).toString("base64")}\n`;
}

/** Whether one of the trusted keys (32 bytes in base64) signed exactly these bytes. */
export function isSignedBy(file: Uint8Array, signature: string, trustedKeys: readonly string[]): boolean {
  const [format, key = "", bytes = ""] = signature.trim().split(" ");
  if (format !== FORMAT || !trustedKeys.includes(key)) return false;
  const der = Buffer.concat([PUBLIC_DER_HEAD, Buffer.from(key, "base64")]);
  try {
    const publicKey = createPublicKey({ key: der, type: "spki", format: "der" });
    return verify(null, signedBytes(file), publicKey, Buffer.from(bytes, "base64"));
  } catch {
    return false; // a key that is none signs nothing
  }
}

function signedBytes(file: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${FORMAT}\n`), file]);
}

// Encryption of the side store: AES-256-GCM throughout, nonce ‖ ciphertext ‖ tag, and what a text belongs to as
// additional data, so that no blob or key can be passed off as another.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { takeRandom } from "./random.ts";

const nonceBytes = 12;
const tagBytes = 16;
/** What encryption adds to a length. */
export const sealBytes: number = nonceBytes + tagBytes;

export function seal(key: Uint8Array, text: Uint8Array | string, belongsTo: string): Buffer {
  const nonce = takeRandom(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(belongsTo));
  const sealed = cipher.update(Buffer.from(text));
  return Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error when the key is another, or a byte has changed. */
export function unseal(key: Uint8Array, sealed: Uint8Array, belongsTo: string): Buffer {
  const end = sealed.length - tagBytes;
  if (end < nonceBytes) throw new Error("too short to be sealed");
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(Buffer.from(belongsTo));
  decipher.setAuthTag(sealed.subarray(end));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, end)), decipher.final()]);
}

/** The keys that come from `side.key`. */
export interface SideKeys {
  /** Wraps the keys of the erasure groups. */
  readonly wrapping: Buffer;
  /** Makes blob ids: equal content has one blob, and only the owner of the key can test a guess. */
  readonly naming: Buffer;
}

export function deriveKeys(sideKey: Uint8Array): SideKeys {
  const derive = (label: string): Buffer =>
    Buffer.from(hkdfSync("sha256", sideKey, "", `cloister/side/v1/${label}`, 32));
  return { wrapping: derive("wrap"), naming: derive("dedup") };
}

/** HMAC-SHA-256 over group and content: content shown in two groups is two blobs, erased apart from each other. */
export function blobIdOf(keys: SideKeys, group: string, content: Uint8Array): string {
  const hmac = createHmac("sha256", keys.naming);
  hmac.update(`${Buffer.byteLength(group)} ${group}`);
  return hmac.update(content).digest("hex");
}

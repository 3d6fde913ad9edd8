/** Private keys without the lines that PEM puts around them. */

import type { Candidate } from "./finding.ts";

/** Base64 of the first bytes of PKCS#8 and SEC 1 keys, as far as it is the same for all of a kind. */
export const KEY_OPENINGS: readonly string[] = ["MII", "MC4CAQAwBQ", "MIG", "MHcCAQEE"];

const BODY = /[A-Za-z0-9+/]{40,16384}={0,2}/y;
const BODY_CHARS_MIN = 60;
const HEAD_CHARS = 48;

/** A DER private key in base64, as Java and payment platforms keep it: RFC 5958, RFC 8017 appendix A, RFC 5915. */
export function findBareKey(text: string, at: number): Candidate | undefined {
  if (at > 0 && /[A-Za-z0-9+/]/.test(text.charAt(at - 1))) return undefined;
  const head = Buffer.from(text.slice(at, at + HEAD_CHARS), "base64");
  if (!isPrivateKey(head)) return undefined;
  BODY.lastIndex = at;
  const body = BODY.exec(text)?.[0];
  if (body === undefined || body.length < BODY_CHARS_MIN) return undefined;
  return { start: at, end: at + body.length, kind: "private-key", rule: "bare-key", certain: true };
}

/** A sequence that begins with a version and goes on as keys do; certificates and public keys have no version there. */
function isPrivateKey(der: Buffer): boolean {
  if (der[0] !== 0x30) return false;
  const length = der[1] ?? 0;
  const at = length < 0x80 ? 2 : 2 + (length & 0x7f);
  if (der[at] !== 0x02 || der[at + 1] !== 0x01) return false;
  const [version, next] = [der[at + 2], der[at + 3]];
  // PKCS#8: version 0 or 1, then an AlgorithmIdentifier that begins with an OID.
  if ((version === 0 || version === 1) && next === 0x30) return der[at + 5] === 0x06;
  // SEC 1: version 1, then the key itself. PKCS#1: version 0, then a long modulus.
  if (version === 1 && next === 0x04) return (der[at + 4] ?? 0) >= 28 && (der[at + 4] ?? 0) <= 66;
  return version === 0 && next === 0x02 && ((der[at + 4] ?? 0) === 0x82 || (der[at + 4] ?? 0) === 0x81);
}

const PUTTY = /Private-Lines: \d{1,3}\r?\n((?:[A-Za-z0-9+/=]{1,64}\r?\n){1,200})/y;

/** The private part of a PuTTY key file. */
export function findPuttyKey(text: string, at: number): Candidate | undefined {
  PUTTY.lastIndex = at;
  const match = PUTTY.exec(text);
  const body = match?.[1]?.trimEnd();
  if (match === null || body === undefined) return undefined;
  const start = at + match[0].indexOf("\n") + 1;
  return { start, end: start + body.length, kind: "private-key", rule: "putty-key", certain: true };
}

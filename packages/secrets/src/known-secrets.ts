import assert from "node:assert";
import { createHmac } from "node:crypto";

/**
 * Values that are known to be secret: this machine's own credentials, canaries. Kept as fingerprints, so that whoever
 * reads this memory learns no value. What is found is exact: another text has the same fingerprint with a chance of
 * 2^-128.
 */
export interface KnownSecrets {
  /** Values under eight characters are refused: they would match ordinary text. True when the value was taken. */
  add(value: string): boolean;
  /** Where known values stand, in order of `start`; they may overlap. */
  find(text: string): { readonly start: number; readonly end: number }[];
  readonly count: number;
}

const VALUE_CHARS_MIN = 8;
const VALUE_CHARS_MAX = 65_536;
const VALUES_MAX = 100_000;
const KEY_BYTES_MIN = 16;
const DIGEST_BYTES = 16;
const FILTER_BITS = 16;

interface Fingerprint {
  readonly chars: number;
  /** Rolling hash of the whole value: looked at before the HMAC, which costs a thousand times as much. */
  readonly hash: number;
  readonly digest: string;
}

/** `key` holds at least 16 random bytes, of this process alone: with it, guesses can be tested. */
export function createKnownSecrets(key: Uint8Array): KnownSecrets {
  assert(key.length >= KEY_BYTES_MIN, "a key of fingerprints has at least 16 bytes");
  // Odd, and not to be guessed, so that a text cannot be made to collide with a value on purpose.
  const factor = createHmac("sha256", key).update("rolling hash").digest().readInt32LE(0) | 1;
  let dropFactor = 1;
  for (let step = 0; step < VALUE_CHARS_MIN; step++) dropFactor = Math.imul(dropFactor, factor);
  const byHead = new Map<number, Fingerprint[]>();
  const filter = new Uint8Array(1 << FILTER_BITS);
  let count = 0;

  const digestOf = (value: string): string =>
    createHmac("sha256", key).update(value).digest().subarray(0, DIGEST_BYTES).toString("base64");
  const hashOf = (text: string, start: number, end: number): number => {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, factor) + text.charCodeAt(at)) | 0;
    return hash;
  };

  return {
    get count() {
      return count;
    },

    add(value) {
      if (value.length < VALUE_CHARS_MIN || value.length > VALUE_CHARS_MAX || count >= VALUES_MAX) {
        return false;
      }
      const head = hashOf(value, 0, VALUE_CHARS_MIN);
      const print = { chars: value.length, hash: hashOf(value, 0, value.length), digest: digestOf(value) };
      const prints = byHead.get(head) ?? [];
      if (prints.some(({ digest }) => digest === print.digest)) return true;
      byHead.set(head, [...prints, print]);
      filter[slotOf(head)] = 1;
      count += 1;
      return true;
    },

    find(text) {
      const found: { start: number; end: number }[] = [];
      if (count === 0) return found;
      let hash = 0;
      for (let at = 0; at < text.length; at++) {
        hash = (Math.imul(hash, factor) + text.charCodeAt(at)) | 0;
        if (at >= VALUE_CHARS_MIN) {
          hash = (hash - Math.imul(dropFactor, text.charCodeAt(at - VALUE_CHARS_MIN))) | 0;
        }
        if (filter[slotOf(hash)] === 0 || at + 1 < VALUE_CHARS_MIN) continue;
        const start = at + 1 - VALUE_CHARS_MIN;
        for (const print of byHead.get(hash) ?? []) {
          const end = start + print.chars;
          if (end > text.length || hashOf(text, start, end) !== print.hash) continue;
          if (digestOf(text.slice(start, end)) === print.digest) found.push({ start, end });
        }
      }
      return found.sort((a, b) => a.start - b.start || b.end - a.end);
    },
  };
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> FILTER_BITS)) & ((1 << FILTER_BITS) - 1);
}

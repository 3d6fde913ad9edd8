/** An occurrence of a known value. */
export interface Occurrence {
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

/** Finds many exact values in one pass over a text. */
export interface KnownValues {
  /** Values under eight characters are refused silently: by value alone they would match ordinary text. */
  add(value: string): void;
  /** All occurrences, in order of `start`; they may overlap. */
  find(text: string): Occurrence[];
}

export const KNOWN_VALUE_CHARS_MIN = 8;

const HASH_FACTOR = 0x01000193;
const FILTER_BITS = 16;

/** Places in a value, as parts of its length, from which its eight characters may be taken. */
const ANCHOR_PLACES = [0.5, 0.25, 0.75, 1, 0];

/**
 * Rabin and Karp's rolling hash over eight characters of each value: those of five places that fewest other values
 * share. Keys of one vendor begin alike and PEM blocks end alike; always taking the same place would put them all in one
 * bucket, which was measured at 200 times the time.
 */
export function createKnownValues(): KnownValues {
  const known = new Set<string>();
  const buckets = new Map<string, { value: string; offset: number }[]>();
  const filter = new Uint8Array(1 << FILTER_BITS);
  let dropFactor = 1;
  for (let step = 0; step < KNOWN_VALUE_CHARS_MIN; step++) dropFactor = Math.imul(dropFactor, HASH_FACTOR);

  const anchorOf = (value: string): { offset: number; anchor: string } => {
    const anchors = ANCHOR_PLACES.map((place) => {
      const offset = Math.floor((value.length - KNOWN_VALUE_CHARS_MIN) * place);
      return { offset, anchor: value.slice(offset, offset + KNOWN_VALUE_CHARS_MIN) };
    });
    const sharedBy = ({ anchor }: { anchor: string }): number => buckets.get(anchor)?.length ?? 0;
    return anchors.reduce((best, next) => (sharedBy(next) < sharedBy(best) ? next : best));
  };

  return {
    add(value) {
      if (value.length < KNOWN_VALUE_CHARS_MIN || known.has(value)) return;
      known.add(value);
      const { offset, anchor } = anchorOf(value);
      let hash = 0;
      for (let at = 0; at < anchor.length; at++) hash = Math.imul(hash, HASH_FACTOR) + anchor.charCodeAt(at);
      filter[slotOf(hash)] = 1;
      const bucket = buckets.get(anchor);
      if (bucket === undefined) buckets.set(anchor, [{ value, offset }]);
      else bucket.push({ value, offset });
    },

    find(text) {
      const found: Occurrence[] = [];
      if (known.size === 0) return found;
      let hash = 0;
      for (let at = 0; at < text.length; at++) {
        hash = (Math.imul(hash, HASH_FACTOR) + text.charCodeAt(at)) | 0;
        if (at >= KNOWN_VALUE_CHARS_MIN) {
          hash = (hash - Math.imul(dropFactor, text.charCodeAt(at - KNOWN_VALUE_CHARS_MIN))) | 0;
        }
        if (filter[slotOf(hash)] === 0 || at + 1 < KNOWN_VALUE_CHARS_MIN) continue;
        const from = at + 1 - KNOWN_VALUE_CHARS_MIN;
        for (const { value, offset } of buckets.get(text.slice(from, at + 1)) ?? []) {
          const start = from - offset;
          if (start >= 0 && text.startsWith(value, start)) {
            found.push({ start, end: start + value.length, value });
          }
        }
      }
      return found.sort((a, b) => a.start - b.start || b.end - a.end);
    },
  };
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> FILTER_BITS)) & ((1 << FILTER_BITS) - 1);
}

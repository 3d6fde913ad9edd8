/**
 * Knows confidential code again wherever it turns up: in a prompt, re-indented, in a file of another name. Winnowing
 * (Schleimer, Wilkerson and Aiken, 2003): of the hashes of all runs of `GRAM_CHARS` characters, white space left out,
 * the smallest of each window is kept, so that any common run of `GRAM_CHARS + WINDOW - 1` characters shares at least
 * one. An index holds hashes only; the code cannot be had back from it.
 */

const GRAM_CHARS = 32;
const WINDOW = 24;
const HALF = 2 ** 26;

/** Two rolling polynomial hashes modulo 2^32, whose products are one machine instruction each. */
const FIRST_BASE = 0x01000193;
const SECOND_BASE = 0x2c1b3c6d;
const firstHighest = power(FIRST_BASE, GRAM_CHARS);
const secondHighest = power(SECOND_BASE, GRAM_CHARS);

/** The fingerprints of a text, each once, in no order worth relying on. Linear in its length. */
export function fingerprintsOf(text: string): Set<number> {
  const kept = new Set<number>();
  eachFingerprint(text, (print) => kept.add(print));
  return kept;
}

/**
 * Calls `visit` for each kept fingerprint, a whole number below 2^52, in the order of the text, with the place where its
 * window ends; the same one may come more than once.
 */
export function eachFingerprint(text: string, visit: (print: number, at: number) => void): void {
  const codes = new Uint16Array(GRAM_CHARS);
  // Of each gram in the window: what it is chosen by, and the rest of its fingerprint.
  const ranks = new Uint32Array(WINDOW);
  const rests = new Uint32Array(WINDOW);
  let first = 0;
  let second = 0;
  let seen = 0;
  let smallestAt = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isBlank(code)) continue;
    const slot = seen % GRAM_CHARS;
    const out = codes[slot] as number;
    codes[slot] = code;
    first = (Math.imul(first, FIRST_BASE) + code - Math.imul(out, firstHighest)) | 0;
    second = (Math.imul(second, SECOND_BASE) + code - Math.imul(out, secondHighest)) | 0;
    seen += 1;
    const gram = seen - GRAM_CHARS;
    if (gram < 0) continue;

    const rank = scramble(first);
    ranks[gram % WINDOW] = rank;
    rests[gram % WINDOW] = second;
    if (smallestAt >= 0 && gram - smallestAt < WINDOW) {
      if (rank > (ranks[smallestAt % WINDOW] as number)) continue;
      smallestAt = gram;
    } else {
      // The smallest left the window: look again, the rightmost of equals.
      smallestAt = gram;
      for (let back = 1; back < WINDOW && back <= gram; back++) {
        if ((ranks[(gram - back) % WINDOW] as number) < (ranks[smallestAt % WINDOW] as number)) {
          smallestAt = gram - back;
        }
      }
    }
    const kept = smallestAt % WINDOW;
    visit(((ranks[kept] as number) >>> 6) * HALF + (scramble(rests[kept] as number) >>> 6), at);
  }
}

/** Spaces, tabs, line ends, and what is invisible: none of them changes what code says. */
function isBlank(code: number): boolean {
  if (code <= 0x20 || code === 0x7f || code === 0xa0) return true;
  if (code < 0x200b) return code >= 0x2000;
  return (
    code <= 0x200f ||
    (code >= 0x2028 && code <= 0x202f) ||
    code === 0x2060 ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

/** Chosen by the hash itself, a run of the same letter would win each time; mixed, every gram is as likely as another. */
function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x297a2d39);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, base);
  return result;
}

/**
 * Some thousand names as one text: each a string of its own, and again in lower case, a hundred thousand of them would
 * hold 25 MB instead of 5, and each would be searched by a call of its own.
 */

export interface NamePortion {
  readonly count: number;
  /** As it was given. */
  name(index: number): string;
  /** All in lower case, a line feed behind each; what follows are places in it. */
  readonly lower: string;
  startOf(index: number): number;
  /** Where the last part of the path begins. */
  baseOf(index: number): number;
  endOf(index: number): number;
  /** Whether the name holds all these letters somewhere: most are passed over by that one look. */
  mayHold(index: number, mask: number): boolean;
}

export function createNamePortion(names: readonly string[]): NamePortion {
  const text = flat(names.map((name) => `${name}\n`).join(""));
  const lowered = flat(names.map((name) => `${lowerOf(name)}\n`).join(""));
  const lower = lowered === text ? text : lowered;
  const starts = new Uint32Array(names.length + 1);
  const bases = new Uint32Array(names.length);
  const masks = new Uint32Array(names.length);
  let start = 0;
  for (const [index, name] of names.entries()) {
    const end = start + name.length;
    bases[index] = start + name.lastIndexOf("/") + 1;
    masks[index] = maskOf(lower, start, end);
    start = end + 1;
    starts[index + 1] = start;
  }
  const endOf = (index: number): number => (starts[index + 1] ?? 1) - 1;
  return {
    count: names.length,
    lower,
    name: (index) => text.slice(starts[index], endOf(index)),
    startOf: (index) => starts[index] ?? 0,
    baseOf: (index) => bases[index] ?? 0,
    endOf,
    mayHold: (index, mask) => ((masks[index] ?? 0) & mask) === mask,
  };
}

/** 26 letters, the digits together, and all the rest together, which says nothing. */
export function maskOf(text: string, from = 0, to: number = text.length): number {
  let mask = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x61 && code <= 0x7a) mask |= 1 << (code - 0x61);
    else if (code >= 0x30 && code <= 0x39) mask |= 1 << 26;
  }
  return mask;
}

/** The few letters that are longer in lower case stay as they are, so that places are the same in both texts. */
function lowerOf(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === name.length ? lower : name;
}

/** V8 keeps what was put together as its pieces until somebody looks inside. */
function flat(text: string): string {
  text.charCodeAt(text.length - 1);
  return text;
}

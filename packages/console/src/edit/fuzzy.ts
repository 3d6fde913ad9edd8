/** Finds names by a few of their letters, in order. Made for a hundred thousand names between two keystrokes. */

const SHOWN_MAX = 8;

export interface FuzzySearch {
  /** The best names first. Each further letter looks only at what matched before it. */
  find(query: string): readonly string[];
  /** Prepares that many more names; false when all are. `find` prepares what is left, so this is only about when. */
  prepare(count: number): boolean;
}

interface Best {
  readonly index: number;
  readonly score: number;
}

export function createFuzzySearch(names: readonly string[], shownMax: number = SHOWN_MAX): FuzzySearch {
  const lower: string[] = [];
  const bases: number[] = [];
  /** Which letters and digits a name holds, a bit each: most names are passed over by one look. */
  const masks: number[] = [];
  let last: { readonly query: string; readonly matches: readonly number[] } | undefined;

  const prepare = (count: number): boolean => {
    const end = Math.min(names.length, lower.length + count);
    for (let index = lower.length; index < end; index++) {
      const name = (names[index] ?? "").toLowerCase();
      lower.push(name);
      bases.push(name.lastIndexOf("/") + 1);
      masks.push(maskOf(name));
    }
    return lower.length < names.length;
  };

  /** Names that begin so outrank all others: with enough of them nothing else need be looked at. */
  const beginning = (wanted: string): Best[] => {
    const best: Best[] = [];
    const first = wanted.charCodeAt(0);
    // Counted by hand: an iterator over a hundred thousand is what a first letter would wait for.
    for (let index = 0; index < lower.length; index++) {
      const name = lower[index] ?? "";
      const base = bases[index] ?? 0;
      if (name.charCodeAt(base) !== first || !name.startsWith(wanted, base)) continue;
      keep(best, { index, score: BEGINS - name.length }, shownMax);
    }
    return best;
  };

  const all = (wanted: string): Best[] => {
    const mask = maskOf(wanted);
    const before = last !== undefined && wanted.startsWith(last.query) ? last.matches : lower.keys();
    const matches: number[] = [];
    const best: Best[] = [];
    for (const index of before) {
      if (((masks[index] ?? 0) & mask) !== mask) continue;
      const score = scoreOf(wanted, lower[index] ?? "", bases[index] ?? 0);
      if (score === undefined) continue;
      matches.push(index);
      keep(best, { index, score }, shownMax);
    }
    last = { query: wanted, matches };
    return best;
  };

  return {
    prepare,
    find(query) {
      const wanted = query.toLowerCase();
      if (wanted === "") return names.slice(0, shownMax);
      prepare(names.length);
      const first = beginning(wanted);
      const best = first.length >= shownMax ? first : all(wanted);
      return best.map(({ index }) => names[index] ?? "");
    },
  };
}

function keep(best: Best[], one: Best, max: number): void {
  const worst = best.at(-1);
  if (best.length === max && worst !== undefined && worst.score >= one.score) return;
  const place = best.findIndex(({ score }) => score < one.score);
  best.splice(place < 0 ? best.length : place, 0, one);
  if (best.length > max) best.pop();
}

/** 26 letters, the digits together, and all the rest together, which says nothing. */
function maskOf(text: string): number {
  let mask = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x61 && code <= 0x7a) mask |= 1 << (code - 0x61);
    else if (code >= 0x30 && code <= 0x39) mask |= 1 << 26;
  }
  return mask;
}

const BEGINS = 4000;

/** Undefined: it does not match. Whole runs in the last part of the path count most; of equals the shorter wins. */
function scoreOf(query: string, name: string, base: number): number | undefined {
  const inBase = name.indexOf(query, base);
  if (inBase >= 0) return BEGINS - (inBase === base ? 0 : 500) - name.length;
  const whole = name.indexOf(query);
  if (whole >= 0) return 2500 - name.length;
  let at = -1;
  let score = 1000;
  for (let index = 0; index < query.length; index++) {
    const next = name.indexOf(query.charAt(index), at + 1);
    if (next < 0) return undefined;
    if (next === at + 1) score += 8;
    if (next === 0 || "/_.-".includes(name.charAt(next - 1))) score += 6;
    at = next;
  }
  return score - name.length;
}

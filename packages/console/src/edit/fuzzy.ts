/** Finds names by a few of their letters, in order. Made for a hundred thousand names between two keystrokes. */
import { createNamePortion, maskOf, type NamePortion } from "./name-portion.ts";

export interface FuzzySearch {
  /** More names, behind those that are here. */
  add(names: readonly string[]): void;
  /** The best names first. Each further letter looks only at what matched before it. */
  find(query: string): readonly string[];
}

const SHOWN_MAX = 8;
/** So many names are packed together. */
const PORTION = 4096;

interface Best {
  readonly portion: NamePortion;
  readonly index: number;
  readonly score: number;
}

/** One portion's, by their numbers in it. */
interface Matches {
  readonly portion: NamePortion;
  readonly found: Uint16Array;
}

/** Undefined: all of them. */
type Looked = Matches | { readonly portion: NamePortion; readonly found: undefined };

export function createFuzzySearch(names: readonly string[] = [], shownMax: number = SHOWN_MAX): FuzzySearch {
  const packed: NamePortion[] = [];
  /** Not packed yet. */
  let loose: string[] = [];
  /** Those of the portion at hand. */
  const found = new Uint16Array(PORTION);
  let last: { readonly query: string; readonly matches: readonly Matches[] } | undefined;

  const pack = (): void => {
    if (loose.length > 0) packed.push(createNamePortion(loose));
    loose = [];
  };
  const add = (more: readonly string[]): void => {
    last = undefined;
    for (const name of more) {
      loose.push(name);
      if (loose.length >= PORTION) pack();
    }
  };

  /** Names that begin so outrank all others: with enough of them nothing else need be looked at. */
  const beginning = (wanted: string): Best[] => {
    const best: Best[] = [];
    const first = wanted.charCodeAt(0);
    for (const portion of packed) {
      const { lower } = portion;
      // Counted by hand: an iterator over a hundred thousand is what a first letter would wait for.
      for (let index = 0; index < portion.count; index++) {
        const base = portion.baseOf(index);
        if (lower.charCodeAt(base) !== first || !lower.startsWith(wanted, base)) continue;
        const length = portion.endOf(index) - portion.startOf(index);
        keep(best, { portion, index, score: BEGINS - length }, shownMax);
      }
    }
    return best;
  };

  const all = (wanted: string): Best[] => {
    const before: readonly Looked[] =
      last !== undefined && wanted.startsWith(last.query)
        ? last.matches
        : packed.map((portion) => ({ portion, found: undefined }));
    const mask = maskOf(wanted);
    const matches: Matches[] = [];
    const best: Best[] = [];
    for (const { portion, found: earlier } of before) {
      const scoreOf = createScore(wanted, portion);
      let foundCount = 0;
      const count = earlier?.length ?? portion.count;
      for (let at = 0; at < count; at++) {
        const index = earlier?.[at] ?? at;
        if (!portion.mayHold(index, mask)) continue;
        const score = scoreOf(index);
        if (score === undefined) continue;
        found[foundCount] = index;
        foundCount += 1;
        keep(best, { portion, index, score }, shownMax);
      }
      if (foundCount > 0) matches.push({ portion, found: found.slice(0, foundCount) });
    }
    last = { query: wanted, matches };
    return best;
  };

  add(names);
  return {
    add,
    find: (query) => {
      pack();
      const wanted = query.toLowerCase();
      if (wanted === "") return firstOf(packed, shownMax);
      const first = beginning(wanted);
      const best = first.length >= shownMax ? first : all(wanted);
      return best.map(({ portion, index }) => portion.name(index));
    },
  };
}

function firstOf(packed: readonly NamePortion[], max: number): string[] {
  const first: string[] = [];
  for (const portion of packed) {
    for (let index = 0; index < portion.count && first.length < max; index++) first.push(portion.name(index));
  }
  return first;
}

function keep(best: Best[], one: Best, max: number): void {
  const worst = best.at(-1);
  if (best.length === max && worst !== undefined && worst.score >= one.score) return;
  const place = best.findIndex(({ score }) => score < one.score);
  best.splice(place < 0 ? best.length : place, 0, one);
  if (best.length > max) best.pop();
}

const BEGINS = 4000;

/**
 * Whole runs in the last part of the path count most; of equals the shorter wins. Undefined: it does not match. To be
 * asked in the order of the names, so that all of their text is looked through once and not once for each.
 */
function createScore(wanted: string, portion: NamePortion): (index: number) => number | undefined {
  const { lower } = portion;
  const nextRun = createNext(lower, wanted);
  const nextInBase = createNext(lower, wanted);
  return (index) => {
    const start = portion.startOf(index);
    const base = portion.baseOf(index);
    const end = portion.endOf(index);
    const length = end - start;
    const inBase = nextInBase(base);
    if (inBase < end) return BEGINS - (inBase === base ? 0 : 500) - length;
    if (nextRun(start) < end) return 2500 - length;
    let at = start - 1;
    let score = 1000;
    for (let step = 0; step < wanted.length; step++) {
      const code = wanted.charCodeAt(step);
      let next = at + 1;
      while (next < end && lower.charCodeAt(next) !== code) next++;
      if (next === end) return undefined;
      if (next === at + 1) score += 8;
      if (next === start || isSign(lower.charCodeAt(next - 1))) score += 6;
      at = next;
    }
    return score - length;
  };
}

/** Where a text holds the wanted one next, from places that only grow. */
function createNext(text: string, wanted: string): (from: number) => number {
  let known = -1;
  return (from) => {
    if (known >= from) return known;
    const found = text.indexOf(wanted, from);
    known = found < 0 ? Infinity : found;
    return known;
  };
}

/** Slash, underscore, full stop or hyphen: what begins behind them is a word. */
function isSign(code: number): boolean {
  return code === 0x2f || code === 0x5f || code === 0x2e || code === 0x2d;
}

/** Fuzzy search in many names: the letters in order, better when together, at the beginnings of words, and near the end. */

const SHOWN_MAX = 8;

export interface FuzzySearch {
  /** The best names first. Each further letter looks only at what matched before it. */
  find(query: string): readonly string[];
}

export function createFuzzySearch(names: readonly string[], shownMax: number = SHOWN_MAX): FuzzySearch {
  let lower: string[] | undefined;
  let last: { readonly query: string; readonly matches: readonly number[] } | undefined;
  return {
    find(query) {
      const wanted = query.toLowerCase();
      if (wanted === "") return names.slice(0, shownMax);
      lower ??= names.map((name) => name.toLowerCase());
      const all = last !== undefined && wanted.startsWith(last.query) ? last.matches : lower.keys();
      const matches: number[] = [];
      const best: { readonly index: number; readonly score: number }[] = [];
      for (const index of all) {
        const score = scoreOf(wanted, lower[index] ?? "");
        if (score === undefined) continue;
        matches.push(index);
        const worst = best.at(-1);
        if (best.length === shownMax && worst !== undefined && worst.score >= score) continue;
        const place = best.findIndex((other) => other.score < score);
        best.splice(place < 0 ? best.length : place, 0, { index, score });
        if (best.length > shownMax) best.pop();
      }
      last = { query: wanted, matches };
      return best.map(({ index }) => names[index] ?? "");
    },
  };
}

/** Undefined: it does not match. Whole runs in the last part of the path count most; of equals the shorter wins. */
function scoreOf(query: string, name: string): number | undefined {
  const base = name.lastIndexOf("/") + 1;
  const inBase = name.indexOf(query, base);
  if (inBase >= 0) return 4000 - (inBase === base ? 0 : 500) - name.length;
  const whole = name.indexOf(query);
  if (whole >= 0) return 2500 - name.length;
  let at = -1;
  let score = 1000;
  for (let index = 0; index < query.length; index++) {
    const next = name.indexOf(query.charAt(index), at + 1);
    if (next < 0) return undefined;
    if (next === at + 1) score += 8;
    if (next === 0 || /[/_.-]/.test(name.charAt(next - 1))) score += 6;
    at = next;
  }
  return score - name.length;
}

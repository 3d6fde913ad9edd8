/** The part of a file most like a text that is not in it, for a model that remembers the text wrongly. */
export interface NearestRegion {
  /** 1-based, both ends included. */
  readonly from: number;
  readonly to: number;
}

const CHARS_MAX = 2_000_000;
const WINDOW_LINES_MAX = 30;
/** Below this share of the wanted words a region misleads more than it helps. */
const SHARE_MIN = 0.3;
const WORD = /[\p{L}\p{N}_$]+/gu;

/**
 * Slides a window of the wanted height over the file and counts shared words, rare ones for more, each as often as it
 * is wanted. Linear in the file's words; files over 2,000,000 characters are not searched.
 */
export function nearestRegion(
  lines: readonly string[],
  wanted: readonly string[],
): NearestRegion | undefined {
  const shown = wanted.slice(0, WINDOW_LINES_MAX);
  const quota = countWords(shown.flatMap(wordsOf));
  if (quota.size === 0 || lines.reduce((sum, line) => sum + line.length, 0) > CHARS_MAX) return undefined;
  const words = lines.map((line) => wordsOf(line).filter((word) => quota.has(word)));
  const frequency = countWords(words.flat());
  const weightOf = (word: string): number => 1 / (frequency.get(word) ?? 1);

  const height = Math.min(shown.length, lines.length);
  const inWindow = new Map<string, number>();
  let score = 0;
  let best = { score: 0, from: 0 };
  for (let to = 0; to < lines.length; to++) {
    for (const word of words[to] ?? []) {
      const count = (inWindow.get(word) ?? 0) + 1;
      inWindow.set(word, count);
      if (count <= (quota.get(word) ?? 0)) score += weightOf(word);
    }
    for (const word of words[to - height] ?? []) {
      const count = inWindow.get(word) ?? 0;
      inWindow.set(word, count - 1);
      if (count <= (quota.get(word) ?? 0)) score -= weightOf(word);
    }
    // A margin keeps the rounding of sums from moving the window off the first best place.
    if (score > best.score + 1e-9) best = { score, from: Math.max(0, to - height + 1) };
  }
  if (best.score === 0 || shareOf(words.slice(best.from, best.from + height).flat(), quota) < SHARE_MIN) {
    return undefined;
  }
  return { from: best.from + 1, to: best.from + height };
}

function shareOf(words: readonly string[], quota: ReadonlyMap<string, number>): number {
  const counts = countWords(words);
  let shared = 0;
  let all = 0;
  for (const [word, count] of quota) {
    shared += Math.min(count, counts.get(word) ?? 0);
    all += count;
  }
  return shared / all;
}

function wordsOf(line: string): string[] {
  const whole = line.trim();
  // The line itself counts as a word: equal lines weigh more, and a lone "}" counts at all.
  return whole === "" ? [] : [...(line.match(WORD) ?? []), whole];
}

function countWords(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

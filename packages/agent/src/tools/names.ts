/** Which existing file names a model may have meant. */
const NEAREST_MAX = 5;
const NAMES_COMPARED_MAX = 2000;
const NAME_CHARS_MAX = 255;

/** Up to five names, nearest first; none when nothing is alike. */
export function nearestNames(wanted: string, names: readonly string[]): string[] {
  return names
    .slice(0, NAMES_COMPARED_MAX)
    .map((name) => ({ name, unlike: unlikeness(wanted, name) }))
    .filter((candidate) => candidate.unlike <= 0.5)
    .sort((a, b) => a.unlike - b.unlike)
    .slice(0, NEAREST_MAX)
    .map((candidate) => candidate.name);
}

/** 0 for the same name, 1 for nothing in common. Another extension or case is a near miss. */
function unlikeness(wanted: string, name: string): number {
  const a = wanted.toLowerCase();
  const b = name.toLowerCase();
  if (stemOf(a) === stemOf(b)) return 0.1;
  return editDistance(a, b) / Math.max(a.length, b.length, 1);
}

function stemOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}

/** Levenshtein's distance by rows. */
function editDistance(a: string, b: string): number {
  const shown = b.slice(0, NAME_CHARS_MAX);
  let row = Array.from({ length: shown.length + 1 }, (_, index) => index);
  for (let i = 0; i < Math.min(a.length, NAME_CHARS_MAX); i++) {
    const next = [i + 1];
    for (let j = 1; j <= shown.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i] === shown[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

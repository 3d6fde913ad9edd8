/** A range of lines in a file: from 1, both ends included. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** Ascending, without overlap; ranges that touch become one. */
export function mergeRanges(ranges: readonly LineRange[]): LineRange[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

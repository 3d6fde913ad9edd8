/** A small unified diff, for the screen. */
import type { FileDiff } from "./tool.ts";

const CONTEXT_LINES = 3;
/** Beyond this many differing lines the middle is shown as replaced whole: Myers's search is quadratic in them. */
const EDITS_MAX = 300;

type Edit = { readonly kind: " " | "-" | "+"; readonly line: string };

/** Compares by lines, line ends included, so that a change from CRLF to LF shows. */
export function diffTexts(path: string, before: string, after: string): FileDiff {
  const edits = compare(withEnds(before), withEnds(after));
  return {
    path,
    hunks: formatHunks(edits),
    added: edits.filter((edit) => edit.kind === "+").length,
    removed: edits.filter((edit) => edit.kind === "-").length,
  };
}

function withEnds(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compare(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const removed = before.slice(head, before.length - tail);
  const added = after.slice(head, after.length - tail);
  const middle = shortestEdits(removed, added) ?? [...toEdits("-", removed), ...toEdits("+", added)];
  return [
    ...toEdits(" ", before.slice(0, head)),
    ...middle,
    ...toEdits(" ", before.slice(before.length - tail)),
  ];
}

function toEdits(kind: Edit["kind"], lines: readonly string[]): Edit[] {
  return lines.map((line) => ({ kind, line }));
}

/** E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). Undefined beyond EDITS_MAX. */
function shortestEdits(before: readonly string[], after: readonly string[]): Edit[] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let cost = 0; cost <= EDITS_MAX; cost++) {
    trace.push(new Map(furthest));
    for (let diagonal = -cost; diagonal <= cost; diagonal += 2) {
      let x = startOf(furthest, diagonal, cost);
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x++;
      furthest.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return walkBack(before, after, trace);
    }
  }
  return undefined;
}

function isDown(furthest: ReadonlyMap<number, number>, diagonal: number, cost: number): boolean {
  if (diagonal === -cost) return true;
  return diagonal !== cost && (furthest.get(diagonal - 1) ?? -1) < (furthest.get(diagonal + 1) ?? -1);
}

function startOf(furthest: ReadonlyMap<number, number>, diagonal: number, cost: number): number {
  return isDown(furthest, diagonal, cost)
    ? (furthest.get(diagonal + 1) ?? 0)
    : (furthest.get(diagonal - 1) ?? 0) + 1;
}

function walkBack(
  before: readonly string[],
  after: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): Edit[] {
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let cost = trace.length - 1; cost >= 0; cost--) {
    const furthest = trace[cost] ?? new Map<number, number>();
    const down = isDown(furthest, x - y, cost);
    const startX = startOf(furthest, x - y, cost);
    const startY = startX - (x - y);
    while (x > startX && y > startY) {
      edits.push({ kind: " ", line: before[--x] ?? "" });
      y--;
    }
    if (cost === 0) break;
    edits.push(down ? { kind: "+", line: after[--y] ?? "" } : { kind: "-", line: before[--x] ?? "" });
  }
  return edits.reverse();
}

function formatHunks(edits: readonly Edit[]): string {
  const changed = edits.flatMap((edit, index) => (edit.kind === " " ? [] : [index]));
  const hunks: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  let done = 0;
  for (let i = 0; i < changed.length; i++) {
    const from = Math.max(done, (changed[i] ?? 0) - CONTEXT_LINES);
    while ((changed[i + 1] ?? Infinity) - (changed[i] ?? 0) <= 2 * CONTEXT_LINES) i++;
    const to = Math.min(edits.length, (changed[i] ?? 0) + CONTEXT_LINES + 1);
    // Between hunks everything is unchanged, so both sides move alike.
    oldLine += from - done;
    newLine += from - done;
    const lines = edits.slice(from, to);
    const oldCount = lines.filter((edit) => edit.kind !== "+").length;
    const newCount = lines.filter((edit) => edit.kind !== "-").length;
    hunks.push(
      `@@ -${rangeOf(oldLine, oldCount)} +${rangeOf(newLine, newCount)} @@\n`,
      ...lines.map(formatEdit),
    );
    oldLine += oldCount;
    newLine += newCount;
    done = to;
  }
  return hunks.join("");
}

function rangeOf(line: number, count: number): string {
  // An empty side names the line before it.
  return count === 1 ? String(line) : `${count === 0 ? line - 1 : line},${count}`;
}

function formatEdit(edit: Edit): string {
  const end = edit.line.endsWith("\n") ? "" : "\n\\ No newline at end of file\n";
  return `${edit.kind}${edit.line}${end}`;
}

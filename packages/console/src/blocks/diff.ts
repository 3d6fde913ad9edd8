/** A unified diff with line numbers, colours, and the words that differ marked within lines. */
import type { FileDiff } from "@cloister/agent";
import { span, wrapLine, type Line, type Span, type StyleName } from "../text/line.ts";

/** More is for the transcript. */
export const DIFF_LINES_SHOWN_MAX = 40;

interface DiffLine {
  readonly sign: " " | "+" | "-" | "@";
  readonly text: string;
  readonly number: number | undefined;
  /** Whole lines, or the parts that differ from the line across. */
  spans?: readonly Span[];
}

export function renderDiff(diff: Pick<FileDiff, "hunks">, columns: number, linesMax: number): Line[] {
  const parsed = markWords(parseHunks(diff.hunks));
  const digits = String(Math.max(1, ...parsed.map(({ number }) => number ?? 0))).length;
  const shown = parsed.slice(0, linesMax);
  const lines = shown.flatMap((each) => renderLine(each, digits, columns));
  const left = parsed.length - shown.length;
  return left > 0 ? [...lines, [span(`${" ".repeat(digits)} … +${left}`, "dim")]] : lines;
}

function renderLine({ sign, text, number, spans }: DiffLine, digits: number, columns: number): Line[] {
  if (sign === "@") return [[span(`${" ".repeat(digits)} ⋮`, "dim")]];
  const style: StyleName = sign === "+" ? "added" : sign === "-" ? "removed" : "dim";
  const first = [span(`${String(number ?? "").padStart(digits)} `, "dim"), span(`${sign} `, style)];
  const rest = [span(" ".repeat(digits + 3))];
  return wrapLine(spans ?? [span(text, sign === " " ? "text" : style)], {
    columns,
    first,
    rest,
    isExact: true,
  });
}

function parseHunks(hunks: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let before = 0;
  let after = 0;
  for (const raw of hunks.replace(/\n$/, "").split("\n")) {
    const head = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(raw);
    if (head !== null) {
      before = Number(head[1]);
      after = Number(head[2]);
      if (lines.length > 0) lines.push({ sign: "@", text: "", number: undefined });
      continue;
    }
    const sign = raw.charAt(0);
    const text = raw.slice(1);
    if (sign === "+") lines.push({ sign, text, number: after++ });
    else if (sign === "-") lines.push({ sign, text, number: before++ });
    else if (sign === " ") {
      lines.push({ sign, text, number: after++ });
      before++;
    }
  }
  return lines;
}

/** Runs of as many removed as added lines are taken for the same lines, changed. */
function markWords(lines: readonly DiffLine[]): readonly DiffLine[] {
  for (let at = 0; at < lines.length; at++) {
    if (lines[at]?.sign !== "-") continue;
    const removed = runOf(lines, at, "-");
    const added = runOf(lines, at + removed, "+");
    for (let index = 0; index < (removed === added ? removed : 0); index++) {
      const left = lines[at + index];
      const right = lines[at + removed + index];
      if (left === undefined || right === undefined) continue;
      const marked = compareWords(left.text, right.text);
      if (marked === undefined) continue;
      left.spans = marked.before;
      right.spans = marked.after;
    }
    at += removed + added - 1;
  }
  return lines;
}

function runOf(lines: readonly DiffLine[], from: number, sign: "+" | "-"): number {
  let length = 0;
  while (lines[from + length]?.sign === sign) length++;
  return length;
}

const WORDS_MAX = 200;

/** The longest common row of words stays plain. Undefined when the lines have too little in common. */
function compareWords(
  before: string,
  after: string,
): { readonly before: readonly Span[]; readonly after: readonly Span[] } | undefined {
  const left = before.match(/[\p{L}\p{N}_]+|\s+|./gu) ?? [];
  const right = after.match(/[\p{L}\p{N}_]+|\s+|./gu) ?? [];
  if (left.length > WORDS_MAX || right.length > WORDS_MAX) return undefined;
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  const cell = (row: number, column: number): number => table[row]?.[column] ?? 0;
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      const same = left[row] === right[column];
      const best = same
        ? cell(row + 1, column + 1) + 1
        : Math.max(cell(row + 1, column), cell(row, column + 1));
      const target = table[row];
      if (target !== undefined) target[column] = best;
    }
  }
  const shared = cell(0, 0);
  if (shared * 3 < Math.max(left.length, right.length)) return undefined;
  const spans = { before: [] as Span[], after: [] as Span[] };
  let row = 0;
  let column = 0;
  while (row < left.length || column < right.length) {
    if (row < left.length && column < right.length && left[row] === right[column]) {
      spans.before.push(span(left[row++] ?? "", "removed"));
      spans.after.push(span(right[column++] ?? "", "added"));
    } else if (
      column >= right.length ||
      (row < left.length && cell(row + 1, column) >= cell(row, column + 1))
    ) {
      spans.before.push(span(left[row++] ?? "", "removedWord"));
    } else {
      spans.after.push(span(right[column++] ?? "", "addedWord"));
    }
  }
  return spans;
}

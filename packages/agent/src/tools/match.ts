/** Finds the text that an edit means: the exact text, or the one place that differs in white space only. */
import { lineEndOf, withLineEnd } from "./line-ends.ts";
import type { LineEnd } from "./line-ends.ts";

/** Offsets into the file's text, the end left out. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

export type Match =
  | { readonly kind: "exact"; readonly regions: readonly Region[] }
  | {
      readonly kind: "loose";
      readonly region: Region;
      readonly replacement: string;
      readonly notes: readonly string[];
    }
  | { readonly kind: "several"; readonly starts: readonly number[]; readonly isLoose: boolean }
  | { readonly kind: "too-many"; readonly placesMax: number }
  | { readonly kind: "none" };

const PLACES_MAX = 100_000;
/** A bound on the work, reached only by files of very many equal lines; the edit then counts as not found. */
const COMPARISONS_MAX = 20_000_000;
const TAB_WIDTHS = [4, 2, 8];

export interface WantedEdit {
  readonly oldText: string;
  readonly newText: string;
  readonly replaceAll: boolean;
}

export function findMatch(text: string, edit: WantedEdit): Match {
  const fileEnd = lineEndOf(text) ?? "\n";
  const regions = findExactly(text, edit.oldText);
  if (regions.length === 0) return findLoosely(text, edit, fileEnd);
  if (regions.length === 1) return { kind: "exact", regions };
  // Never replaced in part: a replace_all that stops half way would be worse than none.
  if (regions.length >= PLACES_MAX) return { kind: "too-many", placesMax: PLACES_MAX };
  if (!edit.replaceAll) {
    return { kind: "several", starts: regions.map((region) => region.start), isLoose: false };
  }
  let end = 0;
  const apart = regions.filter((region) => {
    const isApart = region.start >= end;
    if (isApart) end = region.end;
    return isApart;
  });
  return { kind: "exact", regions: apart };
}

/** All places, overlapping ones too. Line ends do not show when a file is read, so each kind counts as the same text. */
function findExactly(text: string, wanted: string): Region[] {
  const regions = new Map<number, Region>();
  for (const needle of new Set([withLineEnd(wanted, "\n"), withLineEnd(wanted, "\r\n"), wanted])) {
    for (
      let at = text.indexOf(needle);
      at >= 0 && regions.size < PLACES_MAX;
      at = text.indexOf(needle, at + 1)
    ) {
      // The second half of a "\r\n" is not a line end of its own.
      const splitsLineEnd = needle.startsWith("\n") && text[at - 1] === "\r";
      if (!splitsLineEnd && !regions.has(at)) regions.set(at, { start: at, end: at + needle.length });
    }
  }
  return [...regions.values()].sort((a, b) => a.start - b.start);
}

interface Line {
  readonly start: number;
  /** Where the text ends and the line end begins. */
  readonly end: number;
  readonly next: number;
  readonly indent: string;
  /** Without indentation and trailing blanks. */
  readonly core: string;
}

/** Compares whole lines without trailing blanks and line ends, and indentation by its width, for several widths of a tab. */
function findLoosely(text: string, edit: WantedEdit, fileEnd: LineEnd): Match {
  const wanted = linesOf(edit.oldText);
  if (wanted.every((line) => line.core === "")) return { kind: "none" };
  const lines = linesOf(text);
  const places = new Map<number, number>();
  const budget = { left: COMPARISONS_MAX };
  for (const tabWidth of TAB_WIDTHS) {
    for (let at = 0; at + wanted.length <= lines.length; at++) {
      if (!places.has(at) && wanted.every((line, i) => isAlike(line, lines[at + i], i, tabWidth, budget))) {
        places.set(at, tabWidth);
      }
    }
  }
  if (budget.left <= 0) return { kind: "none" };
  const [only, ...others] = places;
  if (only === undefined) return { kind: "none" };
  if (others.length > 0) {
    const starts = [...places.keys()].sort((a, b) => a - b).map((at) => lines[at]?.start ?? 0);
    return { kind: "several", starts, isLoose: true };
  }
  const [at, tabWidth] = only;
  return replaceLoosely(text, edit, {
    wanted,
    found: lines.slice(at, at + wanted.length),
    tabWidth,
    fileEnd,
  });
}

function isAlike(
  wanted: Line,
  line: Line | undefined,
  index: number,
  tabWidth: number,
  budget: { left: number },
): boolean {
  if (line === undefined || budget.left-- <= 0 || wanted.core !== line.core) return false;
  if (wanted.core === "") return true;
  // A first line without indentation was copied from the first word on.
  if (index === 0 && wanted.indent === "") return true;
  return widthOf(wanted.indent, tabWidth) === widthOf(line.indent, tabWidth);
}

function replaceLoosely(
  text: string,
  edit: WantedEdit,
  place: {
    readonly wanted: readonly Line[];
    readonly found: readonly Line[];
    readonly tabWidth: number;
    readonly fileEnd: LineEnd;
  },
): Match {
  const { wanted, found, tabWidth, fileEnd } = place;
  const first = found[0];
  const last = found.at(-1);
  if (first === undefined || last === undefined) return { kind: "none" };
  const takesLineEnd = edit.oldText.endsWith("\n");
  const start = wanted[0]?.indent === "" ? first.start + first.indent.length : first.start;
  const region = { start, end: takesLineEnd ? last.next : last.end };
  const notes: string[] = [];
  const pairs = wanted.map((line, i) => [line, found[i]] as const).filter(([line]) => line.core !== "");
  const reindented = pairs.filter(
    ([line, own], i) => own !== undefined && own.indent !== line.indent && !(i === 0 && line.indent === ""),
  );
  let replacement = edit.newText;
  if (reindented.length > 0) {
    const usesTabs = reindented.some(([, own]) => own?.indent.includes("\t") === true);
    replacement = reindent(replacement, { usesTabs, tabWidth, fromFirstWord: wanted[0]?.indent === "" });
    notes.push(`indentation adapted to the file's ${usesTabs ? "tabs" : "spaces"}`);
  } else {
    notes.push("old_string differed in trailing blanks or line ends");
  }
  // A last line that has no line end in the file gets none from the edit.
  if (takesLineEnd && last.next === last.end && replacement.endsWith("\n")) {
    replacement = replacement.replace(/\r?\n$/, "");
  }
  const lineEnd = lineEndOf(text.slice(region.start, region.end)) ?? fileEnd;
  return { kind: "loose", region, replacement: withLineEnd(replacement, lineEnd), notes };
}

/** Changes leading tabs and spaces only; a line of blanks is the model's own. */
function reindent(
  text: string,
  style: { readonly usesTabs: boolean; readonly tabWidth: number; readonly fromFirstWord: boolean },
): string {
  return text
    .split("\n")
    .map((line, index) => {
      if (index === 0 && style.fromFirstWord) return line;
      return line.replace(/^[ \t]+(?=\S)/, (indent) => {
        const width = widthOf(indent, style.tabWidth);
        if (!style.usesTabs) return " ".repeat(width);
        return "\t".repeat(Math.floor(width / style.tabWidth)) + " ".repeat(width % style.tabWidth);
      });
    })
    .join("\n");
}

function widthOf(indent: string, tabWidth: number): number {
  let width = 0;
  for (const character of indent) width += character === "\t" ? tabWidth - (width % tabWidth) : 1;
  return width;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf("\n", start);
    const next = feed < 0 ? text.length : feed + 1;
    const full = feed < 0 ? text.length : feed;
    const end = feed > start && text[feed - 1] === "\r" ? feed - 1 : full;
    const line = text.slice(start, end);
    const indent = /^[ \t]*/.exec(line)?.[0] ?? "";
    lines.push({ start, end, next, indent, core: line.slice(indent.length).trimEnd() });
    start = next;
  }
  return lines;
}

/** What is drawn: lines of spans, each with the name of a style. No escape sequence exists before `paint.ts`. */
import { escapeLine } from "./escape.ts";
import { displayWidth, graphemes, graphemeWidth } from "./width.ts";

export type StyleName =
  | "text"
  | "dim"
  | "strong"
  | "emphasis"
  | "struck"
  | "accent"
  | "heading"
  | "code"
  | "link"
  | "quote"
  | "good"
  | "bad"
  | "warning"
  | "user"
  | "added"
  | "removed"
  | "addedWord"
  | "removedWord"
  | "keyword"
  | "string"
  | "comment"
  | "number"
  | "function"
  | "selected"
  | "cursor"
  | "match"
  | "found"
  | "labelLow"
  | "labelMiddle"
  | "labelHigh";

export interface Span {
  readonly text: string;
  readonly style: StyleName;
}

export type Line = readonly Span[];

/** A piece of a line. Whatever the text is, it is safe to draw afterwards and stays on its line. */
export function span(text: string, style: StyleName = "text"): Span {
  return { text: escapeLine(text), style };
}

export function line(...parts: readonly (Span | string)[]): Line {
  return parts.map((part) => (typeof part === "string" ? span(part) : part));
}

/** Each line of the text a line. */
export function linesOf(text: string, style: StyleName = "text"): Line[] {
  return text.split("\n").map((each) => [span(each, style)]);
}

/** The lines with a sign before the first, and before the others as many spaces, or what is given. */
export function hang(lines: readonly Line[], sign: Span, rest: Span = blankLike(sign)): Line[] {
  return lines.map((each, index) => [index === 0 ? sign : rest].concat(each));
}

function blankLike({ text, style }: Span): Span {
  return { text: " ".repeat(displayWidth(text)), style };
}

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, { text }) => sum + displayWidth(text), 0);
}

export function plainText(spans: Line): string {
  return spans.map(({ text }) => text).join("");
}

/** The beginning of a line that fits, with `…` where something was left out. */
export function fitLine(spans: Line, columnsMax: number): Line {
  if (lineWidth(spans) <= columnsMax) return spans;
  const kept: Span[] = [];
  let left = columnsMax - 1;
  for (const { text, style } of spans) {
    let taken = "";
    for (const grapheme of graphemes(text)) {
      const width = graphemeWidth(grapheme);
      if (width > left) return [...kept, { text: `${taken}…`, style }];
      left -= width;
      taken += grapheme;
    }
    kept.push({ text: taken, style });
  }
  return kept;
}

export interface WrapOptions {
  readonly columns: number;
  /** Before the first row. */
  readonly first?: Line;
  /** Before each further row; as wide as `first`. */
  readonly rest?: Line;
  /** Break at the last column, wherever that is, so that no space is lost: for code, and for what is asked about. */
  readonly isExact?: boolean;
}

/** Breaks at spaces, between wide characters, and within a word only when it fits no row. */
export function wrapLine(
  spans: Line,
  { columns, first = [], rest = first, isExact = false }: WrapOptions,
): Line[] {
  const room = Math.max(1, columns - lineWidth(first));
  if (lineWidth(spans) <= room) return [[...first, ...spans]];
  const rows: Line[] = [];
  let row: Piece[] = [];
  let width = 0;
  const flush = (): void => {
    const end = isExact ? row.length : row.findLastIndex(({ text }) => text !== " ") + 1;
    rows.push([...(rows.length === 0 ? first : rest), ...joinPieces(row.slice(0, end))]);
    row = [];
    width = 0;
  };
  for (const word of isExact ? piecesIn(spans) : wordsIn(spans)) {
    const wide = word.reduce((sum, piece) => sum + piece.width, 0);
    const isSpace = word[0]?.text === " ";
    if (width + wide <= room) {
      if (isSpace && !isExact && width === 0 && rows.length > 0) continue;
      row.push(...word);
      width += wide;
      continue;
    }
    if (isSpace && !isExact) {
      flush();
      continue;
    }
    if (width > 0 && wide <= room) flush();
    for (const piece of word) {
      if (width + piece.width > room && width > 0) flush();
      row.push(piece);
      width += piece.width;
    }
  }
  if (row.length > 0 || rows.length === 0) flush();
  return rows;
}

interface Piece extends Span {
  readonly width: number;
}

function* piecesIn(spans: Line): Generator<Piece[]> {
  for (const { text, style } of spans) {
    for (const grapheme of graphemes(text)) yield [{ text: grapheme, style, width: graphemeWidth(grapheme) }];
  }
}

/** Runs without a space; each wide character is a word of its own, since CJK text has no spaces to break at. */
function* wordsIn(spans: Line): Generator<Piece[]> {
  let word: Piece[] = [];
  for (const { text, style } of spans) {
    for (const grapheme of graphemes(text)) {
      const piece = { text: grapheme, style, width: graphemeWidth(grapheme) };
      if (grapheme !== " " && piece.width < 2) {
        word.push(piece);
        continue;
      }
      if (word.length > 0) yield word;
      word = [];
      yield [piece];
    }
  }
  if (word.length > 0) yield word;
}

function joinPieces(pieces: readonly Piece[]): Span[] {
  const joined: { text: string; style: StyleName }[] = [];
  for (const { text, style } of pieces) {
    const last = joined.at(-1);
    if (last?.style === style) last.text += text;
    else joined.push({ text, style });
  }
  return joined;
}

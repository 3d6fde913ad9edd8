import type { Candidate } from "./finding.ts";

const BEGIN = "-----BEGIN";
const END = "-----END";
const BEGIN_LINE = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const END_LINE = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/y;
const BODY = /[A-Za-z0-9+/=]{1,64}/y;
const HEADER = /[A-Z][A-Za-z-]{2,20}: /y;

/** How much may stand between the first line and the body: line ends in any spelling, quotes, line numbers. */
const GAP_CHARS_MAX = 160;
/** A body of fewer characters is prose or code about keys. */
const BODY_CHARS_MIN = 10;
/** Without a last line the rest of the text is sealed: that takes better proof than a closed block does. */
const OPEN_BODY_CHARS_MIN = 32;

/** The last lines of a key whose beginning is not shown: how far back they are looked for. */
const TAIL_CHARS_MAX = 16_384;
const LINE_CHARS_MAX = 320;

/**
 * Private keys in PEM (RFC 7468, OpenSSH, OpenPGP), from their first line to their last, whatever stands between:
 * line ends, literal `\n` of JSON, line numbers, string concatenation. A block without a last line goes to the end of
 * the text; of one without a first line, as in a view of the end of a file, the lines before the last are taken.
 */
export function findPrivateKeys(text: string): Candidate[] {
  const found: Candidate[] = [];
  let begin = text.indexOf(BEGIN);
  for (let done = 0; ;) {
    const close = closeAfter(text, done);
    const isOpen = close === text.length;
    const end = isOpen ? close : endOfMatch(END_LINE, text, close);
    let start: number | undefined;
    // `begin` only ever moves on: a text of many first lines, or of many last ones, is searched once.
    while (begin >= 0 && begin < end) {
      if (start === undefined && hasBody(text, { begin, close, isOpen })) start = begin;
      begin = text.indexOf(BEGIN, begin + BEGIN.length);
    }
    if (start !== undefined) {
      found.push({ start, end, kind: "private-key", rule: isOpen ? "pem-open" : "pem", certain: true });
    }
    if (isOpen) return found;
    const tail = start === undefined ? tailBefore(text, { from: done, close }) : close;
    if (tail < close) found.push({ start: tail, end, kind: "private-key", rule: "pem-tail", certain: true });
    done = end;
  }
}

/** True when the line at `begin` is followed by a key, and not by code or prose about keys. */
function hasBody(
  text: string,
  { begin, close, isOpen }: { readonly begin: number; readonly close: number; readonly isOpen: boolean },
): boolean {
  const body = bodyAfter(text, begin);
  if (body === undefined || body.start >= close) return false;
  if (!isOpen) return body.chars >= BODY_CHARS_MIN;
  return body.chars >= OPEN_BODY_CHARS_MIN || body.start + body.chars >= text.length;
}

/** Start of the lines of base64 that end at `close`, or `close` when there are none. */
function tailBefore(
  text: string,
  { from, close }: { readonly from: number; readonly close: number },
): number {
  const lines = text.slice(Math.max(from, close - TAIL_CHARS_MAX), close).split("\n");
  let start = close - (lines.pop()?.length ?? 0);
  let tail = close;
  for (const line of lines.toReversed()) {
    const body = line.length > LINE_CHARS_MAX ? undefined : BODY_LINE.exec(line)?.[1];
    if (body === undefined) break;
    tail = start - 1 - body.length;
    start -= line.length + 1;
  }
  return new Set(text.slice(tail, close)).size > 4 ? tail : close;
}

function bodyAfter(text: string, at: number): { start: number; chars: number } | undefined {
  const afterLine = endOfMatch(BEGIN_LINE, text, at);
  if (afterLine < 0) return undefined;
  const start = skipGap(text, afterLine);
  // Header lines of encrypted (RFC 1421) and OpenPGP keys count as proof of a body.
  if (endOfMatch(HEADER, text, start) >= 0) return { start, chars: OPEN_BODY_CHARS_MIN };
  const end = endOfMatch(BODY, text, start);
  if (end < 0) return undefined;
  // A body of x's, or a first word and dots, is a document's way of saying "your key here".
  if (new Set(text.slice(start, end)).size <= 2) return undefined;
  if (end - start < OPEN_BODY_CHARS_MIN && /^\.{3}|^…/.test(text.slice(end, end + 3))) return undefined;
  return { start, chars: end - start };
}

function skipGap(text: string, from: number): number {
  let at = from;
  const stop = Math.min(text.length, from + GAP_CHARS_MAX);
  while (at < stop) {
    const char = text.charAt(at);
    if (char === "\\") at += /[nrt]/.test(text.charAt(at + 1)) ? 2 : 1;
    else if (/[\s"'`+,;|>#*-]/.test(char)) at += 1;
    else {
      const line = endOfMatch(LINE_MARK, text, at);
      if (line < 0) return at;
      at = line;
    }
  }
  return at;
}

/** What readers and searches put before a line: `12<tab>`, `12:`, `keys/a.pem:12:`, `keys/a.pem-12-`. */
const LINE_MARK = /\d{1,7}[\t→:-]|[\w./@-]{1,200}?[:-]\d{1,7}[:-]/y;
/** A line of the body, with what may stand before it. Group 1 ends the line. */
const BODY_LINE =
  /^[ \t>+-]{0,16}(?:\d{1,7}[\t→:-]|[\w./@-]{1,200}?[:-]\d{1,7}[:-])?[ \t]*([A-Za-z0-9+/=]{4,76}\r?)$/;

/** Start of the next last line, or the text's length when there is none. */
function closeAfter(text: string, from: number): number {
  for (let at = text.indexOf(END, from); at >= 0; at = text.indexOf(END, at + 1)) {
    if (endOfMatch(END_LINE, text, at) >= 0) return at;
  }
  return text.length;
}

function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

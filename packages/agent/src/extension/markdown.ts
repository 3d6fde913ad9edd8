/** Which parts of a Markdown text are code: imports, comments and inserts in code are examples, not orders. */

export interface MarkdownPart {
  readonly kind: "prose" | "code";
  readonly text: string;
}

/** CommonMark 4.5 (fenced blocks) and 6.1 (code spans), enough to tell code from prose. All parts together are the text. */
export function splitCode(text: string): MarkdownPart[] {
  return splitFences(text).flatMap((part) => (part.kind === "code" ? [part] : splitSpans(part.text)));
}

/** Comments that reach over code are few; more than that are text. */
const LONG_COMMENTS_MAX = 100;

/** Comments in prose go; what follows one on its line stays. One that is never closed is text. */
export function stripComments(text: string): string {
  // A comment may hold a fence, and a fence a comment: whichever begins first counts.
  let out = "";
  let rest = text;
  for (let long = 0; long <= LONG_COMMENTS_MAX; long++) {
    const found = stripUpToLong(rest);
    out += found.text;
    if (found.rest === undefined) return out;
    rest = found.rest;
  }
  return out + rest;
}

/** Stops behind the first comment that does not end in the prose it began in: what is code has to be seen anew there. */
function stripUpToLong(text: string): { readonly text: string; readonly rest: string | undefined } {
  let out = "";
  let at = 0;
  for (const part of splitCode(text)) {
    const end = at + part.text.length;
    let from = at;
    for (;;) {
      const start = part.kind === "prose" ? text.indexOf("<!--", from) : -1;
      if (start < 0 || start >= end) break;
      const close = text.indexOf("-->", start + 4);
      if (close < 0) return { text: out + text.slice(from), rest: undefined };
      out += text.slice(from, start);
      from = close + 3;
      // A comment that had its lines to itself takes them with it.
      const line = /^[ \t]*\r?\n/u.exec(text.slice(from, from + 200))?.[0] ?? "";
      if (out === "" || out.endsWith("\n")) from += line.length;
      if (from > end) return { text: out, rest: text.slice(from) };
    }
    out += text.slice(from, end);
    at = end;
  }
  return { text: out, rest: undefined };
}

function splitFences(text: string): MarkdownPart[] {
  const parts: MarkdownPart[] = [];
  let prose = "";
  let code = "";
  let fence: string | undefined;
  for (const line of text.split(/(?<=\n)/u)) {
    const marks = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/u.exec(line.trimEnd())?.[1];
    if (fence === undefined && marks === undefined) prose += line;
    else if (fence === undefined) {
      if (prose !== "") parts.push({ kind: "prose", text: prose });
      prose = "";
      code = line;
      fence = marks;
    } else {
      code += line;
      const isClosing = marks !== undefined && marks.startsWith(fence) && line.trim() === marks;
      if (isClosing) {
        parts.push({ kind: "code", text: code });
        code = "";
        fence = undefined;
      }
    }
  }
  // A fence that is never closed reaches to the end (CommonMark 4.5).
  if (fence !== undefined) parts.push({ kind: "code", text: code });
  else if (prose !== "") parts.push({ kind: "prose", text: prose });
  return parts;
}

/** A span ends with as many backticks as it began with, in the same paragraph; else the backticks are text. */
function splitSpans(text: string): MarkdownPart[] {
  const parts: MarkdownPart[] = [];
  let from = 0;
  const runs = [...text.matchAll(/`+|\n[ \t]*\n/gu)];
  for (let i = 0; i < runs.length; i++) {
    const opening = runs[i];
    if (opening === undefined || !opening[0].startsWith("`")) continue;
    const closing = closingOf(runs, i);
    if (closing === undefined) continue;
    const run = runs[closing];
    const end = (run?.index ?? 0) + (run?.[0].length ?? 0);
    if (opening.index > from) parts.push({ kind: "prose", text: text.slice(from, opening.index) });
    parts.push({ kind: "code", text: text.slice(opening.index, end) });
    from = end;
    i = closing;
  }
  if (from < text.length) parts.push({ kind: "prose", text: text.slice(from) });
  return parts;
}

const RUNS_AHEAD_MAX = 200;

function closingOf(runs: readonly RegExpExecArray[], from: number): number | undefined {
  const wanted = runs[from]?.[0];
  const end = Math.min(runs.length, from + RUNS_AHEAD_MAX);
  for (let i = from + 1; i < end; i++) {
    if (runs[i]?.[0].startsWith("\n") === true) return undefined;
    if (runs[i]?.[0] === wanted) return i;
  }
  return undefined;
}

/** Tables with a column of secrets: Markdown, CSV, tabs. */

import type { Candidate } from "./finding.ts";
import { isLikelyKey, isLikelyPassword, isRandom } from "./value.ts";

const LINE_CHARS_MAX = 1024;
const ROWS_MAX = 200;
const HEADER = /^[\w \t|,;\u4e00-\u9fff().*-]+$/;
const RULE = /^[\s|:+-]+$/;

export interface Column {
  /** Where the rows begin and end: a name among them is no header. */
  readonly start: number;
  readonly end: number;
  readonly found: readonly Candidate[];
}

/** The cells under a header, when the name fills a cell of it. */
export function findColumn(
  text: string,
  { start: nameStart, end: nameEnd }: { readonly start: number; readonly end: number },
): Column | undefined {
  const separator =
    /^[ \t]{0,16}([|,;\t])/.exec(text.slice(nameEnd, nameEnd + 18))?.[1] ??
    (isLineEnd(text, nameEnd) ? "," : "");
  if (separator === "") return undefined;
  const before = text.slice(Math.max(0, nameStart - LINE_CHARS_MAX), nameStart);
  const lineStart = nameStart - before.length + before.lastIndexOf("\n") + 1;
  const header = lineAt(text, lineStart);
  if (header === undefined || !header.includes(separator) || !HEADER.test(header)) return undefined;
  // A list of names, one on each line, is no table.
  if (separator !== "|" && header.split(separator).some((cell) => cell.trim() === "")) return undefined;
  const lead = text.slice(lineStart, nameStart);
  if (lead.slice(lead.lastIndexOf(separator) + 1).trim() !== "") return undefined;
  const column = lead.split(separator).length - 1;
  const columns = header.split(separator).length;
  const found: Candidate[] = [];
  const rows = lineStart + header.length + 1;
  let at = rows;
  for (let row = 0; row < ROWS_MAX && at < text.length; row++) {
    const line = lineAt(text, at);
    const cells = line?.split(separator) ?? [];
    if (line === undefined || cells.length !== columns) break;
    const cell = cells[column] ?? "";
    const value = cell.trim().replace(/^["'`](.*)["'`]$/, "$1");
    if (!RULE.test(line) && isCellSecret(value)) {
      const start =
        at + cells.slice(0, column).join(separator).length + (column > 0 ? 1 : 0) + cell.indexOf(value);
      found.push({
        start,
        end: start + value.length,
        kind: "named-secret",
        rule: "table-column",
        certain: false,
      });
    }
    at += line.length + 1;
  }
  return { start: rows, end: at, found };
}

function isCellSecret(value: string): boolean {
  const isName = /^[A-Za-z_]\w*$/.test(value) && !isRandom(value);
  return !isName && (isLikelyKey(value) || (isLikelyPassword(value) && /\d/.test(value)));
}

function isLineEnd(text: string, at: number): boolean {
  return /^[ \t]{0,8}(?:\r?\n|$)/.test(text.slice(at, at + 10));
}

function lineAt(text: string, start: number): string | undefined {
  const line = text.slice(start, start + LINE_CHARS_MAX);
  const feed = line.indexOf("\n");
  if (feed >= 0) return line.slice(0, feed);
  return start + line.length < text.length ? undefined : line;
}

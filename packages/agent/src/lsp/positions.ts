/** Lines, columns and addresses as the protocol counts them: from 0, columns in UTF-16 units; files as URIs. */
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isRecord } from "@cloister/base";

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export function toUri(workspace: string, path: string): string {
  return pathToFileURL(join(workspace, path)).href;
}

/** Workspace-relative with "/"; undefined for what lies outside, or is no file. */
export function toPath(workspace: string, uri: string): string | undefined {
  let file: string;
  try {
    file = fileURLToPath(uri);
  } catch {
    return undefined; // a document of the server's own, such as `jdt:` or `untitled:`
  }
  const path = relative(workspace, file);
  const isOutside = path === "" || path === ".." || path.startsWith(`..${sep}`) || path.startsWith("/");
  return isOutside ? undefined : path.replaceAll(sep, "/");
}

export function parseRange(value: unknown): Range | undefined {
  const { start, end } = isRecord(value) ? value : {};
  const [from, to] = [parsePosition(start), parsePosition(end)];
  return from === undefined || to === undefined ? undefined : { start: from, end: to };
}

function parsePosition(value: unknown): Position | undefined {
  const { line, character } = isRecord(value) ? value : {};
  return isCount(line) && isCount(character) ? { line, character } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Where each line begins. The protocol knows three line ends, of which one stands alone in no file of today. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}

/** Undefined beyond the last line. A column beyond the end of its line means that end, as the protocol says. */
export function offsetOf(
  text: string,
  starts: readonly number[],
  { line, character }: Position,
): number | undefined {
  const start = starts[line];
  // Servers write "the end of the file" as the line after the last one.
  if (start === undefined) return line === starts.length && character === 0 ? text.length : undefined;
  const next = starts[line + 1] ?? text.length;
  const end = start + text.slice(start, next).replace(/[\r\n]+$/, "").length;
  return Math.min(start + character, end);
}

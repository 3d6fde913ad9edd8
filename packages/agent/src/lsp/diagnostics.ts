/** What a server finds wrong, and which of it is new to the model. */
import { isRecord, type JsonObject } from "@cloister/base";
import { lineOf } from "../mcp/names.ts";
import { parseRange, type Range } from "./positions.ts";

export interface Diagnostic {
  readonly path: string;
  readonly range: Range;
  readonly severity: "error" | "warning";
  readonly text: string;
  /** As the server wrote it, for when it is asked what to do about it. */
  readonly raw: JsonObject;
}

const DIAGNOSTICS_MAX = 2000;
const TEXT_CHARS_MAX = 300;

/** Hints and notes are for a person's eye. */
export function parseDiagnostics(path: string, list: unknown): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const raw of Array.isArray(list) ? list.slice(0, DIAGNOSTICS_MAX) : []) {
    if (!isRecord(raw)) continue;
    const { severity = 1, message, code, source } = raw;
    const range = parseRange(raw["range"]);
    if (range === undefined || typeof message !== "string" || (severity !== 1 && severity !== 2)) continue;
    const label = [source, code].filter((part) => typeof part === "string" || typeof part === "number");
    found.push({
      path,
      range,
      severity: severity === 1 ? "error" : "warning",
      text: lineOf(`${label.join(" ")}${label.length > 0 ? ": " : ""}${message}`, TEXT_CHARS_MAX),
      raw: raw as JsonObject,
    });
  }
  return found;
}

/** Those of `now` that are not in `before`. Lines move with every edit, so they do not count. */
export function newOnes(now: readonly Diagnostic[], before: readonly Diagnostic[]): Diagnostic[] {
  const known = new Map<string, number>();
  for (const each of before) known.set(keyOf(each), (known.get(keyOf(each)) ?? 0) + 1);
  return now.filter((each) => {
    const left = known.get(keyOf(each)) ?? 0;
    known.set(keyOf(each), left - 1);
    return left <= 0;
  });
}

function keyOf({ severity, text }: Diagnostic): string {
  return `${severity} ${text}`;
}

/** One line each: errors first, at most `max`. */
export function formatDiagnostics(list: readonly Diagnostic[], max: number): string[] {
  const sorted = list.toSorted((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  const lines = sorted.slice(0, max).map(({ path, range: { start }, severity, text }) => {
    return `${path}:${start.line + 1}:${start.character + 1} ${severity} ${text}`;
  });
  return list.length > max ? [...lines, `(and ${list.length - max} more)`] : lines;
}

/** Which lines are spoken of, for the exposure record. */
export function rangesOf(list: readonly Diagnostic[]): { path: string; from: number; to: number }[] {
  return list.map(({ path, range: { start, end } }) => ({
    path,
    from: start.line + 1,
    to: Math.max(start.line, end.line) + 1,
  }));
}

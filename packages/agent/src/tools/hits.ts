/** What a search is asked and what it found, and the text for the model: one shape, whoever searched. */
import { cutLine } from "./text-file.ts";
import type { FileRange, ToolResult } from "./tool.ts";

export type GrepArgs = {
  readonly pattern: string;
  readonly path?: string;
  readonly glob?: string;
  readonly output_mode?: "content" | "files_with_matches" | "count";
  readonly "-i"?: boolean;
  readonly "-n"?: boolean;
  readonly "-A"?: number;
  readonly "-B"?: number;
  readonly "-C"?: number;
  readonly head_limit?: number;
  readonly multiline?: boolean;
};

/** `hits` in content mode, `rows` in the others. */
export type GrepFound =
  | {
      readonly kind: "found";
      readonly hits: readonly Hit[];
      readonly rows: readonly string[];
      readonly notes: readonly string[];
    }
  | { readonly kind: "failed"; readonly why: string };

export type Hit =
  | {
      readonly kind: "line";
      readonly path: string;
      readonly line: number;
      readonly text: string;
      readonly isMatch: boolean;
    }
  | { readonly kind: "gap" };

const LINE_CHARS_MAX = 500;
const TEXT_CHARS_MAX = 40_000;
export const headLimitDefault = 200;

export interface HitFormat {
  /** Rows shown. */
  readonly headLimit: number;
  readonly hasNumbers: boolean;
  readonly notes: readonly string[];
}

/** `path:12:text` for a match, `path-12-text` around it, `--` between parts that do not touch. */
export function formatHits(hits: readonly Hit[], format: HitFormat): ToolResult {
  const shown = takeRows(
    hits.map((hit) => ({ hit, row: formatHit(hit, format.hasNumbers) })),
    format.headLimit,
  );
  const notes = [...shown.notes, ...format.notes];
  const sources = rangesOf(shown.rows.map((row) => row.hit));
  return { ok: true, text: [...shown.rows.map((row) => row.row), ...notes].join("\n"), sources };
}

/** Rows without file content: paths, or paths with counts. */
export function formatRows(rows: readonly string[], format: HitFormat): ToolResult {
  const shown = takeRows(
    rows.map((row) => ({ row })),
    format.headLimit,
  );
  const text = [...shown.rows.map((row) => row.row), ...shown.notes, ...format.notes].join("\n");
  return { ok: true, text, sources: [] };
}

function takeRows<Row extends { readonly row: string }>(
  rows: readonly Row[],
  headLimit: number,
): { readonly rows: readonly Row[]; readonly notes: readonly string[] } {
  let chars = 0;
  const kept: Row[] = [];
  for (const row of rows.slice(0, headLimit)) {
    chars += row.row.length + 1;
    if (chars > TEXT_CHARS_MAX) break;
    kept.push(row);
  }
  const left = rows.length - kept.length;
  return {
    rows: kept,
    notes: left === 0 ? [] : [`[${left} more rows; narrow the search or raise head_limit]`],
  };
}

function formatHit(hit: Hit, hasNumbers: boolean): string {
  if (hit.kind === "gap") return "--";
  const mark = hit.isMatch ? ":" : "-";
  return `${hit.path}${mark}${hasNumbers ? `${hit.line}${mark}` : ""}${cutLine(hit.text, LINE_CHARS_MAX)}`;
}

function rangesOf(hits: readonly Hit[]): FileRange[] {
  const ranges: FileRange[] = [];
  for (const hit of hits) {
    if (hit.kind === "gap") continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.path === hit.path && last.to + 1 === hit.line) {
      ranges[ranges.length - 1] = { ...last, to: hit.line };
    } else {
      ranges.push({ path: hit.path, from: hit.line, to: hit.line });
    }
  }
  return ranges;
}

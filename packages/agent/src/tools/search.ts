/** Searches without ripgrep: JavaScript's expressions over the files of a walk. */
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";
import { compileBounded, lowerPattern } from "./bounded-regexp.ts";
import { compileGlob } from "./glob-pattern.ts";
import type { GrepArgs, GrepFound, Hit } from "./hits.ts";
import { readTextFile, splitLines } from "./text-file.ts";
import type { ToolWorld } from "./tool.ts";
import { walk } from "./walk.ts";

const MATCHES_MAX = 100_000;
const ROWS_MAX = 5000;

export async function searchFiles(
  args: GrepArgs,
  place: { readonly path: string; readonly isDirectory: boolean },
  world: ToolWorld,
  signal: AbortSignal,
): Promise<GrepFound> {
  // ripgrep's way to ignore case inside a pattern, which models know.
  const inline = args.pattern.startsWith("(?i)");
  const ignoresCase = inline || args["-i"] === true;
  const source = inline ? args.pattern.slice(4) : args.pattern;
  const compiled = compileBounded(ignoresCase ? lowerPattern(source) : source, {
    spansLines: args.multiline === true,
  });
  if (compiled.kind === "refused") {
    return { kind: "failed", why: `The pattern cannot be used: ${compiled.why}.` };
  }
  const walked = place.isDirectory
    ? await walk({ workspace: world.workspace, start: place.path, honoursGitignore: true }, signal)
    : { paths: [place.path], isComplete: true };
  const isWanted = compileFilter(args.glob);
  const findings = openFindings(args);
  for (const path of walked.paths) {
    signal.throwIfAborted();
    if (!isWanted(path)) continue;
    const lines = await linesOf(join(world.workspace, path));
    if (lines === undefined) continue;
    const compared = ignoresCase ? lines.map((line) => line.toLowerCase()) : lines;
    const matched = matchingLines(compared, compiled.value, args.multiline === true);
    if (!findings.add(path, lines, matched)) break;
  }
  const { hits, rows, notes } = findings.all();
  return { kind: "found", hits, rows, notes: walked.isComplete ? notes : [tooMany, ...notes] };
}

const tooMany = "[too many files to look at all; give a path]";

/** What was found so far, in the form that was asked for. */
export interface Findings {
  /** `matched` are indexes into `lines`. False when there is room for no more. */
  add(path: string, lines: readonly string[], matched: readonly number[]): boolean;
  all(): Extract<GrepFound, { kind: "found" }>;
}

export function openFindings(args: GrepArgs): Findings {
  const hits: Hit[] = [];
  const rows: string[] = [];
  const notes: string[] = [];
  return {
    add: (path, lines, matched) => {
      if (matched.length === 0) return true;
      switch (args.output_mode ?? "files_with_matches") {
        case "files_with_matches":
          rows.push(path);
          break;
        case "count":
          rows.push(`${path}:${matched.length}`);
          break;
        case "content":
          hits.push(...withContext(path, lines, matched, args, hits.length > 0));
      }
      if (hits.length + rows.length <= ROWS_MAX) return true;
      notes.push(`[stopped after ${ROWS_MAX} rows; narrow the search]`);
      return false;
    },
    all: () => ({ kind: "found", hits, rows, notes }),
  };
}

function compileFilter(glob: string | undefined): (path: string) => boolean {
  if (glob === undefined) return () => true;
  const negated = glob.startsWith("!");
  const body = negated ? glob.slice(1) : glob;
  const compiled = compileGlob(body.includes("/") ? body.replace(/^\//, "") : `**/${body}`);
  return (path) => compiled.test(path) !== negated;
}

async function linesOf(real: string): Promise<readonly string[] | undefined> {
  try {
    const file = await readTextFile(real);
    return file.kind === "text" ? splitLines(file.text) : undefined;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    // Not to be read: passed over, as ripgrep does.
    return undefined;
  }
}

/** Indexes of the lines that match, each once. */
export function matchingLines(lines: readonly string[], expression: RegExp, spansLines: boolean): number[] {
  return spansLines ? acrossLines(lines, expression) : lineByLine(lines, expression);
}

function lineByLine(lines: readonly string[], expression: RegExp): number[] {
  const found: number[] = [];
  for (const [index, line] of lines.entries()) {
    expression.lastIndex = 0;
    if (expression.test(line)) found.push(index);
  }
  return found;
}

function acrossLines(lines: readonly string[], expression: RegExp): number[] {
  const text = lines.join("\n");
  const found = new Set<number>();
  let index = 0;
  let lineEnd = lines[0]?.length ?? 0;
  const moveTo = (offset: number): void => {
    while (offset > lineEnd && index < lines.length - 1) lineEnd += 1 + (lines[++index]?.length ?? 0);
  };
  let matches = 0;
  for (const match of text.matchAll(expression)) {
    if (++matches > MATCHES_MAX) break;
    moveTo(match.index);
    const first = index;
    // A line feed at the end belongs to the line that it ends.
    moveTo(Math.max(match.index, match.index + match[0].length - 1));
    for (let line = first; line <= index; line++) found.add(line);
  }
  return [...found];
}

function withContext(
  path: string,
  lines: readonly string[],
  matched: readonly number[],
  args: GrepArgs,
  hasHitsBefore: boolean,
): Hit[] {
  const before = args["-B"] ?? args["-C"] ?? 0;
  const after = args["-A"] ?? args["-C"] ?? 0;
  const isMatch = new Set(matched);
  const hits: Hit[] = [];
  let next = 0;
  for (const index of matched) {
    const from = Math.max(next, index - before);
    const to = Math.min(lines.length, index + after + 1);
    const isApart = hits.length === 0 ? hasHitsBefore : from > next;
    if (isApart && before + after > 0) hits.push({ kind: "gap" });
    for (let line = from; line < to; line++) {
      hits.push({ kind: "line", path, line: line + 1, text: lines[line] ?? "", isMatch: isMatch.has(line) });
    }
    next = Math.max(next, to);
  }
  return hits;
}

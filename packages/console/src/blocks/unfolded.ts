/** What a folded block holds, all of it: for the full screen, where a block opens at its place. */
import type { AgentEvent } from "@cloister/agent";
import type { JsonObject } from "@cloister/base";
import { escapeUntrusted } from "../text/escape.ts";
import { linesOf, span, wrapLine, type Line, type StyleName } from "../text/line.ts";
import { indented } from "./blocks.ts";
import { renderDiff } from "./diff.ts";

/** As much as the transcript shows of it. */
const CHARS_MAX = 50_000;
const DIFF_LINES_MAX = 5000;
const INDENT = 4;

type Result = Pick<Extract<AgentEvent, { kind: "result" }>, "ok" | "text" | "diff">;

/** @param head the line of the call as it stands when it is folded */
export function unfoldResult(
  head: Line,
  { ok, text, diff, args }: Result & { readonly args: JsonObject },
  columns: number,
): Line[] {
  const changed = diff === undefined ? [] : renderDiff(diff, columns - INDENT, DIFF_LINES_MAX);
  // What was written is in the difference.
  const given = diff === undefined ? written(JSON.stringify(args), "comment", columns) : [];
  return [head, ...deep([...given, ...changed, ...written(text, ok ? "dim" : "bad", columns)])];
}

export function unfoldThought(head: Line, whole: string, columns: number): Line[] {
  return [head, ...deep(written(whole, "dim", columns))];
}

function deep(lines: readonly Line[]): Line[] {
  return indented(indented(lines));
}

function written(text: string, style: StyleName, columns: number): Line[] {
  const trimmed = text.trimEnd();
  if (trimmed === "") return [];
  const more = trimmed.length - CHARS_MAX;
  const lines = linesOf(escapeUntrusted(trimmed.slice(0, CHARS_MAX)), style).flatMap((each) =>
    wrapLine(each, { columns: columns - INDENT, isExact: true }),
  );
  return more > 0 ? [...lines, [span(`… +${more}`, "dim")]] : lines;
}

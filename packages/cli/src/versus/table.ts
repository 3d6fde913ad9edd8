/** What became of each model's try, in columns. */
import { visible } from "../print/style.ts";

export interface Entry {
  readonly model: string;
  /** `done`, the limit that ended it, `cancelled` or `failed`. */
  readonly outcome: string;
  /** Undefined where none was asked for, or there was nothing to check. */
  readonly check?: "passed" | "failed";
  /** Changed against the commit that all began from. */
  readonly files: readonly string[];
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly ms: number;
  readonly branch: string;
  readonly worktree: string;
  readonly path: string;
  /** The model's last words, or what went wrong. */
  readonly text: string;
}

const head = ["model", "outcome", "check", "files", "tokens in", "out", "time", "branch"];
const FILES_SHOWN_MAX = 8;
const TEXT_CHARS_MAX = 200;

/** A row for each; below them which files, and why one did not come to its end. */
export function formatEntries(entries: readonly Entry[]): string {
  const rows = entries.map((entry) => [
    visible(entry.model),
    entry.outcome,
    entry.check ?? "–",
    String(entry.files.length),
    String(entry.promptTokens),
    String(entry.completionTokens),
    `${Math.round(entry.ms / 1000)} s`,
    entry.branch,
  ]);
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const details = entries.flatMap(({ model, files, outcome, text }) => {
    const shown = files.slice(0, FILES_SHOWN_MAX).join(", ");
    const more = files.length > FILES_SHOWN_MAX ? ` and ${files.length - FILES_SHOWN_MAX} more` : "";
    const why = outcome === "done" ? "" : text.slice(0, TEXT_CHARS_MAX).toWellFormed();
    const told = [files.length === 0 ? "" : `${shown}${more}`, why].filter((each) => each !== "").join("; ");
    return told === "" ? [] : [visible(`${model}: ${told}`)];
  });
  return `${[...lines, ...(details.length === 0 ? [] : ["", ...details])].join("\n")}\n`;
}

/** Searches with ripgrep: the arguments it gets, and its output read back. */
import type { GrepArgs, GrepFound, Hit } from "./hits.ts";
import { headLimitDefault } from "./hits.ts";
import type { ToolWorld } from "./tool.ts";

const TIMEOUT_MS = 60_000;
/** Longer lines come as a preview: a minified file would push everything else out of the output. */
const COLUMNS_MAX = 2000;

/** No configuration file, no preprocessor, no shell: what the model wrote stands behind `--` or `=` only. */
export function ripgrepArgv(args: GrepArgs, path: string): string[] {
  const options = [
    "--no-config",
    "--color=never",
    "--no-messages",
    "--hidden",
    // .gitignore files count, what the user keeps at home does not: the same search, the same answer everywhere.
    "--no-require-git",
    "--no-ignore-global",
    // One thread, but the same order every time: a repeated call can be recognised by its result.
    "--sort=path",
    // Patterns with look-around fall to PCRE2 where ripgrep has it.
    "--engine=auto",
  ];
  if (args["-i"] === true) options.push("--ignore-case");
  if (args.multiline === true) options.push("--multiline", "--multiline-dotall");
  if (args.glob !== undefined) options.push(`--glob=${args.glob}`);
  options.push("--glob=!.git", "--glob=!node_modules");
  switch (args.output_mode ?? "files_with_matches") {
    case "files_with_matches":
      options.push("--files-with-matches");
      break;
    case "count":
      options.push("--count", "--with-filename");
      break;
    case "content":
      options.push("--no-heading", "--with-filename", "--null", "--line-number");
      options.push(`--max-columns=${COLUMNS_MAX}`, "--max-columns-preview");
      options.push(
        `--before-context=${args["-B"] ?? args["-C"] ?? 0}`,
        `--after-context=${args["-A"] ?? args["-C"] ?? 0}`,
      );
  }
  // Without a path ripgrep would read its standard input.
  return ["rg", ...options, "--", args.pattern, path === "." ? "./" : `./${path}`];
}

export async function searchWithRipgrep(
  args: GrepArgs,
  path: string,
  world: ToolWorld,
  signal: AbortSignal,
): Promise<GrepFound> {
  const outcome = await world.run({ argv: ripgrepArgv(args, path) }, { timeoutMs: TIMEOUT_MS, signal });
  if (outcome.refused !== undefined) return failed(`The search was not run: ${outcome.refused}`);
  const notes: string[] = [];
  if (outcome.timedOut) notes.push(`[stopped after ${TIMEOUT_MS} ms; search a smaller path]`);
  if (outcome.cutBytes > 0) notes.push(`[${outcome.cutBytes} bytes of results left out; narrow the search]`);
  const rows = outcome.output.split("\n").filter((row) => row !== "");
  // 1 means that nothing matched. 2 is an error, though files read before it may have matched.
  const isFailure = !outcome.timedOut && outcome.exitCode !== 0 && outcome.exitCode !== 1;
  const content = args.output_mode === "content";
  const hits = content ? rows.map(parseRow).filter((hit) => hit !== undefined) : [];
  const plain = content ? [] : rows.map(withoutDot);
  if (isFailure && !hits.some((hit) => hit.kind === "line")) {
    return failed(
      `ripgrep: ${rows.slice(0, headLimitDefault).join("\n").trim() || "failed without a message"}`,
    );
  }
  return { kind: "found", hits, rows: plain, notes };
}

function parseRow(row: string): Hit | undefined {
  if (row === "--") return { kind: "gap" };
  const parts = /^(?<path>[^\0]+)\0(?<line>\d+)(?<mark>[:-])(?<text>.*?)\r?$/su.exec(row)?.groups;
  // Neither match nor context: a warning, or a row that was cut in two.
  if (parts?.path === undefined || parts.line === undefined) return undefined;
  return {
    kind: "line",
    path: withoutDot(parts.path),
    line: Number(parts.line),
    text: parts.text ?? "",
    isMatch: parts.mark === ":",
  };
}

function withoutDot(path: string): string {
  return path.startsWith("./") ? path.slice(2) : path;
}

function failed(why: string): GrepFound {
  return { kind: "failed", why };
}

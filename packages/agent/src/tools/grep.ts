import { stat } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";
import { formatHits, formatRows, headLimitDefault } from "./hits.ts";
import type { GrepArgs } from "./hits.ts";
import { locate } from "./paths.ts";
import { searchWithRipgrep } from "./ripgrep.ts";
import { searchFiles } from "./search.ts";
import { searchHere } from "./search-here.ts";
import { refusal } from "./tool.ts";
import type { Tool, ToolResult, ToolWorld } from "./tool.ts";
import { withoutHidden } from "./withheld.ts";

const PATTERN_CHARS_MAX = 4000;
const CONTEXT_LINES_MAX = 100;
const HEAD_LIMIT_MAX = 5000;

export const grepTool: Tool<GrepArgs> = {
  name: "Grep",
  effect: "read",
  description: "Search file contents by regular expression. Skips what .gitignore names.",
  parameters: {
    type: "object",
    properties: {
      pattern: { type: "string" },
      path: { type: "string", description: "File or directory" },
      glob: { type: "string", description: "Such as *.{ts,tsx}" },
      output_mode: { type: "string", enum: ["content", "files_with_matches", "count"] },
      "-i": { type: "boolean" },
      // Models that know it from elsewhere may still say it.
      "-n": { type: "boolean", hidden: true },
      "-A": { type: "integer" },
      "-B": { type: "integer" },
      "-C": { type: "integer" },
      head_limit: { type: "integer", description: "Default 200" },
      multiline: { type: "boolean" },
    },
    required: ["pattern"],
    additionalProperties: false,
  },
  run: grep,
};

async function grep(args: GrepArgs, world: ToolWorld, signal: AbortSignal): Promise<ToolResult> {
  if (args.pattern === "") return refusal("The pattern is empty.");
  if (args.pattern.length > PATTERN_CHARS_MAX) {
    return refusal(`The pattern is longer than ${PATTERN_CHARS_MAX} characters.`);
  }
  if ([args["-A"], args["-B"], args["-C"]].some((lines) => (lines ?? 0) > CONTEXT_LINES_MAX)) {
    return refusal(`At most ${CONTEXT_LINES_MAX} lines of context. Use Read for more of a file.`);
  }
  const place = await locate(args.path ?? ".", world);
  if (place.kind === "refused") return refusal(place.text);
  const isDirectory = await isDirectoryAt(place.real);
  if (isDirectory === undefined) return refusal(`${args.path ?? "."} does not exist. Find it with Glob.`);
  const isLink = place.real !== join(world.workspace, place.path);
  const here = isDirectory && !isLink ? searchHere(args, place.path, world.workspace) : undefined;
  const all =
    here ??
    (world.hasRipgrep
      ? await searchWithRipgrep(args, place.path, world, signal)
      : await searchFiles(args, { path: place.path, isDirectory }, world, signal));
  if (all.kind === "failed") return refusal(all.why);
  const found = withoutHidden(all, world.hidden);
  if (found.hits.length === 0 && found.rows.length === 0) {
    const where = place.path === "." ? "" : ` in ${place.path}`;
    return { ok: true, text: [`No matches${where}.`, ...found.notes].join("\n"), sources: [] };
  }
  const format = {
    // 0 asks for everything, as far as that goes.
    headLimit: Math.min(
      args.head_limit === 0 ? HEAD_LIMIT_MAX : (args.head_limit ?? headLimitDefault),
      HEAD_LIMIT_MAX,
    ),
    hasNumbers: args["-n"] !== false,
    notes: found.notes,
  };
  return args.output_mode === "content" ? formatHits(found.hits, format) : formatRows(found.rows, format);
}

async function isDirectoryAt(real: string): Promise<boolean | undefined> {
  try {
    return (await stat(real)).isDirectory();
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

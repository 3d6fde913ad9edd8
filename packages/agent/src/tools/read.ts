import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { locateToRead } from "./paths.ts";
import { nearestNames } from "./names.ts";
import { readBinary, readNotebook } from "./read-special.ts";
import { cutLine, readTextFile, splitLines } from "./text-file.ts";
import { refusal } from "./tool.ts";
import type { Tool, ToolResult, ToolWorld } from "./tool.ts";

const LIMIT_DEFAULT = 2000;
const LINE_CHARS_MAX = 2000;
/** About 20,000 tokens: one call must not fill the window of a local model. */
const TEXT_CHARS_MAX = 60_000;
const NAMES_MAX = 40;

export type ReadArgs = { readonly file_path: string; readonly offset?: number; readonly limit?: number };

export const readTool: Tool<ReadArgs> = {
  name: "Read",
  effect: "read",
  description: "Read a file, image or PDF. Lines come as number, tab, text.",
  parameters: {
    type: "object",
    properties: {
      file_path: { type: "string" },
      offset: { type: "integer", description: "First line" },
      limit: { type: "integer", description: "Lines, default 2000" },
    },
    required: ["file_path"],
    additionalProperties: false,
  },
  run: readLinesOf,
};

async function readLinesOf(args: ReadArgs, world: ToolWorld, signal: AbortSignal): Promise<ToolResult> {
  const place = await locateToRead(args.file_path, world);
  if (place.kind === "refused") return refusal(place.text);
  const special = await readBinary(place, args, world, signal);
  if (special !== undefined) return special;
  const file = await readTextFile(place.real);
  switch (file.kind) {
    case "missing":
      return refusal(await describeMissing(args.file_path, place.real));
    case "directory":
      return refusal(await describeDirectory(place.path, place.real));
    case "unreadable":
      return refusal(
        `${place.path} is ${file.why}.${file.isBinary ? " Read shows text only; examine it with Bash." : ""}`,
      );
    case "text":
  }
  world.reads.set(place.path, file.hash);
  const cells = readNotebook(place.path, file, args);
  if (cells !== undefined) return cells;
  const lines = splitLines(file.text);
  if (lines.length === 0) return { ok: true, text: `${place.path} is empty.`, sources: [] };
  const from = Math.max(1, args.offset ?? 1);
  if (from > lines.length) {
    return refusal(`${place.path} has ${lines.length} lines; offset ${from} is past the end.`);
  }
  const shown = numberLines(
    lines,
    from,
    args.limit === undefined || args.limit === 0 ? LIMIT_DEFAULT : args.limit,
  );
  const notes: string[] = [];
  if (shown.to < lines.length) {
    notes.push(`[lines ${from}-${shown.to} of ${lines.length}; continue with offset ${shown.to + 1}]`);
  }
  if (file.encoding !== "utf-8") {
    notes.push("[the file is GB18030, not UTF-8: Edit and Write cannot change it]");
  }
  return {
    ok: true,
    text: [...shown.rows, ...notes].join("\n"),
    sources: [{ path: place.path, from, to: shown.to }],
  };
}

/** At least one row, whatever the limit, so that reading always gets on. `to` is the last line shown. */
function numberLines(
  lines: readonly string[],
  from: number,
  limit: number,
): { readonly rows: readonly string[]; readonly to: number } {
  const rows: string[] = [];
  let chars = 0;
  for (const line of lines.slice(from - 1, from - 1 + limit)) {
    const row = `${from + rows.length}\t${cutLine(line, LINE_CHARS_MAX)}`;
    chars += row.length + 1;
    if (rows.length > 0 && chars > TEXT_CHARS_MAX) break;
    rows.push(row);
  }
  return { rows, to: from + rows.length - 1 };
}

async function describeMissing(filePath: string, real: string): Promise<string> {
  const names = await namesIn(dirname(real));
  if (names === undefined) {
    return `${filePath} does not exist, nor does its directory. Find the file with Glob.`;
  }
  const nearest = nearestNames(basename(real), names);
  if (nearest.length === 0) return `${filePath} does not exist. Find the file with Glob.`;
  return `${filePath} does not exist. In the same directory: ${nearest.join(", ")}`;
}

async function describeDirectory(path: string, real: string): Promise<string> {
  const names = (await namesIn(real)) ?? [];
  const more = names.length > NAMES_MAX ? `, … ${names.length - NAMES_MAX} more` : "";
  const pattern = JSON.stringify(path === "." ? "*" : `${path}/*`);
  return `${path} is a directory: ${names.slice(0, NAMES_MAX).join(", ")}${more}. List files with Glob ${pattern}.`;
}

async function namesIn(directory: string): Promise<string[] | undefined> {
  try {
    return (await readdir(directory)).sort();
  } catch {
    // Missing or closed: the caller's message does without the names.
    return undefined;
  }
}

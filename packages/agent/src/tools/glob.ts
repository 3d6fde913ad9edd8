import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { compileGlob, plainPrefix } from "./glob-pattern.ts";
import { locate } from "./paths.ts";
import { refusal } from "./tool.ts";
import type { Tool, ToolResult, ToolWorld } from "./tool.ts";
import { walk } from "./walk.ts";

const PATHS_MAX = 100;
const PATTERN_CHARS_MAX = 1000;
/** More matches than this are not sorted by time: each costs a call to the system. */
const TIMED_MAX = 20_000;

export type GlobArgs = { readonly pattern: string; readonly path?: string };

export const globTool: Tool<GlobArgs> = {
  name: "Glob",
  effect: "read",
  description: "Find files by path pattern such as src/**/*.{ts,md}, newest first.",
  parameters: {
    type: "object",
    properties: { pattern: { type: "string" }, path: { type: "string", description: "Directory" } },
    required: ["pattern"],
    additionalProperties: false,
  },
  run: findPaths,
};

async function findPaths(args: GlobArgs, world: ToolWorld, signal: AbortSignal): Promise<ToolResult> {
  if (args.pattern.length > PATTERN_CHARS_MAX) {
    return refusal(`The pattern is longer than ${PATTERN_CHARS_MAX} characters.`);
  }
  const pattern = relativePattern(args.pattern, world.workspace);
  // Walking starts at the pattern's plain directories: faster, and a way into directories that are skipped otherwise.
  const prefix = plainPrefix(pattern);
  const base = await locate(args.path ?? ".", world);
  if (base.kind === "refused") return refusal(base.text);
  const place = await locate(resolve(base.real, prefix), world);
  if (place.kind === "refused") return refusal(place.text);
  if (args.path !== undefined && !(await isDirectory(base.real))) {
    return refusal(`${args.path} is not a directory. Leave path out to look in the whole workspace.`);
  }
  const walked = await walk(
    { workspace: world.workspace, start: place.path, honoursGitignore: false },
    signal,
  );
  const start = place.path === "." ? "" : `${place.path}/`;
  const rest = pattern.slice(prefix.length);
  const matching = (glob: RegExp): string[] =>
    walked.paths.filter((path) => glob.test(path.slice(start.length)));
  let found = matching(compileGlob(rest));
  const notes: string[] = [];
  if (found.length === 0 && prefix === "" && !rest.includes("/")) {
    found = matching(compileGlob(`**/${rest}`));
    if (found.length > 0) notes.push(`[none directly there; these match **/${rest}]`);
  }
  if (!walked.isComplete) notes.push("[too many files to look at all; give a path]");
  if (found.length === 0) {
    return { ok: true, text: [`No file matches ${args.pattern}.`, ...notes].join("\n"), sources: [] };
  }
  const sorted = await newestFirst(found, world.workspace, signal);
  if (found.length > PATHS_MAX) notes.push(`[first ${PATHS_MAX} of ${found.length}; use a narrower pattern]`);
  return { ok: true, text: [...sorted.slice(0, PATHS_MAX), ...notes].join("\n"), sources: [] };
}

function relativePattern(pattern: string, workspace: string): string {
  const own = pattern.startsWith(`${workspace}/`) ? pattern.slice(workspace.length + 1) : pattern;
  return own.replace(/^(\.\/)+/, "");
}

async function newestFirst(
  paths: readonly string[],
  workspace: string,
  signal: AbortSignal,
): Promise<string[]> {
  if (paths.length > TIMED_MAX) return [...paths];
  const timed: { readonly path: string; readonly time: number }[] = [];
  for (const path of paths) {
    signal.throwIfAborted();
    timed.push({ path, time: await timeOf(join(workspace, path)) });
  }
  return timed.sort((a, b) => b.time - a.time).map((entry) => entry.path);
}

async function timeOf(real: string): Promise<number> {
  try {
    return (await stat(real)).mtimeMs;
  } catch {
    // Gone since the walk: it sorts last.
    return 0;
  }
}

async function isDirectory(real: string): Promise<boolean> {
  try {
    return (await stat(real)).isDirectory();
  } catch {
    // Missing counts as no directory; the caller says so.
    return false;
  }
}

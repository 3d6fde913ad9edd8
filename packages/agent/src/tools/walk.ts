/** Lists the files below a directory, without following symbolic links. */
import { readdir, readFile } from "node:fs/promises";
import type { Dirent } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";
import { isIgnored, parseGitignore } from "./gitignore.ts";
import type { IgnoreLevel } from "./gitignore.ts";

const ENTRIES_MAX = 200_000;
const DEPTH_MAX = 100;
const IGNORE_CHARS_MAX = 1_000_000;
/** Never listed unless the walk starts inside: neither is the user's text. */
const SKIPPED: ReadonlySet<string> = new Set([".git", "node_modules"]);

export interface WalkOptions {
  readonly workspace: string;
  /** Workspace-relative directory; "." for the workspace. */
  readonly start: string;
  readonly honoursGitignore: boolean;
}

export interface Walk {
  /** Workspace-relative, sorted by name within each directory, files of a directory before its subdirectories. */
  readonly paths: readonly string[];
  /** False when the walk stopped at 200,000 entries. */
  readonly isComplete: boolean;
}

/** A directory that is missing or closed is passed over. @throws the signal's reason when it is aborted. */
export async function walk(options: WalkOptions, signal: AbortSignal): Promise<Walk> {
  const paths: string[] = [];
  const take = (more: readonly string[]): void => {
    for (const path of more) paths.push(path);
  };
  const isComplete = await walkFolders(options, take, signal);
  return { paths, isComplete };
}

/** The same, directory by directory, for who need not hold all of them. Resolves to `Walk.isComplete`. */
export async function walkFolders(
  options: WalkOptions,
  take: (paths: readonly string[]) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const start = options.start === "." ? "" : options.start;
  let entriesLeft = ENTRIES_MAX;

  const visit = async (directory: string, above: readonly IgnoreLevel[], depth: number): Promise<void> => {
    signal.throwIfAborted();
    const entries = await entriesOf(join(options.workspace, directory));
    const hasRules =
      options.honoursGitignore && entries.some((entry) => entry.name === ".gitignore" && entry.isFile());
    const levels = hasRules ? [...above, await levelOf(options.workspace, directory)] : above;
    const paths: string[] = [];
    const below: string[] = [];
    for (const entry of entries) {
      if (entriesLeft-- <= 0) break;
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (SKIPPED.has(entry.name) || isIgnored(path, entry.isDirectory(), levels)) continue;
      if (entry.isDirectory()) below.push(path);
      else if (entry.isFile()) paths.push(path);
    }
    take(paths);
    for (const path of below) {
      if (entriesLeft > 0 && depth < DEPTH_MAX) await visit(path, levels, depth + 1);
    }
  };

  await visit(start, options.honoursGitignore ? await levelsAbove(options.workspace, start) : [], 0);
  return entriesLeft > 0;
}

async function levelsAbove(workspace: string, start: string): Promise<IgnoreLevel[]> {
  if (start === "") return [];
  const parts = start.split("/").slice(0, DEPTH_MAX);
  return Promise.all(parts.map((_, depth) => levelOf(workspace, parts.slice(0, depth).join("/"))));
}

async function levelOf(workspace: string, directory: string): Promise<IgnoreLevel> {
  try {
    const text = await readFile(join(workspace, directory, ".gitignore"), "utf8");
    return { directory, rules: parseGitignore(text.slice(0, IGNORE_CHARS_MAX)) };
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    // No such file, or not to be read: no rules.
    return { directory, rules: [] };
  }
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    // By code units: the same order on every machine.
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return [];
  }
}

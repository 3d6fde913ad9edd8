/** The rules of .gitignore files (gitignore(5)), as far as a search needs them. */
import { compileGlob } from "./glob-pattern.ts";

export interface IgnoreRule {
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
  /** Over the path relative to the directory of the file. */
  readonly path: RegExp;
}

/** The rules of one file; `directory` is relative to the workspace, "" for the workspace itself. */
export interface IgnoreLevel {
  readonly directory: string;
  readonly rules: readonly IgnoreRule[];
}

const RULES_MAX = 2000;

export function parseGitignore(text: string): IgnoreRule[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(?<!\\) +$/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"))
    .slice(0, RULES_MAX)
    .map(parseRule);
}

function parseRule(line: string): IgnoreRule {
  const negated = line.startsWith("!");
  const body = negated ? line.slice(1) : line;
  const directoriesOnly = body.endsWith("/");
  const pattern = directoriesOnly ? body.slice(0, -1) : body;
  // A slash before the end ties a rule to the directory of its file; without one it holds at any depth.
  const tied = pattern.includes("/") ? pattern.replace(/^\//, "") : `**/${pattern}`;
  return { negated, directoriesOnly, path: compileGlob(tied) };
}

/** The last rule that matches decides, and a deeper file before a higher one. `levels` run from the top down. */
export function isIgnored(path: string, isDirectory: boolean, levels: readonly IgnoreLevel[]): boolean {
  for (const level of levels.toReversed()) {
    const own = level.directory === "" ? path : path.slice(level.directory.length + 1);
    const rule = level.rules.findLast((one) => (isDirectory || !one.directoriesOnly) && one.path.test(own));
    if (rule !== undefined) return !rule.negated;
  }
  return false;
}

/** Worktrees of ours: `~/.cloister/worktrees/REPOSITORY/NAME`, each on a branch `cloister/NAME`. */
import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { sha256, systemCodeOf } from "@cloister/base";

export interface Worktree {
  readonly name: string;
  readonly branch: string;
  readonly path: string;
  /** The folder of the main repository's `.git`, and the part of it that is this worktree's. */
  readonly git: string;
  readonly own: string;
}

export function worktreesRoot(home: string): string {
  return join(home, ".cloister", "worktrees");
}

export function worktreePath(home: string, repository: string, name: string): string {
  return join(worktreesRoot(home), sha256(repository).toString("hex").slice(0, 16), name);
}

export function isWorktreeName(name: string): boolean {
  return /^[A-Za-z0-9][\w-]{0,40}$/.test(name);
}

/** Undefined for a folder that is none of ours, or whose two ends do not name each other. */
export function worktreeAt(path: string, home: string): Worktree | undefined {
  try {
    const real = realpathSync(path);
    if (dirname(dirname(real)) !== realpathSync(worktreesRoot(home))) return undefined;
    const file = join(real, ".git");
    if (!lstatSync(file).isFile()) return undefined;
    const [, own = ""] = /^gitdir: (\/.+)\n$/.exec(readFileSync(file, "utf8")) ?? [];
    const git = dirname(dirname(own));
    const name = basename(real);
    const isOurs =
      basename(own) === name &&
      basename(dirname(own)) === "worktrees" &&
      basename(git) === ".git" &&
      realpathSync(own) === own &&
      readFileSync(join(own, "gitdir"), "utf8") === `${file}\n`;
    return isOurs ? { name, branch: `cloister/${name}`, path: real, git, own } : undefined;
  } catch (error) {
    // One of its ends is gone: git would not take it for a worktree either.
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
}

export function listWorktrees(home: string): Worktree[] {
  const root = worktreesRoot(home);
  return names(root).flatMap((repository) =>
    names(join(root, repository)).flatMap((name) => worktreeAt(join(root, repository, name), home) ?? []),
  );
}

/**
 * What git in the cell needs of the main repository: objects, references, and its own part. Settings and hooks stay
 * unwritable, and so do the files that say where those are.
 */
export function worktreeFolders(
  path: string,
  home: string,
): { readonly read: readonly string[]; readonly write: readonly string[] } {
  const worktree = worktreeAt(path, home);
  if (worktree === undefined) return { read: [], write: [] };
  const { git, own } = worktree;
  return {
    read: [git, ...["commondir", "gitdir", "config.worktree"].map((name) => join(own, name))],
    write: [...["objects", "refs", "logs"].map((name) => join(git, name)), own],
  };
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT" || systemCodeOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

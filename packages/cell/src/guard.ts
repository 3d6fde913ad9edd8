/**
 * Paths in a workspace that run code, or steer Cloister, when somebody uses the repository outside the cell: a
 * command inside must not write them. Mounts do it, so the rule holds for every program, whatever it is called.
 */
import { lstatSync, rmdirSync, unlinkSync, type Stats } from "node:fs";
import { join } from "node:path";

export type Guard =
  /** The directory becomes a mount of its own, so that it cannot be renamed away from under its guarded files. */
  | { readonly kind: "pin"; readonly path: string }
  | { readonly kind: "read-only"; readonly path: string }
  /** Nothing is there: an empty, read-only directory or file stands in its place. */
  | { readonly kind: "empty-directory"; readonly path: string }
  | { readonly kind: "empty-file"; readonly path: string };

/** Git runs these, or reads from these what to run. */
const gitPaths = [
  { name: "hooks", required: "directory" },
  { name: "config", required: "file" },
  { name: "config.worktree", required: undefined },
  { name: "info", required: undefined },
  { name: "modules", required: undefined },
  { name: "worktrees", required: undefined },
  { name: "commondir", required: undefined },
] as const;

export function guardsOf(workspace: string): Guard[] {
  return [...gitGuards(join(workspace, ".git")), ...ownGuards(join(workspace, ".cloister"))];
}

/** Guarded paths that are not there yet. Where a cell has been, an empty mount point stands for each of them. */
export function missingGuarded(workspace: string): string[] {
  const isMissing = ({ kind }: Guard): boolean => kind === "empty-directory" || kind === "empty-file";
  return guardsOf(workspace)
    .filter(isMissing)
    .map(({ path }) => path);
}

/** Takes away what cells left in the place of `paths`; whatever somebody put there meanwhile stays. */
export function removeMountPoints(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      const stats = statOf(path);
      if (stats?.isDirectory()) rmdirSync(path);
      else if (stats?.isFile() && stats.size === 0) unlinkSync(path);
    } catch {
      /* not empty, so it is somebody's */
    }
  }
}

function gitGuards(git: string): Guard[] {
  const stats = statOf(git);
  if (stats === undefined) return [];
  // A `.git` file names the real directory (a worktree, a submodule): who rewrites it chooses the hooks.
  // A `.git` that is a link is read-only by what it points to, or points out of sight; a mount on a link is refused.
  if (stats.isFile()) return [{ kind: "read-only", path: git }];
  if (!stats.isDirectory()) return [];

  const guards: Guard[] = [{ kind: "pin", path: git }];
  for (const { name, required } of gitPaths) {
    const path = join(git, name);
    const found = statOf(path);
    if (found?.isSymbolicLink()) continue;
    if (found !== undefined) guards.push({ kind: "read-only", path });
    else if (required !== undefined) guards.push({ kind: `empty-${required}`, path });
  }
  return guards;
}

function ownGuards(path: string): Guard[] {
  const stats = statOf(path);
  if (stats === undefined) return [{ kind: "empty-directory", path }];
  return stats.isSymbolicLink() ? [] : [{ kind: "read-only", path }];
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

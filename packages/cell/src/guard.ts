/**
 * Paths in a workspace that run code, or steer Cloister, when somebody uses the repository outside the cell: a
 * command inside must not write them. Mounts do it, so the rule holds for every program, whatever it is called.
 */
import { lstatSync, readFileSync, realpathSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

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
  return [
    ...gitGuards(join(workspace, ".git"), workspace),
    ...ownGuards(join(workspace, ".cloister"), workspace),
  ];
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
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats?.isDirectory()) rmdirSync(path);
      else if (stats?.isFile() && stats.size === 0) unlinkSync(path);
    } catch {
      /* not empty, so it is somebody's */
    }
  }
}

function gitGuards(path: string, workspace: string): Guard[] {
  const found = find(path, workspace);
  switch (found.kind) {
    case "missing":
      // A repository made inside would have hooks and settings of the maker's choice, and whoever runs git here
      // later would run them.
      return [{ kind: "empty-directory", path }];
    case "elsewhere":
      return [];
    case "file":
      // It names the real directory (a worktree, a submodule): who rewrites it chooses the hooks.
      return [{ kind: "read-only", path: found.path }, ...namedDirectory(found.path, workspace)];
    case "directory":
      return directoryGuards(found.path, workspace);
  }
}

function directoryGuards(git: string, workspace: string): Guard[] {
  const guards = gitPaths.map(({ name, required }): Guard | undefined => {
    const path = join(git, name);
    const found = find(path, workspace);
    if (found.kind === "elsewhere") return undefined;
    if (found.kind !== "missing") return { kind: "read-only", path: found.path };
    return required === undefined ? undefined : { kind: `empty-${required}`, path };
  });
  return [{ kind: "pin", path: git }, ...guards.filter((guard) => guard !== undefined)];
}

/** The directory that a `.git` file names, when it lies in the workspace: its hooks are as good as any. */
function namedDirectory(file: string, workspace: string): Guard[] {
  const named = /^gitdir: (.+)$/m.exec(readFileSync(file, "utf8").slice(0, GIT_FILE_CHARS_MAX))?.[1];
  if (named === undefined) return [];
  const found = find(resolve(dirname(file), named), workspace);
  return found.kind === "directory" ? directoryGuards(found.path, workspace) : [];
}

const GIT_FILE_CHARS_MAX = 4096;

function ownGuards(path: string, workspace: string): Guard[] {
  const found = find(path, workspace);
  if (found.kind === "missing") return [{ kind: "empty-directory", path }];
  return found.kind === "elsewhere" ? [] : [{ kind: "read-only", path: found.path }];
}

type Found =
  | { readonly kind: "missing" }
  /** What a path really is, links followed: only that can be a mount point. */
  | { readonly kind: "file" | "directory"; readonly path: string }
  /** A link that leads out of the workspace, or nowhere: nothing there can be seen or written from inside. */
  | { readonly kind: "elsewhere" };

function find(path: string, workspace: string): Found {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return { kind: "missing" };
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    return { kind: "elsewhere" }; // it dangles
  }
  if (!real.startsWith(`${workspace}/`)) return { kind: "elsewhere" };
  const stats = statSync(real);
  if (stats.isDirectory()) return { kind: "directory", path: real };
  return stats.isFile() ? { kind: "file", path: real } : { kind: "elsewhere" };
}

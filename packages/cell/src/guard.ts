/**
 * Paths in a workspace that run code, or steer Cloister, when somebody uses the repository outside the cell: a
 * command inside must not write them. Mounts do it, so the rule holds for every program, whatever it is called.
 */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { find } from "./find.ts";
import { gitGuards } from "./git-guard.ts";
import { guardedNames, type Guard, type GuardedName } from "./guarded-names.ts";
import { ignoreFiles } from "./ignore.ts";

/** `repositories`: the `.git` of each repository below, and each bare one. */
export function guardsOf(workspace: string, repositories: readonly string[] = []): Guard[] {
  // One listing instead of a look at each name: most of them are in no project.
  const present = new Set(readdirSync(workspace));
  return [
    ...gitGuards(join(workspace, ".git"), workspace),
    ...guardedNames.flatMap((guarded) =>
      present.has(guarded.name) || guarded.whenMissing === "mask" ? nameGuard(guarded, workspace) : [],
    ),
    ...ignoreFiles
      .filter((name) => present.has(name))
      .flatMap((name) => nameGuard({ name, kind: "file", whenMissing: "sweep" }, workspace)),
    ...repositories.flatMap((git) => gitGuards(git, workspace)),
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

function nameGuard({ name, whenMissing }: GuardedName, workspace: string): Guard[] {
  const path = join(workspace, name);
  const found = find(path, workspace);
  switch (found.kind) {
    case "missing":
      return whenMissing === "mask" ? [{ kind: "empty-directory", path }] : [];
    case "elsewhere":
      return [];
    case "file":
    case "directory":
      return [{ kind: "read-only", path: found.path }];
  }
}

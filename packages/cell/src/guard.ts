/**
 * Paths in a workspace that run code, or steer Cloister, when somebody uses the repository outside the cell: a
 * command inside must not write them. Mounts do it, so the rule holds for every program, whatever it is called.
 */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { find } from "./find.ts";
import { gitGuards } from "./git-guard.ts";
import { guardedNames, type Guard, type GuardedName } from "./guarded-names.ts";
import { ignoreFiles } from "./ignore.ts";
import { openFolder } from "./open-folder.ts";

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

/**
 * Takes away what cells left in the place of `paths`, which lie in the workspace; whatever somebody put there meanwhile
 * stays. A folder on the way that became a link leads nowhere.
 */
export function removeMountPoints(workspace: string, paths: readonly string[]): void {
  for (const path of paths.filter((each) => each.startsWith(`${workspace}/`))) {
    try {
      using folder = openFolder(workspace, relative(workspace, dirname(path)));
      const place = join(folder.path, basename(path));
      const stats = lstatSync(place, { throwIfNoEntry: false });
      if (stats?.isDirectory()) rmdirSync(place);
      else if (stats?.isFile() && stats.size === 0) unlinkSync(place);
    } catch {
      /* not empty, so it is somebody's; or its folder is gone */
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

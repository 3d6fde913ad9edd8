/** What a person wants shown, hidden or allowed beyond a cell's defaults, put into the view of a cell. */
import { lstatSync, realpathSync } from "node:fs";
import { totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { CloisterError } from "@cloister/base";
import { findCaches, type CellLimits, type CellView } from "@cloister/cell";
import type { CellWishes } from "./cell-arguments.ts";
import { checkBesideOwn } from "./own-folder.ts";

/** A command that takes more than this would take the machine with it. */
export function usualMemoryBytes(): number {
  return Math.floor(totalmem() * 0.8);
}

/** Lists add up; of single values the later one counts. */
export function joinWishes(usual: CellWishes, now: CellWishes): CellWishes {
  return {
    ...usual,
    ...now,
    read: [...(usual.read ?? []), ...(now.read ?? [])],
    write: [...(usual.write ?? []), ...(now.write ?? [])],
    hide: [...(usual.hide ?? []), ...(now.hide ?? [])],
    show: [...(usual.show ?? []), ...(now.show ?? [])],
    allow: [...(usual.allow ?? []), ...(now.allow ?? [])],
  };
}

/**
 * Relative paths are the workspace's.
 * @throws CloisterError `bad-workspace` for one in our own folder; `bad-path` for one that is not there: a path hidden under a wrong name would stay in sight.
 */
export function applyWishes(view: CellView, wishes: CellWishes): CellView {
  const { read = [], write = [], hide = [], unix } = wishes;
  const caches = findCaches(view.home, wishes.caches ?? "private");
  const asked = write.map((path) => realOf(view, "--write", path));
  for (const path of asked) checkBesideOwn(path, view.home);
  const writable = [...asked, ...caches.writable];
  const limits: CellLimits = {
    ...(wishes.memoryBytes === undefined ? {} : { memoryBytes: wishes.memoryBytes }),
    ...(wishes.processesMax === undefined ? {} : { processesMax: wishes.processesMax }),
  };
  return {
    ...view,
    readable: [...view.readable, ...caches.readable, ...read.map((path) => realOf(view, "--read", path))],
    ...(writable.length === 0 ? {} : { writable }),
    ...(hide.length === 0 ? {} : { hidden: hide.map((path) => hiddenOf(view, path)) }),
    ...(unix === undefined ? {} : { unixSockets: unix }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

function realOf({ workspace }: CellView, option: string, path: string): string {
  try {
    return realpathSync(resolve(workspace, path));
  } catch (cause) {
    throw badPath(option, path, cause);
  }
}

/** The link itself and not what it points to: both are hidden when the link leads to another file of the workspace. */
function hiddenOf({ workspace }: CellView, path: string): string {
  const full = resolve(workspace, path);
  try {
    if (!lstatSync(full).isSymbolicLink()) return join(realpathSync(dirname(full)), basename(full));
    return realpathSync(full);
  } catch (cause) {
    throw badPath("--hide", path, cause);
  }
}

function badPath(option: string, path: string, cause: unknown): CloisterError {
  return new CloisterError(`${option} ${path}: it is not there`, {
    code: "bad-path",
    next:
      'name a file or folder that exists, in the flag or under "cell" in ~/.cloister/settings.json; ' +
      "relative paths are the workspace's",
    cause,
  });
}

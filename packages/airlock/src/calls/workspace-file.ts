/** Files of the workspace as the keeper looks at them: by where they really are, and never further than its border. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, relative, resolve } from "node:path";

/** A file larger than this is not looked at as a whole. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const PARENTS_MAX = 100;

/**
 * A path as rules and origins know it: from the workspace's root where it lies within, else as it is, without detours.
 * Links are not followed.
 */
export function toPlace(path: string, workspace: string | undefined): string {
  if (path.startsWith("~") || path === "") return path;
  if (workspace === undefined) return normalize(path);
  return within(workspace, resolve(workspace, path)) ?? resolve(workspace, path);
}

/**
 * The same with links followed, also for a file that is not there yet: what an edit of it would really change.
 * Undefined where it cannot be told.
 */
export function toRealPlace(path: string, workspace: string): string | undefined {
  const real = toRealPath(resolve(workspace, path));
  if (real === undefined) return undefined;
  try {
    return within(realpathSync.native(workspace), real) ?? real;
  } catch {
    return undefined; // the workspace itself is gone
  }
}

/** Where an absolute path leads, also one that is not there yet. Undefined where it cannot be told. */
export function toRealPath(path: string): string | undefined {
  let parent = path;
  const rest: string[] = [];
  for (let steps = 0; steps < PARENTS_MAX; steps++) {
    const real = realPathOf(parent);
    if (real !== undefined) return join(real, ...rest);
    // It is not there: its folder may be.
    rest.unshift(basename(parent));
    parent = dirname(parent);
  }
  return undefined;
}

function realPathOf(path: string): string | undefined {
  try {
    // A look is far cheaper than an exception, and most files of a large edit are new.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    return realpathSync.native(path);
  } catch {
    return undefined; // a link to nowhere or in a circle, or nobody's to look at
  }
}

function within(workspace: string, path: string): string | undefined {
  const place = relative(workspace, path);
  return place === ".." || place.startsWith("../") || isAbsolute(place) ? undefined : place;
}

/**
 * The text of a file in the workspace; undefined for one that is not there, lies elsewhere, is too large or no file.
 * Opened by its real path without following a last link, so that what was checked is what is read.
 */
export function readWorkspaceFile(workspace: string, path: string): string | undefined {
  return readWorkspaceBytes(workspace, path)?.toString("utf8");
}

export function readWorkspaceBytes(workspace: string, path: string): Buffer | undefined {
  const place = toRealPlace(path, workspace);
  if (place === undefined || isAbsolute(place)) return undefined;
  let file: number;
  let root: string;
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    root = realpathSync(workspace);
    file = openSync(join(root, place), flags);
  } catch {
    return undefined; // new, or nobody's to read: there is no text before the edit
  }
  try {
    const { size } = fstatSync(file);
    if (!fstatSync(file).isFile() || size > FILE_BYTES_MAX || !isOpenedIn(root, file)) return undefined;
    const bytes = Buffer.alloc(size);
    let read = 0;
    while (read < size) {
      const count = readSync(file, bytes, read, size - read, read);
      if (count === 0) break;
      read += count;
    }
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** A command that runs meanwhile may have made a folder on the way a link, for the moment between a look and the opening. */
function isOpenedIn(root: string, file: number): boolean {
  if (process.platform !== "linux") return true; // there is no asking what was opened
  return within(root, readlinkSync(`/proc/self/fd/${file}`)) !== undefined;
}

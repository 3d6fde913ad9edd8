/**
 * Notes the state of a workspace: every path by its stat, and the content of files that are new or changed. In slices,
 * so that an answer can pass meanwhile. Links are noted as links and never followed.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  unlinkSync,
  type Dirent,
  type Stats,
} from "node:fs";
import { setImmediate } from "node:timers/promises";
import { systemCodeOf, type Clock } from "@cloister/base";
import { GIT, isGitState, isOfGit, isWayToGitState } from "./git-state.ts";
import type { ObjectStore } from "./objects.ts";
import type { Tree, TreeEntry } from "./tree.ts";

/**
 * Made anew by a package manager or a build, and often larger than all else: noted, not kept. Git keeps its own; of the
 * repository itself goes back what `git-state.ts` names.
 */
const leftFolders: ReadonlySet<string> = new Set([
  ...[
    ".git",
    "node_modules",
    "bower_components",
    "target",
    ".venv",
    "venv",
    "__pycache__",
    ".gradle",
    ".tox",
  ],
  ...[
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".next",
    ".nuxt",
    ".turbo",
    ".terraform",
    "Pods",
    ".direnv",
  ],
]);

const ENTRIES_MAX = 200_000;
const FILE_BYTES_MAX = 4 * 1024 * 1024;
/** Of new content in one go; what comes after it is noted only. */
const NEW_BYTES_MAX = 512 * 1024 * 1024;
const LEFT_NAMED_MAX = 50;
const SLICE_ENTRIES = 400;
const SLICE_BYTES = 2 * 1024 * 1024;
/** A file that was written so shortly before could be written once more with the same stamps. */
const SETTLED_MS = 100;

/** What was noted of a path, with the stamps by which it is known not to have changed; "" for those not to trust. */
export interface Noted {
  readonly entry: TreeEntry;
  readonly stamps: string;
}

export interface TakenTree {
  readonly noted: Map<string, Noted>;
  /** What was left out, and why, for a person. */
  readonly left: readonly string[];
}

export interface TakeOptions {
  readonly workspace: string;
  readonly known: ReadonlyMap<string, Noted>;
  readonly store: ObjectStore;
  readonly clock: Clock;
}

export function treeOf(noted: ReadonlyMap<string, Noted>): Tree {
  return new Map(Array.from(noted, ([path, { entry }]) => [path, entry]));
}

export async function takeTree(options: TakeOptions): Promise<TakenTree> {
  const { store } = options;
  const noted = new Map<string, Noted>();
  const left: string[] = [];
  const steps = note(options, noted, left);
  // As many rounds as slices; entries have a maximum.
  for (let isDone = false; !isDone;) {
    isDone = store.together(() => steps.next().done === true);
    if (!isDone) await setImmediate();
  }
  return { noted, left: left.length > LEFT_NAMED_MAX ? [...left.slice(0, LEFT_NAMED_MAX), "…"] : left };
}

function* note(options: TakeOptions, noted: Map<string, Noted>, left: string[]): Generator<void> {
  const { workspace, known, store, clock } = options;
  const budget = { bytes: 0, sliceEntries: 0, sliceBytes: 0 };
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const child of list(`${workspace}/${folder}`)) {
      const path = folder === "" ? child.name : `${folder}/${child.name}`;
      if (noted.size >= ENTRIES_MAX) {
        left.push(`everything beyond ${ENTRIES_MAX} files`);
        return;
      }
      if (child.isFile() && draftName.test(child.name)) {
        dropDraft(`${workspace}/${path}`, clock);
        continue;
      }
      if (isOfGit(path)) {
        if (isWayToGitState(path) && child.isDirectory()) folders.push(path);
        if (!isGitState(path)) continue;
      } else if (child.isDirectory() && leftFolders.has(child.name)) {
        left.push(`${path}/`);
        if (path === GIT) folders.push(path);
        continue;
      }
      const stat = lstatSync(`${workspace}/${path}`, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (stat.isDirectory()) folders.push(path);
      const stamps = stampsOf(stat);
      const before = known.get(path);
      if (before !== undefined && before.stamps === stamps) {
        noted.set(path, before);
      } else {
        const entry = entryOf(`${workspace}/${path}`, stat, { store, left, path, budget });
        if (entry === undefined) continue;
        const isSettled = stat.ctimeMs + SETTLED_MS < clock.now();
        noted.set(path, { entry, stamps: isSettled ? stamps : "" });
      }
      budget.sliceEntries += 1;
      if (budget.sliceEntries >= SLICE_ENTRIES || budget.sliceBytes >= SLICE_BYTES) {
        budget.sliceEntries = 0;
        budget.sliceBytes = 0;
        yield;
      }
    }
  }
}

/** What a tool was writing when its process was killed. A moment old, it is no file that is just being written. */
const draftName = /^\.cloister_[0-9a-f]{24}\.tmp$/;
const DRAFT_MS = 2000;

function dropDraft(path: string, clock: Clock): void {
  try {
    if (lstatSync(path).mtimeMs + DRAFT_MS < clock.now()) unlinkSync(path);
  } catch (error) {
    // Another session was first, or we may not: then it stays, and is no part of any checkpoint.
    if (systemCodeOf(error) === undefined) throw error;
  }
}

/** A folder that cannot be read, or is gone by now, holds nothing that could be put back. */
function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return [];
  }
}

export function stampsOf({ mtimeMs, ctimeMs, ino, size, mode }: Stats): string {
  return `${mtimeMs} ${ctimeMs} ${ino} ${size} ${mode}`;
}

interface Place {
  readonly store: ObjectStore;
  readonly left: string[];
  readonly path: string;
  readonly budget: { bytes: number; sliceBytes: number };
}

/** Undefined for what is neither file, link nor directory, and for what went away. */
function entryOf(full: string, stat: Stats, { store, left, path, budget }: Place): TreeEntry | undefined {
  const mode = stat.mode & 0o7777;
  if (stat.isDirectory()) return { type: "directory", mode };
  if (stat.isSymbolicLink()) return linkAt(full);
  if (!stat.isFile()) return undefined;
  const whole = { type: "file", mode, bytes: stat.size } as const;
  if (stat.size > FILE_BYTES_MAX || budget.bytes + stat.size > NEW_BYTES_MAX) {
    left.push(path);
    return { ...whole, written: stat.mtimeMs };
  }
  const content = readWhole(full, stat.size);
  if (content === undefined) {
    left.push(path);
    return { ...whole, written: stat.mtimeMs };
  }
  budget.bytes += content.length;
  budget.sliceBytes += content.length;
  return { ...whole, bytes: content.length, object: store.put(content) };
}

function linkAt(full: string): TreeEntry | undefined {
  try {
    return { type: "link", target: readlinkSync(full) };
  } catch {
    return undefined; // it went away, or became something else, since it was looked at
  }
}

/** Undefined where it cannot be read, or is no regular file any more. */
function readWhole(full: string, bytes: number): Buffer | undefined {
  let file: number;
  try {
    file = openSync(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined; // nobody may read it, or it is gone
  }
  try {
    // A folder on the way may have become a link since it was looked at: what lies behind it is not the workspace's.
    const isElsewhere = process.platform === "linux" && readlinkSync(`/proc/self/fd/${file}`) !== full;
    if (isElsewhere || !fstatSync(file).isFile()) return undefined;
    // One byte more shows a file that grew.
    const buffer = Buffer.allocUnsafe(bytes + 1);
    let done = 0;
    for (let read = -1; read !== 0 && done < buffer.length; done += read) {
      read = readSync(file, buffer, done, buffer.length - done, done);
    }
    return done > bytes ? undefined : buffer.subarray(0, done);
  } finally {
    closeSync(file);
  }
}

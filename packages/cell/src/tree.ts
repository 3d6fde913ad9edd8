/**
 * The folders below a root, walked once and then kept up to date by looking at their times: a command must not wait
 * for a walk. Breadth first, so that a bound cuts what lies deepest. Links are never followed.
 */
import { lstatSync, readdirSync, type Dirent } from "node:fs";
import { join } from "node:path";

export interface TreeLimits {
  readonly foldersMax: number;
  readonly entriesMax: number;
  readonly depthMax: number;
  /** Folders whose time is looked at in one `refresh`; the next one goes on where it stopped. */
  readonly refreshMax: number;
}

export const treeLimitsDefault: TreeLimits = {
  foldersMax: 5000,
  entriesMax: 200_000,
  depthMax: 32,
  refreshMax: 512,
};

export type EntryKind = "file" | "directory" | "link" | "socket" | "other";

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}

export interface Tree<T> {
  /** What `inspect` made of each folder. */
  inspected(): Iterable<T>;
  /** Reads again the folders that changed. The topmost are looked at every time, the others in turns. */
  refresh(foldersMax?: number): void;
  refreshAll(): void;
  /** What the limits left out, in words; undefined when nothing was. */
  cut(): string | undefined;
}

interface Folder<T> {
  readonly depth: number;
  readonly changedMs: number;
  readonly inspected: T;
  readonly below: readonly string[];
  readonly entries: number;
}

export interface TreeOptions<T> {
  readonly root: string;
  readonly inspect: (folder: string, entries: readonly Entry[]) => T;
  readonly limits?: Partial<TreeLimits>;
  /** The wall clock, by which the kernel stamps folders. */
  readonly nowMs?: () => number;
}

/** The kernel's stamps go by ticks, of 10 ms at most: two changes within one bear the same time. */
const TICK_MS = 20;

/** Installed packages and git's own files are not looked into. */
const skipped: ReadonlySet<string> = new Set(["node_modules", ".git"]);

export function openTree<T>(options: TreeOptions<T>): Tree<T> {
  const limits = { ...treeLimitsDefault, ...options.limits };
  const nowMs = options.nowMs ?? Date.now;
  const folders = new Map<string, Folder<T>>();
  let entriesAll = 0;
  let leftOut = 0;
  let turn = 0;

  // Not the time of the last change of names (mtime), which whoever owns the folder can set back to hide what it made.
  // A folder that changed just now may change again under the same stamp: no stamp is equal to NaN, so it is read again.
  const stampOf = (changedMs: number): number => (nowMs() - changedMs < TICK_MS ? Number.NaN : changedMs);

  const read = (path: string, depth: number): Folder<T> | undefined => {
    let entries: Entry[];
    let changedMs: number;
    try {
      // Its time before its names: what changes in between is found the next time.
      changedMs = stampOf(lstatSync(path).ctimeMs);
      entries = readdirSync(path, { withFileTypes: true }).map(toEntry);
    } catch {
      return undefined; // gone, or not for us: nothing of it can be told
    }
    if (entriesAll + entries.length > limits.entriesMax) {
      leftOut += 1;
      return undefined;
    }
    entriesAll += entries.length;
    const below = entries.filter(({ kind, name }) => kind === "directory" && !skipped.has(name));
    return {
      depth,
      changedMs,
      entries: entries.length,
      inspected: options.inspect(path, entries),
      below: below.map(({ name }) => join(path, name)),
    };
  };

  const walk = (start: string, depth: number): void => {
    const queue = [{ path: start, depth }];
    // A queue of at most foldersMax: what does not fit is counted and left.
    for (let at = 0; at < queue.length; at++) {
      const next = queue[at];
      if (next === undefined || folders.has(next.path)) continue;
      if (folders.size >= limits.foldersMax || next.depth > limits.depthMax) {
        leftOut += 1;
        continue;
      }
      const folder = read(next.path, next.depth);
      if (folder === undefined) continue;
      folders.set(next.path, folder);
      if (queue.length < 2 * limits.foldersMax) {
        for (const path of folder.below) queue.push({ path, depth: next.depth + 1 });
      } else leftOut += folder.below.length;
    }
  };

  const forget = (path: string): void => {
    for (const [other, folder] of folders) {
      if (other !== path && !other.startsWith(`${path}/`)) continue;
      folders.delete(other);
      entriesAll -= folder.entries;
    }
  };

  const look = (path: string): void => {
    const known = folders.get(path);
    if (known === undefined) return;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.ctimeMs === known.changedMs && stats.isDirectory()) return;
    if (stats === undefined || !stats.isDirectory()) return forget(path);
    entriesAll -= known.entries;
    const folder = read(path, known.depth);
    if (folder === undefined) return forget(path);
    folders.set(path, folder);
    const still = new Set(folder.below);
    for (const gone of known.below) if (!still.has(gone)) forget(gone);
    for (const made of folder.below) if (!folders.has(made)) walk(made, known.depth + 1);
  };

  const refresh = (count: number): void => {
    if (folders.size === 0) return walk(options.root, 0);
    const paths = [...folders.keys()];
    const top = Math.min(paths.length, count >> 1);
    for (let at = 0; at < top; at++) look(paths[at] ?? options.root);
    const rest = paths.length - top;
    for (let step = 0; step < Math.min(rest, count - top); step++) {
      look(paths[top + ((turn + step) % rest)] ?? options.root);
    }
    if (rest > 0) turn = (turn + count - top) % rest;
  };

  walk(options.root, 0);
  return {
    inspected: function* () {
      for (const folder of folders.values()) yield folder.inspected;
    },
    refresh: (foldersMax = limits.refreshMax) => refresh(foldersMax),
    refreshAll: () => refresh(2 * limits.foldersMax),
    cut: () =>
      leftOut === 0 ? undefined : `${leftOut} folders were not looked into (limit: ${limits.foldersMax})`,
  };
}

function toEntry(entry: Dirent): Entry {
  if (entry.isFile()) return { name: entry.name, kind: "file" };
  if (entry.isDirectory()) return { name: entry.name, kind: "directory" };
  if (entry.isSymbolicLink()) return { name: entry.name, kind: "link" };
  return { name: entry.name, kind: entry.isSocket() ? "socket" : "other" };
}

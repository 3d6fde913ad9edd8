/** What an overlay's upper folder means for the workspace below it, as a list of changes to look at. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join } from "node:path";
import { systemCodeOf } from "@cloister/base";
import { cautionAbout } from "./overlay-caution.ts";
import type { Change, Version } from "./overlay-change.ts";

export interface WriteSet {
  /** In the order of paths. Of a folder that came or went, everything in it is listed. */
  readonly changes: readonly Change[];
  /** There were more than are listed. */
  readonly isCut: boolean;
}

export interface WriteSetPlaces {
  readonly upper: string;
  readonly merged: string;
  readonly workspace: string;
  /** When the overlay was opened, by the file system's clock. */
  readonly openedMs: number;
  /** Paths from the workspace that commands could not write without an overlay. */
  readonly guarded: readonly string[];
}

const CHANGES_MAX = 20_000;
const DEPTH_MAX = 200;

export function readWriteSet(places: WriteSetPlaces): WriteSet {
  const walk = new Walk(places);
  walk.folder("", 0);
  const changes = walk.changes.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { changes, isCut: walk.isCut };
}

class Walk {
  readonly changes: Change[] = [];
  isCut = false;
  readonly #places: WriteSetPlaces;
  /** Folders that come or go with a caution: it holds for all that is in them. */
  readonly #cautions = new Map<string, string>();

  constructor(places: WriteSetPlaces) {
    this.#places = places;
  }

  /** A folder that is above and below: what is missing in the overlay was deleted, what is above is new or changed. */
  folder(path: string, depth: number): void {
    const { upper, merged, workspace } = this.#places;
    if (depth > DEPTH_MAX) {
      this.isCut = true;
      return;
    }
    const now = new Set(namesIn(join(merged, path)));
    // By comparison and not by marks: a whiteout and an opaque folder look alike this way, whatever the kernel calls them.
    for (const name of namesIn(join(workspace, path))) {
      if (!now.has(name)) this.#gone(join(path, name), depth);
    }
    for (const name of namesIn(join(upper, path))) {
      if (now.has(name)) this.#above(join(path, name), depth);
    }
  }

  #above(path: string, depth: number): void {
    const before = this.#below(path);
    const after = versionOf(join(this.#places.upper, path));
    if (after === undefined) return;
    if (before === undefined) this.#add({ path, kind: "created", after });
    else if (before.type !== after.type) {
      this.#gone(path, depth);
      this.#add({ path, kind: "created", after });
    } else if (this.#differ(path, before, after)) this.#add({ path, kind: "changed", before, after });
    if (after.type === "directory") this.folder(path, depth + 1);
  }

  #gone(path: string, depth: number): void {
    const before = this.#below(path);
    if (before === undefined) return;
    this.#add({ path, kind: "deleted", before });
    if (before.type !== "directory" || depth > DEPTH_MAX || this.isCut) return;
    for (const name of namesIn(join(this.#places.workspace, path))) this.#gone(join(path, name), depth + 1);
  }

  /** What lies there in the workspace; below a link there is nothing of it. */
  #below(path: string): Version | undefined {
    return versionOf(join(this.#places.workspace, path));
  }

  #differ(path: string, before: Version, after: Version): boolean {
    if (before.mode !== after.mode || before.target !== after.target) return true;
    if (after.type === "directory") return false;
    if (after.type !== "file") return after.type === "special";
    return before.bytes !== after.bytes || !this.#sameContent(path);
  }

  #sameContent(path: string): boolean {
    return haveSameContent(join(this.#places.upper, path), join(this.#places.workspace, path));
  }

  #add(change: Omit<Change, "caution" | "refused">): void {
    if (this.changes.length >= CHANGES_MAX) {
      this.isCut = true;
      return;
    }
    const refused = this.#refusal(change);
    const caution = this.#caution(change);
    const isFolder = (change.after ?? change.before)?.type === "directory";
    if (caution !== undefined && isFolder && change.kind !== "changed") {
      this.#cautions.set(change.path, caution);
    }
    this.changes.push({
      ...change,
      ...(caution === undefined ? {} : { caution }),
      ...(refused === undefined ? {} : { refused }),
    });
  }

  #caution(change: Pick<Change, "path" | "after">): string | undefined {
    const isGuarded = this.#places.guarded.some(
      (path) => change.path === path || change.path.startsWith(`${path}/`),
    );
    return (
      cautionAbout(change) ??
      this.#cautions.get(dirname(change.path)) ??
      (isGuarded ? "commands may not write here" : undefined)
    );
  }

  #refusal({ path, before, after }: Omit<Change, "caution" | "refused">): string | undefined {
    if (after?.type === "special") return "a device, pipe or socket";
    if (after?.type === "file" && (after.mode & SET_ID_BITS) !== 0) {
      return "it would run with its owner's rights";
    }
    if (before?.type === "special") return "a device, pipe or socket stands there";
    // Not even its owner could look into it, so what is in it is not known.
    if (after?.type === "directory" && (after.mode & 0o500) !== 0o500) return "a folder that cannot be read";
    const stats = statsOf(join(this.#places.workspace, path));
    const isFolder = stats?.isDirectory() ?? true;
    // A folder's time changes with every file that a person adds; what is in it is looked at by itself.
    if (!isFolder && stats !== undefined && stats.ctimeMs > this.#places.openedMs) {
      return "it was changed outside meanwhile";
    }
    return undefined;
  }
}

const SET_ID_BITS = 0o6000;

export function versionOf(path: string): Version | undefined {
  const stats = statsOf(path);
  if (stats === undefined) return undefined;
  const type = typeOf(stats);
  return {
    type,
    mode: type === "link" ? 0o777 : stats.mode & (type === "directory" ? 0o777 : 0o7777),
    bytes: type === "file" ? stats.size : 0,
    stamp: `${stats.dev}:${stats.ino}:${type === "directory" ? "" : `${stats.mtimeMs}:${stats.size}`}`,
    ...(type === "link" ? { target: readlinkSync(path) } : {}),
  };
}

/** Where a file stands in the place of a folder, nothing lies below it. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemCodeOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

function typeOf(stats: Stats): Version["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "link" : "special";
}

function namesIn(folder: string): string[] {
  try {
    if (!lstatSync(folder).isDirectory()) return [];
    return readdirSync(folder);
  } catch (error) {
    const code = systemCodeOf(error);
    // The command may have taken all permissions from a folder of its own: then nothing of it can be taken over.
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR") return [];
    throw error;
  }
}

const COMPARED_BYTES = 65_536;

function haveSameContent(one: string, other: string): boolean {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const descriptors: number[] = [];
  try {
    for (const path of [one, other]) descriptors.push(openSync(path, flags));
    const [a = -1, b = -1] = descriptors;
    const [left, right] = [Buffer.alloc(COMPARED_BYTES), Buffer.alloc(COMPARED_BYTES)];
    const all = fstatSync(a).size;
    for (let at = 0; at < all;) {
      const got = readSync(a, left, 0, COMPARED_BYTES, at);
      if (got === 0 || readSync(b, right, 0, got, at) !== got) return false;
      if (left.compare(right, 0, got, 0, got) !== 0) return false;
      at += got;
    }
    return true;
  } catch {
    return false; // unreadable for us, so it is shown as changed
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

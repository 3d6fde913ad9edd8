/** What is mounted over paths in the folders that a cell shows, in an order that holds. */
import { lstatSync, realpathSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { isWithin } from "./find.ts";
import type { Guard } from "./guarded-names.ts";

export type Mask =
  | Guard
  /** Without any permission, and empty: neither its content nor its size can be had. */
  | { readonly kind: "hidden-file"; readonly path: string }
  | { readonly kind: "hidden-directory"; readonly path: string };

export interface Plan {
  readonly masks: readonly Mask[];
  /** Not mounted, because a link stands on the way: bubblewrap before 0.12 would follow it out of the cell. */
  readonly refused: readonly string[];
}

const strength: Record<Mask["kind"], number> = {
  pin: 0,
  "read-only": 1,
  "empty-directory": 2,
  "empty-file": 2,
  "hidden-file": 3,
  "hidden-directory": 3,
};

/** Each costs about 0.2 ms for every command; what exceeds it is refused, which the caller reports. */
const MASKS_MAX = 1000;

/**
 * Parents before what lies in them, the stronger where two meet, nothing below what hides it. Every folder between a
 * root and a mask becomes a mount too: a name that is a mount cannot be renamed, so nothing that runs in one cell can
 * swap a folder for a link while the next cell is being made. `seen`: where a path is to be looked at.
 */
export function planMasks(
  masks: readonly Mask[],
  writableRoots: readonly string[],
  seen: (path: string) => string = (path) => path,
): Plan {
  const chosen = new Map<string, Mask>();
  const refused: string[] = [];
  const ways = openWays(seen);
  for (const mask of masks) {
    if (ways.hasLink(mask.path) || chosen.size >= MASKS_MAX) refused.push(mask.path);
    // Deleted in the overlay: there is nothing to hide, and bubblewrap would make a file to mount on.
    else if (seen(mask.path) === mask.path || ways.isThere(mask.path)) add(chosen, mask);
  }
  for (const { path } of [...chosen.values()]) {
    const root = writableRoots.findLast((candidate) => isWithin(path, candidate));
    if (root === undefined) continue;
    for (let at = dirname(path); at !== root && isWithin(at, root); at = dirname(at)) {
      add(chosen, { kind: "pin", path: at });
    }
  }
  const ordered = [...chosen.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const covering = new Map(
    ordered.filter(({ kind }) => kind !== "pin" && kind !== "hidden-file").map((mask) => [mask.path, mask]),
  );
  return { masks: ordered.filter((mask) => !isCovered(mask, covering)), refused };
}

function add(chosen: Map<string, Mask>, mask: Mask): void {
  const before = chosen.get(mask.path);
  if (before === undefined || strength[mask.kind] > strength[before.kind]) chosen.set(mask.path, mask);
}

/** In what is hidden or empty nothing is left to mount on; in what is read-only, only hiding adds something. */
function isCovered(mask: Mask, covering: ReadonlyMap<string, Mask>): boolean {
  for (let at = dirname(mask.path); at !== "/"; at = dirname(at)) {
    const above = covering.get(at);
    if (above !== undefined && (above.kind !== "read-only" || strength[mask.kind] < 3)) return true;
  }
  return false;
}

/** The mask that hides what a path really is. Nothing there, nothing to hide; a link is hidden by its target. */
export function toHidden(path: string): Mask | undefined {
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    return undefined; // it does not exist
  }
  const isDirectory = lstatSync(real, { throwIfNoEntry: false })?.isDirectory() === true;
  return { kind: isDirectory ? "hidden-directory" : "hidden-file", path: real };
}

/** Paths share most of their way: each part of it is looked at once for all of them. */
function openWays(seen: (path: string) => string): {
  hasLink(path: string): boolean;
  isThere(path: string): boolean;
} {
  const links = new Map<string, boolean>([
    ["/", false],
    [".", false],
  ]);
  const statsOf = (path: string): Stats | undefined => lstatSync(seen(path), { throwIfNoEntry: false });
  const hasLink = (path: string): boolean => {
    const known = links.get(path);
    if (known !== undefined) return known;
    // From the top: below a link nothing is looked at.
    const found = hasLink(dirname(path)) || statsOf(path)?.isSymbolicLink() === true;
    links.set(path, found);
    return found;
  };
  return { hasLink, isThere: (path) => statsOf(path) !== undefined };
}

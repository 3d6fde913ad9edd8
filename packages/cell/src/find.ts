/** What a path in a workspace really is, for those who want to mount something there. */
import { lstatSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

export type Found =
  | { readonly kind: "missing" }
  /** What a path really is, links followed: only that can be a mount point. */
  | { readonly kind: "file" | "directory"; readonly path: string }
  /** A link that leads out of the root, or nowhere: nothing there can be seen or written from inside. */
  | { readonly kind: "elsewhere" };

export function find(path: string, root: string): Found {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
      // A name in a folder that is itself a link out of the root is not missing: it is somebody else's.
      return isWithin(realpathSync(dirname(path)), root) ? { kind: "missing" } : { kind: "elsewhere" };
    }
    const real = realpathSync(path);
    if (real === root || !isWithin(real, root)) return { kind: "elsewhere" };
    const stats = statSync(real);
    if (stats.isDirectory()) return { kind: "directory", path: real };
    return stats.isFile() ? { kind: "file", path: real } : { kind: "elsewhere" };
  } catch {
    return { kind: "elsewhere" }; // it dangles, or a part of its way is no directory
  }
}

export function isWithin(path: string, root: string): boolean {
  return path === root || root === "/" || path.startsWith(`${root}/`);
}

/**
 * A folder of the workspace, held open. Whoever works in it at the same time can make any name lead somewhere else in
 * the moment between a look and an act; an open folder stays the one that it is.
 */
import { closeSync, constants, fchownSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "@cloister/base";

export interface OpenFolder extends Disposable {
  /** Leads to the open folder, whatever its name leads to by now. */
  readonly path: string;
}

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
// Elsewhere there are no paths by way of a descriptor, and names are all there is.
const hasDescriptorPaths = process.platform === "linux";

export interface OpenFolderOptions {
  /** Folders that are missing are made. */
  readonly isMade?: boolean;
  /** To whom these belong; without it to whoever we are. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * `place` is relative to the workspace; no step of it may be a link.
 * @throws the file system's error
 */
export function openFolder(workspace: string, place: string, options: OpenFolderOptions = {}): OpenFolder {
  let path = workspace;
  let descriptor = openSync(path, FLAGS);
  const here = (): string => (hasDescriptorPaths ? `/proc/self/fd/${descriptor}` : path);
  try {
    for (const name of place.split("/").filter((each) => each !== "" && each !== ".")) {
      path = join(path, name);
      const next = openNext(join(here(), name), options);
      closeSync(descriptor);
      descriptor = next;
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return { path: here(), [Symbol.dispose]: () => closeSync(descriptor) };
}

function openNext(path: string, { isMade = false, owner }: OpenFolderOptions): number {
  try {
    return openSync(path, FLAGS);
  } catch (error) {
    if (!isMade || systemCodeOf(error) !== "ENOENT") throw error;
    mkdirSync(path);
    const made = openSync(path, FLAGS);
    if (owner !== undefined) fchownSync(made, owner.uid, owner.gid);
    return made;
  }
}

import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { CloisterError } from "@cloister/base";

/**
 * Refuses a mount destination with a symbolic link in it. bubblewrap before 0.12 (CVE-2026-87766) creates mount
 * points by following links in its new root: a repository that plants `sub -> /oldroot/home/…` would make the
 * *launcher* write there, before any command runs. Each existing component is looked at; the leaf too.
 * @throws CloisterError `cell-link`
 */
export function refuseLinks(path: string): void {
  for (let at = path; at !== "/" && at !== "."; at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new CloisterError(`${at} is a symbolic link on the way to a mount point`, {
        code: "cell-link",
        next: "give the real path, or replace the link by what it points to",
      });
    }
  }
}

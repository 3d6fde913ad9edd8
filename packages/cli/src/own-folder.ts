/**
 * `~/.cloister` beside what cells may write. What lies there is believed by later sessions, and the compiled code among
 * it is run by the keeper itself: a model that could write there would be out of its cell with the next start.
 */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { CloisterError } from "@cloister/base";

/**
 * `path` is real. A folder around the home would do too: whoever can rename what is above a folder can put another one
 * in its place.
 * @throws CloisterError `bad-workspace`
 */
export function checkBesideOwn(path: string, home: string): void {
  const house = realOr(home);
  // Some keep it in a repository of their settings, and a link in its place.
  const own = realOr(join(house, ".cloister"));
  const isOurs = isInside(own, path) && !isInside(join(own, "worktrees"), path, { isBelow: true });
  if (!isOurs && !isInside(path, own) && !isInside(path, house)) return;
  throw new CloisterError(
    `${path} holds Cloister's own folder ${own}, or is in it; no cell may write there`,
    {
      code: "bad-workspace",
      next: "choose a folder of the project alone; change settings with an editor of yours",
    },
  );
}

function isInside(folder: string, path: string, { isBelow = false } = {}): boolean {
  return (path === folder && !isBelow) || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Nothing is there yet: then it will be at its name. */
function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

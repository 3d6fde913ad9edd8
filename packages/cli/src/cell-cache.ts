/** Where what every cell needs alike is kept between sessions: see `cache` of `openCells`. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./environment.ts";

/** Not in a home that is somebody else's, as with `sudo -E`: they could lay there what our cells show. */
export function cellCache({ home, user }: Pick<Environment, "home" | "user">): { readonly cache?: string } {
  const isOwn = statSync(home, { throwIfNoEntry: false })?.uid === user.uid;
  return isOwn ? { cache: join(home, ".cloister", "cache", "cell") } : {};
}

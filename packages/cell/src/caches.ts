/** What package managers keep in a home so as not to fetch it again: shown to commands only when a person says so. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { CellView } from "./view.ts";

/**
 * `private`, the default: each command has an empty cache of its own. `read-only`: what is there is used. `shared`:
 * commands also write it, so what one project leaves there, another one runs.
 */
export type Caches = "private" | "read-only" | "shared";

/** Contents only: the tokens of these tools lie beside them, not in them. */
const folders = [
  ...[".npm/_cacache", ".cache/yarn", ".cache/pnpm", ".local/share/pnpm/store", ".bun/install/cache"],
  ...[".cache/pip", ".cache/uv", ".cache/pypoetry/cache", ".cargo/registry", ".cargo/git", "go/pkg/mod"],
  ...[
    ".cache/go-build",
    ".m2/repository",
    ".m2/wrapper",
    ".gradle/caches",
    ".gradle/wrapper",
    ".nuget/packages",
  ],
  ...[".cache/composer", ".cache/ccache", ".cache/deno", ".ivy2/cache", ".cache/coursier", ".hex/packages"],
];

/** The caches that exist, to be joined to the lists of a view. */
export function findCaches(
  home: string,
  caches: Caches,
): Pick<CellView, "readable"> & { writable: readonly string[] } {
  if (caches === "private") return { readable: [], writable: [] };
  const found = folders.map((name) => realInHome(home, name)).filter((path) => path !== undefined);
  return caches === "shared" ? { readable: [], writable: found } : { readable: found, writable: [] };
}

/** A link out of the home could lead anywhere; such a cache is left out. */
function realInHome(home: string, name: string): string | undefined {
  try {
    const path = join(home, name);
    return realpathSync(path) === path ? path : undefined;
  } catch {
    return undefined; // this tool was never used here
  }
}

/** Folders that hold compilers and interpreters outside /usr, found through PATH, without opening a home. */
import { realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** Homes of version tools that are needed whole: the program in `bin` is only a door to the rest. */
const wholeInHome = [
  ".pyenv",
  ".nvm",
  ".rustup",
  ".volta/tools",
  ".volta/bin",
  ".asdf",
  ".sdkman/candidates",
  "go/bin",
];

export interface Toolchains {
  readonly readable: readonly string[];
  readonly path: readonly string[];
}

export interface ToolchainOptions {
  readonly home: string;
  readonly workspace: string;
  /** Who the commands will run as: a root keeper's own tools may be out of their reach. */
  readonly user: { readonly uid: number; readonly gid: number };
}

/**
 * What commands need to see of `path` (the folders of PATH). Under the home only the `bin` folder itself is shown,
 * or the whole of a known version tool: `~/.cargo` beside its `bin` holds a registry token.
 */
export function findToolchains(path: readonly string[], options: ToolchainOptions): Toolchains {
  const { home, workspace, user } = options;
  const readable = new Set<string>();
  const folders: string[] = [];
  for (const folder of path) {
    const real = realOrUndefined(folder);
    // Programs of a project's own node_modules come with its workspace, or belong to somebody else's project.
    if (real === undefined || (real.endsWith("/node_modules/.bin") && !isWithin(real, workspace))) continue;
    if (!isReachable(real, user)) continue;
    folders.push(real);
    if (isWithin(real, "/usr") || real === "/bin" || real === "/sbin" || isWithin(real, workspace)) continue;
    readable.add(toolchainRoot(real, home));
  }
  for (const name of wholeInHome) {
    const real = realOrUndefined(join(home, name));
    if (real !== undefined && folders.some((folder) => isWithin(folder, real))) readable.add(real);
    if (real !== undefined && name === ".rustup" && folders.some((folder) => folder.endsWith(".cargo/bin"))) {
      readable.add(real);
    }
  }
  return { readable: outermost([...readable]), path: folders };
}

function toolchainRoot(folder: string, home: string): string {
  const known = wholeInHome.map((name) => join(home, name)).find((root) => isWithin(folder, root));
  if (known !== undefined) return known;
  if (isWithin(folder, home)) return folder;
  const parent = dirname(folder);
  // Another user's `~/bin` must not show their whole home.
  const isHome = parent === "/root" || ["/home", "/Users"].includes(dirname(parent));
  return parent === "/" || isHome ? folder : parent;
}

/** Whether every folder on the way lets this user through, by the permission bits. */
function isReachable(path: string, user: ToolchainOptions["user"]): boolean {
  if (user.uid === 0) return true;
  for (let at = path; at !== "/"; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bits = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    if ((bits & 1) === 0) return false;
  }
  return true;
}

function outermost(paths: readonly string[]): string[] {
  return paths.filter((path) => !paths.some((other) => other !== path && isWithin(path, other)));
}

function isWithin(path: string, root: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !way.startsWith("/"));
}

function realOrUndefined(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // PATH often names folders that do not exist
  }
}

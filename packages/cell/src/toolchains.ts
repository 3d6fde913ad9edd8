/** Folders that hold compilers and interpreters outside /usr, found through PATH, without opening a home. */
import { realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** A folder below the home through which programs are called, and what they need to run. */
interface Door {
  readonly door: string;
  readonly needs: readonly string[];
  /** The door's own folder holds more than programs, such as private keys: only `needs` is shown. */
  readonly isClosed?: boolean;
}

const whole = (door: string): Door => ({ door, needs: [door] });

/** Never named here: what holds a token, as `~/.cargo`, `~/.m2`, `~/.npmrc` and `~/.local/share/uv/credentials` do. */
const doors: readonly Door[] = [
  ...[".pyenv", ".rbenv", ".nodenv", ".jenv", ".nvm", ".fnm", ".asdf", ".ghcup", ".juliaup", ".swiftly"].map(
    whole,
  ),
  ...["miniconda3", "anaconda3", "miniforge3", "mambaforge", ".volta/tools", ".volta/bin"].map(whole),
  ...[".sdkman/candidates", "go/bin", ".deno/bin", ".local/share/fnm", ".local/share/mise"].map(whole),
  ...[".local/share/pnpm", ".local/share/rtx", ".opam", ".dotnet/tools"].map(whole),
  { door: ".rustup", needs: [".rustup"] },
  { door: ".cargo/bin", needs: [".cargo/bin", ".rustup"] },
  { door: ".volta/bin", needs: [".volta/bin", ".volta/tools"] },
  { door: ".bun/bin", needs: [".bun/bin", ".bun/install/global"] },
  {
    door: ".local/bin",
    needs: [
      ...[".local/bin", ".local/lib", ".local/pipx/venvs", ".local/share/pipx/venvs"],
      ...[".local/share/uv/python", ".local/share/uv/tools", ".local/share/mise"],
    ],
  },
  // `~/.dotnet/corefx` keeps the private keys of development certificates.
  {
    door: ".dotnet",
    isClosed: true,
    needs: ["dotnet", "host", "sdk", "shared", "packs", "sdk-manifests", "tools"].map(
      (name) => `.dotnet/${name}`,
    ),
  },
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
 * or what a known version tool needs; a home on PATH is not shown at all.
 */
export function findToolchains(path: readonly string[], options: ToolchainOptions): Toolchains {
  const { home, workspace, user } = options;
  const readable = new Set<string>();
  const folders: string[] = [];
  const rootsOf = openRoots(home);
  for (const folder of new Set(path)) {
    // A relative folder is another one in each directory; a program found there is nobody's toolchain.
    const real = folder.startsWith("/") ? realOrUndefined(folder) : undefined;
    // Programs of a project's own node_modules come with its workspace, or belong to somebody else's project.
    if (real === undefined || (real.endsWith("/node_modules/.bin") && !isWithin(real, workspace))) continue;
    if (!isReachable(real, user) || isWithin(home, real)) continue;
    folders.push(real);
    if (isWithin(real, "/usr") || real === "/bin" || real === "/sbin" || isWithin(real, workspace)) continue;
    for (const root of rootsOf(real)) {
      if (root === real || isReachable(root, user)) readable.add(root);
    }
  }
  return { readable: outermost([...readable]), path: folders };
}

/** The home is looked through once, and only where PATH leads out of the system's own folders. */
function openRoots(home: string): (folder: string) => string[] {
  let real: readonly { readonly door: Door; readonly at: string }[] | undefined;
  return (folder) => {
    real ??= doors.map((door) => ({
      door,
      at: realOrUndefined(join(home, door.door)) ?? join(home, door.door),
    }));
    const known = real.filter(({ at }) => isWithin(folder, at));
    return toolchainRoots(
      folder,
      home,
      known.map(({ door }) => door),
    );
  };
}

function toolchainRoots(folder: string, home: string, known: readonly Door[]): string[] {
  const needs = known
    .flatMap((door) => door.needs)
    .map((name) => realOrUndefined(join(home, name)))
    .filter((path) => path !== undefined);
  if (known.length > 0) return known.some(({ isClosed }) => isClosed === true) ? needs : [folder, ...needs];
  if (isWithin(folder, home)) return [folder];
  // A profile of Nix is links into the store, from one folder of it to the next.
  if (isWithin(folder, "/nix/store")) return ["/nix/store"];
  const parent = dirname(folder);
  // Another user's `~/bin` must not show their whole home.
  const isHome = parent === "/root" || ["/home", "/Users"].includes(dirname(parent));
  return parent === "/" || isHome || isWithin(home, parent) ? [folder] : [parent];
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
    return realpathSync.native(path);
  } catch {
    return undefined; // PATH often names folders that do not exist
  }
}

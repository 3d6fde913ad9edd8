/** The folders that permission rules speak of. Nothing here looks at a disk: who does says what links lead to. */
import { posix } from "node:path";
import { compilePathGlob } from "../glob.ts";

export interface Places {
  /** Absolute; relative paths start here. */
  readonly workspace: string;
  readonly home: string | undefined;
  /** Further folders that the person opened for this session. */
  readonly opened?: readonly string[];
  /** Where a path leads when its links are followed; for one that does not exist yet, that of its nearest folder. */
  readonly realPathOf?: (path: string) => string;
}

/** @returns undefined for `~` where no home is known */
export function toAbsolute(path: string, from: string, home: string | undefined): string | undefined {
  const isHome = /^~(?:\/|$)/u.test(path);
  if (isHome && home === undefined) return undefined;
  const absolute = isHome ? posix.join(home ?? "/", path.slice(1)) : posix.resolve(from, path);
  return absolute.length > 1 ? absolute.replace(/\/+$/u, "") : absolute;
}

/** The path as it was asked for and, where a link leads elsewhere, where it leads. */
export function bothEnds(path: string, { realPathOf }: Places): readonly string[] {
  const real = realPathOf?.(path) ?? path;
  return real === path ? [path] : [path, real];
}

export function isBelow(folder: string, path: string): boolean {
  return path === folder || folder === "/" || path.startsWith(`${folder}/`);
}

export function isOpened(path: string, { workspace, opened = [], realPathOf }: Places): boolean {
  const folders = [workspace, ...opened];
  return [...folders, ...folders.map((folder) => realPathOf?.(folder) ?? folder)].some((folder) =>
    isBelow(folder, path),
  );
}

/** A pattern of a rule on paths, in gitignore's syntax, with the folder it starts from. */
export interface PathPattern {
  readonly from: "root" | "home" | "settings" | "workspace";
  readonly narrow: RegExp;
  /** For rules that hold back: `dir/**` in every folder, and letters of either case, as some disks take them. */
  readonly wide: RegExp;
}

/** @returns undefined for a pattern that cannot be matched in bounded time, or is empty */
export function parsePathPattern(text: string): PathPattern | undefined {
  const [, prefix = "", rest = ""] = /^(\/\/|~\/|\/|(?:\.\/)+)?(.*)$/su.exec(text) ?? [];
  // An anchored name must not match in every folder, as a bare one does.
  const anchored = prefix !== "" && !prefix.startsWith(".") ? `/${rest}` : rest;
  const narrow = compilePathGlob(anchored);
  const isFolder = prefix.replaceAll("./", "") === "" && /^[^/*]+\/\*\*$/u.test(rest);
  const wide = compilePathGlob(isFolder ? `**/${rest}` : anchored);
  if (narrow === undefined || wide === undefined) return undefined;
  const from = ({ "//": "root", "~/": "home", "/": "settings" } as const)[prefix] ?? "workspace";
  return { from, narrow, wide: new RegExp(wide.source, "sui") };
}

/** @param settingsRoot the folder of the settings file that holds the rule; undefined: the workspace */
export function matchesPath(
  pattern: PathPattern,
  path: string,
  { places, settingsRoot, isWide }: { places: Places; settingsRoot: string | undefined; isWide: boolean },
): boolean {
  const { workspace, home } = places;
  const folder = { root: "/", home, settings: settingsRoot ?? workspace, workspace }[pattern.from];
  if (folder === undefined || !isBelow(folder, path)) return false;
  const relative = path.slice(folder === "/" ? 1 : folder.length + 1);
  return (isWide ? pattern.wide : pattern.narrow).test(relative);
}

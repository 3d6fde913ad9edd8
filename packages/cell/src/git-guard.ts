/** What in a repository runs code when somebody uses git there, or names what to run. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { find } from "./find.ts";
import type { Guard } from "./guarded-names.ts";

/** Git runs these, or reads from these what to run. Those that are missing are masked in the topmost repository. */
const gitPaths: readonly {
  readonly name: string;
  readonly whenMissing?: "empty-directory" | "empty-file";
}[] = [
  { name: "hooks", whenMissing: "empty-directory" },
  { name: "config", whenMissing: "empty-file" },
  { name: "modules", whenMissing: "empty-directory" },
  { name: "worktrees", whenMissing: "empty-directory" },
  { name: "info" },
  // Something empty in the place of these stops git; the census puts aside what is made there.
  { name: "config.worktree" },
  { name: "commondir" },
];

/** Of the repository at `path`, a `.git` or a bare one; links are followed as long as they stay below `root`. */
export function gitGuards(path: string, root: string): Guard[] {
  const folder = dirname(path);
  const found = find(path, root);
  switch (found.kind) {
    case "missing":
      // A repository made inside would have hooks and settings of the maker's choice, and whoever runs git here
      // later would run them.
      return [{ kind: "empty-directory", path }];
    case "elsewhere":
      return [];
    case "file":
      // It names the real directory (a worktree, a submodule): who rewrites it chooses the hooks.
      return [{ kind: "read-only", path: found.path }, ...namedDirectory(found.path, root)];
    case "directory":
      // An empty one is what an earlier cell was mounted on. Masks inside it would stay in the project for good.
      if (isEmpty(found.path)) return [{ kind: "empty-directory", path }];
      return directoryGuards(found.path, folder, root);
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return false; // not for us to read: guarded by what can be seen of it
  }
}

function directoryGuards(git: string, folder: string, root: string): Guard[] {
  const guards = gitPaths.map(({ name, whenMissing }): Guard | undefined => {
    const path = join(git, name);
    const found = find(path, root);
    if (found.kind === "elsewhere") return undefined;
    if (found.kind !== "missing") return { kind: "read-only", path: found.path };
    return whenMissing === undefined || git !== join(root, ".git") ? undefined : { kind: whenMissing, path };
  });
  return [
    { kind: "pin", path: git },
    ...guards.filter((guard) => guard !== undefined),
    ...namedByConfig(git, folder, root),
  ];
}

/** The directory that a `.git` file names, when it lies in the workspace: its hooks are as good as any. */
function namedDirectory(file: string, root: string): Guard[] {
  const named = /^gitdir: (.+)$/m.exec(readHead(file, GIT_FILE_BYTES_MAX))?.[1];
  if (named === undefined) return [];
  const found = find(resolve(dirname(file), named), root);
  return found.kind === "directory" ? directoryGuards(found.path, dirname(file), root) : [];
}

const GIT_FILE_BYTES_MAX = 4096;
const CONFIG_BYTES_MAX = 262_144;
const NAMED_MAX = 16;

/** Hooks and further settings that live among the project's files, as `core.hooksPath` and `include.path` allow. */
function namedByConfig(git: string, folder: string, root: string): Guard[] {
  const text = readHead(join(git, "config"), CONFIG_BYTES_MAX);
  const guards: Guard[] = [];
  for (const match of text.matchAll(/^\s*(hookspath|path)\s*=\s*"?([^"\n]+?)"?\s*$/gim)) {
    const [, key = "", value = ""] = match;
    // git-config(1): hooksPath is relative to where the hook runs, an include to the file that includes it.
    const found = find(resolve(key.toLowerCase() === "path" ? git : folder, value), root);
    if (found.kind === "file" || found.kind === "directory") {
      guards.push({ kind: "read-only", path: found.path });
    }
    if (guards.length === NAMED_MAX) break;
  }
  return guards;
}

/** The start of a regular file, or nothing: what lies in a workspace may be a pipe, or a link to anywhere. */
export function readHead(path: string, bytesMax: number): string {
  let descriptor: number;
  try {
    // Most are asked for and not there: to learn that by an exception takes thirty times as long.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return "";
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return ""; // absent, a link, or not for us: it says nothing then
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return "";
    const buffer = Buffer.alloc(Math.min(bytesMax, stats.size));
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

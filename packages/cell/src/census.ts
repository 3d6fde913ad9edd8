/**
 * What mounts cannot forbid, found afterwards: settings, repositories and links that a command made where there were
 * none. What would run when a person comes by is put aside under a name that nothing looks for.
 */
import { lstatSync, readdirSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { messageOf } from "@cloister/base";
import { find, isWithin } from "./find.ts";
import { readHead } from "./git-guard.ts";
import { guardedNames } from "./guarded-names.ts";
import { openFolder, type OpenFolder } from "./open-folder.ts";
import { openTree, type Entry, type Tree } from "./tree.ts";

export interface Census {
  readonly root: string;
  /** Guarded names that are there and that no mask stands for when they are missing. */
  readonly settings: ReadonlySet<string>;
  /** Where `.git` leads when it is a link: a link cannot be a mount point, so it can be replaced. */
  readonly gitLink: string | undefined;
  /** Directories of repositories below: each `.git`, and each bare one. */
  readonly repositories: ReadonlySet<string>;
  /** Links that lead out of the workspace. */
  readonly links: ReadonlySet<string>;
}

export interface Finding {
  readonly kind:
    | "settings-made"
    | "git-replaced"
    /** A repository below that runs nothing by itself. */
    | "repository-made"
    /** One with hooks of its own, or settings that run programs. */
    | "repository-armed"
    | "link-outside"
    /** A path could not be guarded or hidden: a link stands on its way, or there are too many. */
    | "mount-refused";
  readonly path: string;
  /** Where it was put aside. */
  readonly movedTo?: string;
  /** Why it could not be. */
  readonly trouble?: string;
}

export interface FolderFacts {
  readonly repositories: readonly string[];
  readonly sockets: readonly string[];
  readonly links: readonly string[];
}

export function openFacts(root: string): Tree<FolderFacts> {
  return openTree({ root, inspect: (folder, entries) => factsOf(root, folder, entries) });
}

/** Walks the workspace, within limits. Before and after: `compareCensus` tells what is new. */
export function censusOf(root: string, facts: Tree<FolderFacts> = openFacts(root)): Census {
  const folders = [...facts.inspected()];
  const present = new Set(readdirOrEmpty(root));
  const inGit = new Set(readdirOrEmpty(join(root, ".git")));
  const swept = guardedNames.filter(({ name, whenMissing }) => whenMissing === "sweep" && present.has(name));
  const sweptInGit = ["commondir", "config.worktree"].filter((name) => inGit.has(name));
  return {
    root,
    settings: new Set([...swept.map(({ name }) => name), ...sweptInGit.map((name) => `.git/${name}`)]),
    gitLink: linkOrUndefined(join(root, ".git")),
    repositories: new Set(folders.flatMap(({ repositories }) => repositories)),
    links: new Set(folders.flatMap(({ links }) => links)),
  };
}

export function compareCensus(before: Census, after: Census): Finding[] {
  const { root } = after;
  const settings = [...after.settings.difference(before.settings)];
  const repositories = [...after.repositories.difference(before.repositories)];
  const links = [...after.links.difference(before.links)];
  return [
    ...settings.map((name) => ({ kind: "settings-made", path: join(root, name) }) as const),
    ...(before.gitLink !== undefined && after.gitLink !== before.gitLink
      ? [{ kind: "git-replaced", path: join(root, ".git") } as const]
      : []),
    ...repositories.map(
      (path) => ({ kind: isArmed(path) ? "repository-armed" : "repository-made", path }) as const,
    ),
    ...links.map((path) => ({ kind: "link-outside", path }) as const),
  ];
}

/**
 * Puts aside what would run by itself, and puts back a `.git` link that was replaced. Other findings stay as they are.
 * A background command may still be at work: no link that it makes of a folder on the way leads us out of the workspace.
 */
export function quarantine(finding: Finding, before: Census): Finding {
  const { kind, path } = finding;
  if (!isQuarantined(kind)) return finding;
  try {
    using folder = openFolder(before.root, relative(before.root, dirname(path)));
    const name = basename(path);
    const isThere = lstatSync(join(folder.path, name), { throwIfNoEntry: false }) !== undefined;
    const aside = isThere ? moveAside(folder, name) : undefined;
    if (kind === "git-replaced" && before.gitLink !== undefined) {
      symlinkSync(before.gitLink, join(folder.path, name));
    }
    return aside === undefined ? finding : { ...finding, movedTo: join(dirname(path), aside) };
  } catch (error) {
    return { ...finding, trouble: messageOf(error) };
  }
}

export function isQuarantined(kind: Finding["kind"]): boolean {
  return kind === "settings-made" || kind === "git-replaced" || kind === "repository-armed";
}

const ASIDE_MAX = 1000;

/** @returns the new name */
function moveAside({ path }: OpenFolder, name: string): string {
  for (let number = 1; number <= ASIDE_MAX; number++) {
    const free = `${name}.cloister-quarantine-${number}`;
    if (lstatSync(join(path, free), { throwIfNoEntry: false }) !== undefined) continue;
    renameSync(join(path, name), join(path, free));
    return free;
  }
  throw new Error("too many quarantined files of this name");
}

/** A repository that was put aside is not found once more. */
const aside = /\.cloister-quarantine-\d+$/;

function factsOf(root: string, folder: string, entries: readonly Entry[]): FolderFacts {
  const named = (kind: Entry["kind"]): string[] =>
    entries.filter((entry) => entry.kind === kind).map(({ name }) => join(folder, name));
  const has = (name: string): boolean => entries.some((entry) => entry.name === name);
  const isBare = has("HEAD") && has("objects") && has("refs") && folder !== root && !aside.test(folder);
  return {
    repositories: [
      ...(has(".git") && folder !== root ? [join(folder, ".git")] : []),
      ...(isBare ? [folder] : []),
    ],
    sockets: named("socket"),
    links: named("link").filter((path) => leadsOut(path, root)),
  };
}

function leadsOut(path: string, root: string): boolean {
  const target = linkOrUndefined(path);
  return target !== undefined && !isWithin(resolve(dirname(path), target), root);
}

/** Settings by which git starts programs (git-config(1)), or reads further settings. */
const runsPrograms =
  /^\s*(?:fsmonitor|hookspath|sshcommand|gitproxy|askpass|editor|pager|external|textconv|command|driver|clean|smudge|process|helper|program|path|uploadpack|receivepack|worktree|cmd)\s*=|^\s*\[\s*(?:alias|include|includeif|filter|credential|pager)\b|=\s*!/im;
const CONFIG_BYTES_MAX = 262_144;

function isArmed(git: string): boolean {
  const stats = lstatSync(git, { throwIfNoEntry: false });
  // A file or link that names another directory: that one is what counts, and it can be anything.
  if (stats === undefined) return false;
  if (!stats.isDirectory()) return true;
  const hooks = readdirOrEmpty(join(git, "hooks")).some((name) => !name.endsWith(".sample"));
  return hooks || runsPrograms.test(readHead(join(git, "config"), CONFIG_BYTES_MAX)) || !isPlain(git);
}

/** A `config` or `hooks` that is a link could be filled later, from where nobody looks. */
function isPlain(git: string): boolean {
  return ["config", "hooks", "commondir"].every((name) => {
    const found = find(join(git, name), git);
    return found.kind === "missing" ? true : found.kind !== "elsewhere" && name !== "commondir";
  });
}

function readdirOrEmpty(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not there, or no directory
  }
}

function linkOrUndefined(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // not there, or no link
  }
}

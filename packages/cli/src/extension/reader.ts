/** Reads what developers bring, in the keeper's process: real files, bounded, and never more than the person could mean. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { CloisterError, messageOf, systemCodeOf } from "@cloister/base";
import { openHiddenRule } from "@cloister/cell";
import type { parse as parseToml } from "smol-toml";
import type { parse as parseYaml } from "yaml";
import type {
  ExtensionPlaces,
  ExtensionReader,
  ExtensionWorld,
  FolderEntry,
} from "@cloister/agent/extensions";
import type { PolicyPlace } from "../policy/managed-policy.ts";
import { checkManaged } from "../policy/managed-policy.ts";

export interface ReaderOptions {
  readonly places: ExtensionPlaces;
  readonly managed: PolicyPlace;
  /** Whose files count outside the workspace, beside root's: what others planted above it is nobody's word. */
  readonly owners: ReadonlySet<number>;
  /** Patterns of files that a rule would hide and a person shows. */
  readonly show?: readonly string[];
}

const ENTRIES_MAX = 2000;

/** @throws (from its methods) CloisterError `unsafe-policy`, `managed-unreadable`: what an organisation said is never lost in silence */
export function createExtensionWorld(options: ReaderOptions): ExtensionWorld {
  const parsers = createParsers();
  return {
    places: options.places,
    parseYaml: parsers.yaml,
    parseToml: parsers.toml,
    files: createReader(options, parsers.load),
  };
}

function createReader(
  options: ReaderOptions,
  load: (path: string, text: string) => Promise<void>,
): ExtensionReader {
  const { workspace, managed: managedFolders = [] } = options.places;
  const isHidden = createHiding(options);
  const statOf = createStats();
  const isManaged = (path: string): boolean => managedFolders.some((folder) => isInside(folder, path));
  // Most of the places that are asked for are in folders that do not exist: those cost one look for all.
  const isThere = (path: string): boolean =>
    statOf(dirname(path)) !== undefined && statOf(path) !== undefined;
  const isForeign = (path: string, stats: Stats): boolean =>
    !isInside(workspace, path) && stats.uid !== 0 && !options.owners.has(stats.uid);

  return {
    read: async (path, bytesMax) => {
      if (!isThere(path)) return undefined;
      if (isManaged(path)) checkManaged(path, options.managed);
      try {
        const real = realpathSync.native(path);
        if (isHidden(path) || isHidden(real)) return undefined;
        const text = readOpened(real, bytesMax, isForeign);
        if (text === undefined) return undefined;
        await load(path, text.text);
        return { ...text, realPath: real };
      } catch (error) {
        if (isManaged(path)) throw unreadable(path, error);
        if (systemCodeOf(error) === undefined) throw error;
        return undefined; // it is gone, or nobody may read it: then it says nothing
      }
    },
    list: async (path) => {
      if (!isThere(path)) return [];
      if (isManaged(path)) checkManaged(path, options.managed);
      try {
        const stats = statSync(path);
        if (isForeign(path, stats)) return [];
        return readdirSync(path, { withFileTypes: true })
          .slice(0, ENTRIES_MAX)
          .flatMap((entry): FolderEntry[] => {
            const target = entry.isSymbolicLink() ? statOf(`${path}/${entry.name}`) : entry;
            if (target === undefined || !(target.isFile() || target.isDirectory())) return [];
            return [{ name: entry.name, kind: target.isFile() ? "file" : "folder" }];
          });
      } catch (error) {
        if (isManaged(path)) throw unreadable(path, error);
        if (systemCodeOf(error) === undefined) throw error;
        return []; // no folder, or a closed one
      }
    },
  };
}

/** Undefined for what is no file of somebody who counts. @throws errors of the file system */
function readOpened(
  real: string,
  bytesMax: number,
  isForeign: (path: string, stats: Stats) => boolean,
): { readonly text: string; readonly isCut: boolean } | undefined {
  const file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    // A folder on the way may have become a link since it was looked at: a command in a cell could try that.
    const isElsewhere = readlinkSync(`/proc/self/fd/${file}`) !== real;
    if (!stats.isFile() || isElsewhere || isForeign(real, stats)) return undefined;
    const buffer = Buffer.allocUnsafe(Math.min(stats.size, bytesMax));
    const bytes = buffer.length === 0 ? 0 : readSync(file, buffer, 0, buffer.length, 0);
    return { text: buffer.toString("utf8", 0, bytes), isCut: stats.size > bytesMax };
  } finally {
    closeSync(file);
  }
}

/** What no tool may read is not told to the model as an instruction either. Settings never reach it. */
function createHiding({ places, show = [] }: ReaderOptions): (path: string) => boolean {
  const { workspace, repository, home } = places;
  const roots = [workspace, repository, home].filter((root) => root !== undefined);
  const rules = roots.map((root) => ({ root, rule: openHiddenRule(root, { exceptions: show }) }));
  return (path) => {
    const own = rules.find(({ root }) => isInside(root, path));
    const isSettings = own?.root === home && /\.(?:json|jsonc|toml)$/u.test(path);
    return !isSettings && own?.rule(path) !== undefined;
  };
}

function createStats(): (path: string) => Stats | undefined {
  const known = new Map<string, Stats | undefined>();
  return (path) => {
    if (known.has(path)) return known.get(path);
    let stats: Stats | undefined;
    try {
      stats = statSync(path, { throwIfNoEntry: false });
    } catch {
      stats = undefined; // closed to us, or a circle of links: nothing that could be read
    }
    known.set(path, stats);
    return stats;
  };
}

interface Parsers {
  readonly yaml: (text: string) => unknown;
  readonly toml: (text: string) => unknown;
  /** Gets what a file needs, before it is parsed: most projects need neither. */
  readonly load: (path: string, text: string) => Promise<void>;
}

/** YAML lets a few lines of aliases stand for gigabytes. */
const ALIASES_MAX = 100;

function createParsers(): Parsers {
  let yaml: typeof parseYaml | undefined;
  let toml: typeof parseToml | undefined;
  return {
    yaml: (text) => yaml?.(text, { maxAliasCount: ALIASES_MAX, logLevel: "silent" }) as unknown,
    toml: (text) => toml?.(text),
    load: async (path, text) => {
      if (path.endsWith(".toml")) toml ??= (await import("smol-toml")).parse;
      else if (path.endsWith(".md") && text.startsWith("---", text.startsWith("\uFEFF") ? 1 : 0)) {
        yaml ??= (await import("yaml")).parse;
      }
    },
  };
}

function unreadable(path: string, cause: unknown): CloisterError {
  return new CloisterError(
    `${path} belongs to this machine's rules and cannot be read: ${messageOf(cause)}`,
    {
      code: "managed-unreadable",
      next: "have root mend it; until then nothing is started",
      cause,
    },
  );
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** How the files that developers bring are reached. Nothing here opens a file itself: a reader is handed in. */
import { posix } from "node:path";

export interface ExtensionReader {
  /**
   * The beginning of a regular file, at most `bytesMax`; undefined where there is none that may be read. A reader may
   * hide what others than the person could have put there (an ancestor folder that everybody writes to).
   */
  read(path: string, bytesMax: number): Promise<ReadText | undefined>;
  /** Names in a folder; none where there is no folder. */
  list(path: string): Promise<readonly FolderEntry[]>;
}

export interface ReadText {
  readonly text: string;
  /** Where the path leads when its links are followed. */
  readonly realPath: string;
  /** Whether the file goes on after `text`. */
  readonly isCut: boolean;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/** All paths are absolute, with "/" separators and without one at the end. */
export interface ExtensionPlaces {
  readonly workspace: string;
  /** The checkout around the workspace, when there is one. */
  readonly repository?: string;
  readonly home?: string;
  /** Folders of the organisation, owned by the system: `/etc/cloister`. */
  readonly managed?: readonly string[];
  /** Folders of plugins that the person installed. */
  readonly plugins?: readonly string[];
}

export interface ExtensionWorld {
  readonly files: ExtensionReader;
  readonly places: ExtensionPlaces;
  /** Parses YAML 1.2; throws what it likes for what is none. It must bound aliases, as a project's text reaches it. */
  readonly parseYaml: (text: string) => unknown;
  /** Parses TOML 1.0; throws what it likes for what is none. */
  readonly parseToml: (text: string) => unknown;
}

/**
 * Who brought it. `project` is what the checkout holds, private files (`*.local.*`) included, since commands can write
 * them too; it counts only after a person trusted it. All others are the person's own or above them.
 */
export type Scope = "managed" | "user" | "plugin" | "project";

export interface Origin {
  readonly scope: Scope;
  /** The file, absolute. */
  readonly path: string;
  /** Of a settings file: the folder that its rules begin at. */
  readonly root?: string;
  /** Name and folder of the plugin that holds the file. */
  readonly plugin?: { readonly name: string; readonly folder: string };
}

/** What a file says and Cloister does not do, for the person to see. */
export interface Loss {
  readonly path: string;
  /** The setting, or what else is meant. */
  readonly subject: string;
  readonly why: string;
}

const DEPTH_MAX = 6;
const FILES_MAX = 500;

/** Files below a folder whose names end so, in the order of their paths; at most 500, six folders deep. */
export async function filesBelow(reader: ExtensionReader, folder: string, ending: RegExp): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string, depth: number): Promise<void> => {
    const entries = [...(await reader.list(path))].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, kind } of entries) {
      if (found.length >= FILES_MAX) return;
      if (kind === "folder" && depth < DEPTH_MAX) await walk(posix.join(path, name), depth + 1);
      else if (kind === "file" && ending.test(name)) found.push(posix.join(path, name));
    }
  };
  await walk(folder, 1);
  return found;
}

export function isInside(folder: string, path: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** Folders from the repository's (or the file system's) root down to the workspace, both included. */
export function foldersDownTo(workspace: string, from = "/"): string[] {
  const folders = [workspace];
  for (let at = workspace; at !== from && at !== "/";) {
    at = posix.dirname(at);
    folders.unshift(at);
  }
  return folders;
}

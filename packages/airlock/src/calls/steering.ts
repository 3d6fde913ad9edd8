/**
 * Files that steer agents and build machines. A command can write them by a thousand ways that no rule on its text
 * sees, so they are looked at before and after it: what changed without a person's word is put aside, and what stood
 * there is put back. Edits go by their own tools, where each is judged.
 */
import {
  closeSync,
  constants,
  fchownSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf, newId, systemCodeOf } from "@cloister/base";
import { openFolder, type OpenFolder } from "@cloister/cell";
import { readWorkspaceFile, toRealPlace } from "./workspace-file.ts";

export interface Steering {
  /** The files as they were, by their places. */
  readonly files: ReadonlyMap<string, { readonly text: string; readonly uid: number; readonly gid: number }>;
}

const names = [
  ...["AGENTS.md", "CLAUDE.md", "CLAUDE.local.md", "GEMINI.md", "QWEN.md", ".cursorrules", ".windsurfrules"],
  ...[".clinerules", ".gitlab-ci.yml", "Jenkinsfile", "azure-pipelines.yml", ".drone.yml", ".travis.yml"],
  ...["bitbucket-pipelines.yml", "cloudbuild.yaml", ".circleci/config.yml"],
];
const folders = [".github/workflows", ".github/actions", ".circleci"];
const FILES_MAX = 500;

export function readSteering(workspace: string): Steering {
  const files = new Map<string, { text: string; uid: number; gid: number }>();
  for (const place of placesIn(workspace)) {
    // Most are not there, in most projects: to ask first costs a tenth of finding the real place of nothing.
    const text = isThere(workspace, place) ? readWorkspaceFile(workspace, place) : undefined;
    if (text === undefined) continue;
    const { uid, gid } = ownerOf(join(workspace, place), workspace);
    files.set(place, { text, uid, gid });
  }
  return { files };
}

function isThere(workspace: string, place: string): boolean {
  try {
    return lstatSync(join(workspace, place), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true; // closed to us: whoever reads it says so
  }
}

function ownerOf(path: string, workspace: string): { readonly uid: number; readonly gid: number } {
  const known = lstatSync(path, { throwIfNoEntry: false });
  return known?.isFile() === true ? known : lstatSync(workspace);
}

/**
 * Puts back what changed since. Gives the places, in order, with a word on those where it could not be done; a version
 * that was put aside stands beside as `.aside`. Other commands may be at work in the same folders.
 */
export function restoreSteering(workspace: string, { files }: Steering): string[] {
  const now = readSteering(workspace).files;
  const places = [...new Set([...files.keys(), ...now.keys()])].toSorted();
  return places.flatMap((place) => {
    const before = files.get(place);
    if (before?.text === now.get(place)?.text) return [];
    try {
      putBack(workspace, place, before);
      return [place];
    } catch (error) {
      // A folder that became a link leads elsewhere: neither git nor a build machine follows it, and nor do we.
      return [`${place} (left as it is: ${systemCodeOf(error) ?? messageOf(error)})`];
    }
  });
}

type Kept = { readonly text: string; readonly uid: number; readonly gid: number };

function putBack(workspace: string, place: string, before: Kept | undefined): void {
  const name = basename(place);
  using folder = openFolder(realpathSync(workspace), dirname(place), {
    isMade: before !== undefined,
    owner: process.getuid?.() === 0 ? before : undefined,
  });
  for (let tries = 1; ; tries++) {
    if (lstatSync(join(folder.path, name), { throwIfNoEntry: false }) !== undefined) putAside(folder, name);
    if (before === undefined) return;
    try {
      write(join(folder.path, name), before);
      return;
    } catch (error) {
      // Somebody was quicker, and puts theirs there again.
      if (systemCodeOf(error) !== "EEXIST" || tries >= TRIES_MAX) throw error;
    }
  }
}

const TRIES_MAX = 10;

/** Nothing is removed for it: a folder could be exchanged for another one while it is being emptied. */
function putAside({ path }: OpenFolder, name: string): void {
  try {
    renameSync(join(path, name), join(path, `${name}.aside`));
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "EISDIR", "ENOTDIR"].includes(systemCodeOf(error) ?? "")) throw error;
    renameSync(join(path, name), join(path, `${name}.${newId("was")}.aside`));
  }
}

function write(path: string, { text, uid, gid }: Kept): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    writeFileSync(file, text);
    if (process.getuid?.() === 0) fchownSync(file, uid, gid);
  } finally {
    closeSync(file);
  }
}

/** The files over a session's commands, of which several may run at once. */
export interface SteeringGuard {
  /** To be called before a command starts that may not change them. */
  begin(workspace: string): SteeringWatch;
}

export interface SteeringWatch {
  /** After its end: gives what `restoreSteering` gives. `allowed` adds what was changed with a person's word meanwhile. */
  end(allowed: (steering: Steering) => Steering, isAlone: boolean): string[];
}

/** What one command planted must not be what another one, begun afterwards, finds and puts back: they share one look. */
export function createSteeringGuard(): SteeringGuard {
  let held: { steering: Steering; commands: number; isShared: boolean } | undefined;
  return {
    begin(workspace) {
      if (held === undefined) held = { steering: readSteering(workspace), commands: 0, isShared: false };
      else held.isShared = true;
      const own = held;
      own.commands += 1;
      return {
        end(allowed, isAlone) {
          // Alone nobody else has changed anything meanwhile.
          if (!isAlone || own.isShared) own.steering = allowed(own.steering);
          own.commands -= 1;
          if (own.commands === 0) held = undefined;
          return restoreSteering(workspace, own.steering);
        },
      };
    },
  };
}

function placesIn(workspace: string): string[] {
  const inside = folders.flatMap((folder) => {
    if (!isThere(workspace, folder) || toRealPlace(folder, workspace) !== folder) return [];
    try {
      return readdirSync(join(workspace, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory() && !entry.name.endsWith(".aside"))
        .slice(0, FILES_MAX)
        .map((entry) => join(entry.parentPath, entry.name).slice(workspace.length + 1));
    } catch {
      return []; // it is not there
    }
  });
  return [...new Set([...names, ...inside])];
}

/**
 * Files that steer agents and build machines. A command can write them by a thousand ways that no rule on its text
 * sees, so they are looked at before and after it: what changed without a person's word is put aside, and what stood
 * there is put back. Edits go by their own tools, where each is judged.
 */
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  fchownSync,
} from "node:fs";
import { join } from "node:path";
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
    const text = readWorkspaceFile(workspace, place);
    if (text === undefined) continue;
    const { uid, gid } = lstatSync(join(workspace, place));
    files.set(place, { text, uid, gid });
  }
  return { files };
}

/** Puts back what changed since. Gives the places, in order; a version that was put aside stands beside as `.aside`. */
export function restoreSteering(workspace: string, { files }: Steering): string[] {
  const now = readSteering(workspace).files;
  const places = [...new Set([...files.keys(), ...now.keys()])].toSorted();
  return places.filter((place) => {
    const before = files.get(place);
    if (before?.text === now.get(place)?.text) return false;
    // A folder that became a link leads elsewhere: neither git nor a build machine follows it, and nor do we.
    if (toRealPlace(join(place, ".."), workspace) !== join(place, "..").replace(/^\.$/, "")) return true;
    const path = join(workspace, place);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) putAside(path);
    if (before !== undefined) write(path, before);
    return true;
  });
}

function putAside(path: string): void {
  rmSync(`${path}.aside`, { recursive: true, force: true });
  renameSync(path, `${path}.aside`);
}

function write(path: string, { text, uid, gid }: { text: string; uid: number; gid: number }): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    writeFileSync(file, text);
    if (process.getuid?.() === 0) fchownSync(file, uid, gid);
  } finally {
    closeSync(file);
  }
}

function placesIn(workspace: string): string[] {
  const inside = folders.flatMap((folder) => {
    if (toRealPlace(folder, workspace) !== folder) return [];
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

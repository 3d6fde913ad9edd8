/** Looks for known language servers where programs are; nothing is started to find out. */
import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isRecord, parseJson, systemCodeOf } from "@cloister/base";
import { knownServers, type KnownServer } from "./table.ts";

export interface FoundServer extends KnownServer {
  /** Absolute. */
  readonly file: string;
}

/** For each ending of files the first server of the table that is in one of the folders; the first folder wins. */
export function findLanguageServers(folders: readonly string[]): FoundServer[] {
  const taken = new Set<string>();
  const found: FoundServer[] = [];
  for (const known of knownServers) {
    const languages = Object.fromEntries(
      Object.entries(known.languages).filter(([ending]) => !taken.has(ending)),
    );
    if (Object.keys(languages).length === 0) continue;
    const file = folders
      .map((folder) => join(folder, known.program))
      .find((path) => isProgram(path) && majorOf(path, known) >= (known.majorMin ?? 0));
    if (file === undefined) continue;
    found.push({ ...known, languages, file });
    for (const ending of Object.keys(languages)) taken.add(ending);
  }
  return found;
}

function isProgram(path: string): boolean {
  try {
    // Each is missing from nearly every folder, and an error takes longer to make than the look.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return false; // somebody else's, or no folder at all
  }
}

const FOLDERS_UP_MAX = 4;

/** Of the npm package around the program; 0 where that is not known. */
function majorOf(program: string, { majorMin }: KnownServer): number {
  if (majorMin === undefined) return 0;
  let folder = dirname(realpathSync(program));
  for (let up = 0; up < FOLDERS_UP_MAX; up++) {
    try {
      const about = parseJson(readFileSync(join(folder, "package.json"), "utf8"), "a package");
      return isRecord(about) ? Number.parseInt(String(about["version"]), 10) || 0 : 0;
    } catch {
      folder = dirname(folder); // not here, or no JSON: the package is further up
    }
  }
  return 0;
}

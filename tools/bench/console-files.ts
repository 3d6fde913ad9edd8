// A repository of 100,000 files, of which one has a letter that no other has.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const RARE_LETTER = "q";
export const RARE_FILE = "quagga.ts";
/** Letters that nearly all names have, most of them far apart. */
export const COMMON_NAME = "smpf1";

const FOLDERS = 200;
const FILES = 500;

/** Tracked by git, and empty: what is measured is finding them. */
export function makeManyFiles(project: string): void {
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(project, "source", `module-${folder}`, "parts");
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES; file++) writeFileSync(join(path, `file-${file}.ts`), "");
  }
  writeFileSync(join(project, "source", "module-7", "parts", RARE_FILE), "");
  execFileSync("git", ["init", "--quiet"], { cwd: project });
  execFileSync("git", ["add", "--all"], { cwd: project });
}

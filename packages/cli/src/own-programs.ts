/**
 * Programs that are started for a person outside of every cell. `PATH` may lead into the project (npm puts its
 * `node_modules/.bin` there, some people "."), and what lies in the project a stranger or a model has written.
 */
import { accessSync, constants, realpathSync } from "node:fs";
import { join, resolve } from "node:path";

export interface ProgramPlaces {
  readonly path: readonly string[];
  /** The project. */
  readonly directory: string;
}

/** By where it really lies. */
export function findOwnProgram(program: string, { path, directory }: ProgramPlaces): string | undefined {
  return ownFolders({ path, directory })
    .map((folder) => realOf(join(folder, program)))
    .find((real) => real !== undefined && !isInProject(real, directory) && isExecutable(real));
}

/**
 * Folders of `PATH` for a program that starts others: none in the project, and none that packages brought. npm puts the
 * `node_modules/.bin` of every folder above the project there, too.
 */
export function ownFolders({ path, directory }: ProgramPlaces): readonly string[] {
  return path.filter((folder) => {
    const real = realOf(folder) ?? folder;
    return !packageFolder.test(folder) && !packageFolder.test(real) && !isInProject(real, directory);
  });
}

const packageFolder = /\/node_modules\/\.bin\/*$/u;

/** A path may be relative to the project; links are followed. */
export function isInProject(path: string, directory: string): boolean {
  const project = realOf(directory) ?? directory;
  const place = resolve(directory, path);
  const real = realOf(place) ?? place;
  return real === project || real.startsWith(`${project}/`);
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // not there
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not for us
  }
}

/** What commands see and have around them: the same for the agent's, the tour's and a person's own in `cloister cell`. */
import { mkdtempSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { CloisterError } from "@cloister/base";
import { findToolchains, type CellView } from "@cloister/cell";
import type { Environment } from "./environment.ts";
import { checkBesideOwn } from "./own-folder.ts";

export interface CommandCell {
  readonly view: CellView;
  readonly path: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * What the agent's commands see: the system's programs and the user's toolchains, the workspace, and no socket. The
 * `variables` of settings never stand in for our own.
 */
export function commandCell(
  workspace: string,
  environment: Environment,
  variables: Readonly<Record<string, string>> = {},
): CommandCell {
  const toolchains = findToolchains(environment.path, {
    home: environment.home,
    workspace,
    user: userFor(workspace, environment),
  });
  // The Node that runs us comes last, so that a project finds one even where none is installed.
  const ownNode = dirname(realpathSync(environment.node));
  const path = [...toolchains.path, ownNode];
  const readable =
    toolchains.readable.some((root) => ownNode.startsWith(`${root}/`)) || ownNode.startsWith("/usr/")
      ? toolchains.readable
      : [...toolchains.readable, ownNode];
  return {
    path,
    view: { workspace, home: environment.home, readable, sockets: [], system: "whole" },
    environment: {
      ...variables,
      ...environment.locale,
      HOME: environment.home,
      PATH: path.join(":"),
      TMPDIR: "/tmp",
      TERM: "dumb",
      USER: "user",
      PAGER: "cat",
      GIT_PAGER: "cat",
    },
  };
}

/**
 * A root keeper gives the cells the identity of whoever owns the workspace, so that root's rights end at the door.
 * Where root owns the workspace itself there is nobody else to be: then the cell is a user without any capability.
 */
export function userFor(workspace: string, environment: Environment): { uid: number; gid: number } {
  if (environment.user.uid !== 0) return environment.user;
  const { uid, gid } = statSync(workspace);
  return { uid, gid };
}

/** @throws CloisterError `bad-workspace`, `no-home` */
export function checkWorkspace(path: string, home: string): string {
  const own = realOrThrow(home, {
    ...{ message: `there is no home at ${home}, and nowhere to keep the ledger`, code: "no-home" },
    next: "set HOME to a folder of yours that can be written to",
  });
  const real = realOrThrow(path, {
    ...{ message: `there is no folder ${path}`, code: "bad-workspace" },
    next: "change into the folder of a project",
  });
  if (!statSync(real).isDirectory()) {
    throw new CloisterError(`${path} is no folder`, {
      code: "bad-workspace",
      next: "name the folder of a project",
    });
  }
  const tooMuch = ["/", "/usr", "/etc", "/home", "/root", "/tmp", "/var", "/opt", own];
  if (tooMuch.includes(real)) {
    throw new CloisterError(`${real} is not one project`, {
      code: "bad-workspace",
      next: "change into the folder of a project; everything in it may be shown to the model",
    });
  }
  checkBesideOwn(real, home);
  return real;
}

function realOrThrow(
  path: string,
  { message, ...more }: { readonly message: string; readonly code: string; readonly next: string },
): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new CloisterError(message, { ...more, cause });
  }
}

const SOCKET_PATH_BYTES_MAX = 100;

/** Holds the keeper's socket and what the cells are made of. */
export function makeScratch(temporary: string): string {
  const base =
    `${temporary}/cloister-XXXXXX/keeper.sock`.length <= SOCKET_PATH_BYTES_MAX ? temporary : "/tmp";
  return mkdtempSync(join(base, "cloister-"));
}

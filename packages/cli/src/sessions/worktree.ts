/** Makes and removes worktrees. Git itself runs in a cell: what a repository's settings name is not run outside. */
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { streamOf } from "@cloister/airlock";
import { CloisterError, newId } from "@cloister/base";
import { openCells, runInCell, type Tier } from "@cloister/cell";
import { applyWishes } from "../cell-wishes.ts";
import { checkWorkspace, commandCell, makeScratch, userFor } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import {
  isWorktreeName,
  worktreeAt,
  worktreeFolders,
  worktreePath,
  type Worktree,
} from "./worktree-places.ts";

export interface WorktreeOptions {
  readonly tier: Tier;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/**
 * A worktree of the repository in this folder, made from its HEAD; an existing one of that name is taken as it is.
 * @throws CloisterError `usage`, `no-repository`, `worktree-failed`
 */
export async function openWorktree(asked: string, options: WorktreeOptions): Promise<Worktree> {
  const { environment } = options;
  const name = asked === "" ? newId("w").slice(0, 8).replace("_", "-") : asked;
  if (!isWorktreeName(name)) {
    throw new CloisterError(`a worktree cannot be called "${name}"`, {
      code: "usage",
      next: "letters, digits, - and _, at most 41",
    });
  }
  const repository = checkWorkspace(environment.directory, environment.home);
  const git = join(repository, ".git");
  if (lstatSync(git, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new CloisterError(`${repository} is not the top of a git repository`, {
      code: "no-repository",
      next: "change into the repository's own folder, or leave --worktree out",
    });
  }
  const path = worktreePath(environment.home, repository, name);
  const known = worktreeAt(path, environment.home);
  if (known !== undefined) return known;
  const worktree = { name, branch: `cloister/${name}`, path, git, own: join(git, "worktrees", name) };
  if (existsSync(path) || existsSync(worktree.own)) {
    throw new CloisterError(`there is something at ${path}, or a worktree ${name} of git's own`, {
      code: "worktree-failed",
      next: "give another name",
    });
  }
  try {
    makeFolders(worktree, environment);
    const branch = JSON.stringify(`refs/heads/${worktree.branch}`);
    const from = `commit=$(git --git-dir="$1" rev-parse --verify --quiet "HEAD^{commit}") || { echo "it has no commit yet"; exit 1; }`;
    const reference = `git rev-parse --verify --quiet ${branch} >/dev/null || git update-ref ${branch} "$commit"`;
    await runGit(worktree, `${from}; ${reference} && git reset --hard --quiet`, options);
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    rmSync(worktree.own, { recursive: true, force: true });
    throw error;
  }
  return worktree;
}

/** What `git worktree add` makes (gitrepository-layout(5)), without its checkout and its hook. */
function makeFolders({ path, git, own, branch }: Worktree, environment: Environment): void {
  const user = userFor(join(git, ".."), environment);
  const given = (made: string): void => {
    if (environment.user.uid === 0) chownSync(made, user.uid, user.gid);
  };
  for (const folder of [join(git, "worktrees"), own, join(git, "logs"), path]) {
    if (existsSync(folder)) continue;
    mkdirSync(folder, { recursive: true, mode: folder === path ? 0o700 : 0o777 });
    given(folder);
  }
  const files: readonly (readonly [string, string])[] = [
    [join(own, "gitdir"), `${join(path, ".git")}\n`],
    [join(own, "commondir"), "../..\n"],
    [join(own, "HEAD"), `ref: refs/heads/${branch}\n`],
    // Empty, and unwritable in the cell: with it nobody can give the worktree settings of its own.
    [join(own, "config.worktree"), ""],
    [join(path, ".git"), `gitdir: ${own}\n`],
  ];
  for (const [file, text] of files) {
    writeFileSync(file, text, { flag: "wx" });
    given(file);
  }
}

/** What is new there becomes a commit, so that it can be merged. Resolves with the files that differ from where it began. */
export async function keepWork(
  worktree: Worktree,
  message: string,
  options: WorktreeOptions,
): Promise<readonly string[]> {
  const who = "-c user.name=cloister -c user.email=cloister@localhost -c commit.gpgsign=false";
  const commit = `git ${who} commit --quiet -m ${JSON.stringify(message)}`;
  const files = await runGit(
    worktree,
    `git add -A && { git diff --cached --quiet || ${commit}; } && ` +
      'git diff --name-only "$(git merge-base "$(git --git-dir="$1" rev-parse HEAD)" HEAD)" HEAD',
    options,
  );
  return files.split("\n").filter((file) => file !== "");
}

/** @throws CloisterError `worktree-dirty` */
export async function removeWorktree(
  worktree: Worktree,
  { force, ...options }: WorktreeOptions & { readonly force: boolean },
): Promise<void> {
  if (!force) {
    const changes = await runGit(worktree, "git status --porcelain", options);
    if (changes.trim() !== "") {
      throw new CloisterError(`worktree ${worktree.name} has changes that are in no commit`, {
        code: "worktree-dirty",
        next: `commit them in ${worktree.path}, or add --force to lose them`,
      });
    }
  }
  rmSync(worktree.path, { recursive: true, force: true });
  rmSync(worktree.own, { recursive: true, force: true });
}

const GIT_MS_MAX = 300_000;
const OUTPUT_BYTES_MAX = 20_000;

/** Where no cell is wanted, the repository's monitor and hooks are not run either. */
const ownGit = {
  GIT_CONFIG_COUNT: "2",
  ...{ GIT_CONFIG_KEY_0: "core.fsmonitor", GIT_CONFIG_VALUE_0: "false" },
  ...{ GIT_CONFIG_KEY_1: "core.hooksPath", GIT_CONFIG_VALUE_1: "/dev/null" },
};

async function runGit(
  { path, git }: Worktree,
  script: string,
  { tier, environment, signal }: WorktreeOptions,
): Promise<string> {
  const scratch = makeScratch(environment.temporary);
  const user = userFor(path, environment);
  const cells = await openCells({ tier, scratch, architecture: environment.architecture, user, streamOf });
  try {
    const command = commandCell(path, environment);
    const view = applyWishes(command.view, worktreeFolders(path, environment.home));
    const launch = {
      argv: ["/bin/sh", "-c", script, "sh", git],
      directory: path,
      environment: { ...command.environment, GIT_TERMINAL_PROMPT: "0", ...ownGit },
    };
    const limits = { timeoutMs: GIT_MS_MAX, outputBytesMax: OUTPUT_BYTES_MAX };
    const { exitCode, output } = await runInCell(cells, view, launch, limits, signal);
    if (exitCode === 0) return output;
    throw new CloisterError(`git could not do it: ${output.trim()}`, {
      code: "worktree-failed",
      next: "look at the repository with git status",
    });
  } finally {
    cells.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The branch that a person merges into, by name; undefined when HEAD is detached. */
export function mainBranch({ git }: Worktree): string | undefined {
  return /^ref: refs\/heads\/(.+)\n$/.exec(readFileSync(join(git, "HEAD"), "utf8"))?.[1];
}

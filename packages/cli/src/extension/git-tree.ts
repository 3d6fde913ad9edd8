/**
 * The files of a commit out of a git repository on this machine, or out of a bundle of one. Git runs in a cell without a
 * network, in a repository of its own that borrows the other's objects: the other is asked only which commit is meant, by
 * a command that starts nothing, and its hooks, filters and monitors are not even read. What is no plain file of the
 * commit is not taken.
 */
import {
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { streamOf } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import { openCells, runInCell, type Tier } from "@cloister/cell";
import { commandCell, makeScratch, userFor } from "../command-cell.ts";
import type { Environment } from "../environment.ts";

export type GitSource =
  /** `git`: the folder with its objects and references. */
  { readonly kind: "repository"; readonly git: string } | { readonly kind: "bundle"; readonly file: string };

/** Undefined for what is neither. A repository is one by its own `.git` folder, or by being a bare one. */
export function gitSourceAt(path: string): GitSource | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true) {
    return isBundle(path) ? { kind: "bundle", file: realpathSync(path) } : undefined;
  }
  if (stats?.isDirectory() !== true) return undefined;
  // A worktree's or a submodule's `.git` is a file, in which no path leads on.
  const isFolder = (at: string): boolean => lstatSync(at, { throwIfNoEntry: false })?.isDirectory() === true;
  const found = [join(path, ".git"), path].find(
    (folder) => isFolder(folder) && ["objects", "refs"].every((name) => isFolder(join(folder, name))),
  );
  return found === undefined ? undefined : { kind: "repository", git: realpathSync(found) };
}

/** As gitformat-bundle(5) has them begin. */
function isBundle(path: string): boolean {
  const head = Buffer.alloc(32);
  const file = openSync(path, "r");
  try {
    return /^# v[23] git bundle\n/u.test(head.toString("latin1", 0, readSync(file, head, 0, head.length, 0)));
  } finally {
    closeSync(file);
  }
}

export interface GitTreeOptions {
  readonly tier: Tier;
  readonly environment: Environment;
  readonly filesMax: number;
  readonly bytesMax: number;
  readonly signal: AbortSignal;
}

const GIT_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 20_000;
/** As git-check-ref-format(1) allows, and a commit's id; nothing that git would read as a way through history. */
const REFERENCE = /^[\p{L}\p{N}][\p{L}\p{N}._/+-]{0,199}$/u;

/** $1: the source. $2: the reference. $3: its kind. $4, $5: most files and bytes. */
const script = `
set -eu
fail() { echo "$1" >&2; exit 1; }
git init --quiet --bare --template= own
if [ "$3" = bundle ]; then
  git --git-dir=own bundle unbundle "$1" > heads
  commit=$(awk -v want="$2" '
    $2 == want || $2 == "refs/heads/" want || $2 == "refs/tags/" want { print $1; exit }
    length(want) >= 7 && index($1, want) == 1 { print $1; exit }' heads)
  [ -n "$commit" ] || { [ "$2" = HEAD ] && commit=$(awk 'NR == 1 { print $1 }' heads); }
else
  printf '%s/objects\\n' "$1" > own/objects/info/alternates
  commit=$(git --git-dir="$1" rev-parse --verify --quiet --end-of-options "$2^{commit}") || fail "there is no commit $2"
fi
[ -n "$commit" ] || fail "there is no commit $2"
git --git-dir=own ls-tree -r -l --full-tree "$commit^{tree}" |
  awk -v files="$4" -v bytes="$5" '{ n += 1; b += $4 } END { exit n > files || b > bytes }' ||
  fail "it has more than $4 files, or is larger than $5 bytes"
mkdir tree
git --git-dir=own --work-tree=tree -c core.bare=false read-tree "$commit^{tree}"
cd tree
git --git-dir=../own --work-tree=. -c core.bare=false -c core.symlinks=true checkout-index --all
find . ! -type f ! -type d -delete
`;

/**
 * Calls `use` with a folder that holds the files, and removes it. @throws CloisterError `no-git-tree`, and what `use`
 * throws
 */
export async function withGitTree<T>(
  source: GitSource,
  reference: string,
  { tier, environment, filesMax, bytesMax, signal }: GitTreeOptions,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  if (!REFERENCE.test(reference) || reference.includes("..")) {
    throw noTree(source, `"${reference}" is no name of a branch, a tag or a commit`);
  }
  const from = source.kind === "bundle" ? source.file : source.git;
  const scratch = makeScratch(environment.temporary);
  const work = join(realpathSync(scratch), "work");
  mkdirSync(work, { mode: 0o700 });
  const user = userFor(from, environment);
  if (environment.user.uid === 0) for (const folder of [scratch, work]) chownSync(folder, user.uid, user.gid);
  const cells = await openCells({ tier, scratch, architecture: environment.architecture, user, streamOf });
  try {
    const command = commandCell(work, environment);
    const view = { ...command.view, readable: [...command.view.readable, from] };
    const limits = { timeoutMs: GIT_MS_MAX, outputBytesMax: OUTPUT_BYTES_MAX };
    const argv = ["/bin/sh", "-c", script, "sh", from, reference, source.kind, `${filesMax}`, `${bytesMax}`];
    const launch = { argv, directory: work, environment: { ...command.environment, ...gitEnvironment } };
    const { exitCode, output } = await runInCell(cells, view, launch, limits, signal);
    if (exitCode !== 0) throw noTree(source, output.trim().split("\n").at(-1) ?? "git could not do it");
    return await use(join(work, "tree"));
  } finally {
    cells.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Whoever owns the repository, nothing of it is run; and nothing that is missing is fetched. */
const gitEnvironment = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_CONFIG_COUNT: "4",
  ...{ GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
  ...{ GIT_CONFIG_KEY_1: "core.fsmonitor", GIT_CONFIG_VALUE_1: "false" },
  ...{ GIT_CONFIG_KEY_2: "core.hooksPath", GIT_CONFIG_VALUE_2: "/dev/null" },
  ...{ GIT_CONFIG_KEY_3: "protocol.allow", GIT_CONFIG_VALUE_3: "never" },
};

function noTree(source: GitSource, why: string): CloisterError {
  const place = source.kind === "bundle" ? source.file : source.git;
  const shown = basename(place) === ".git" ? dirname(place) : place;
  return new CloisterError(`nothing can be taken from ${shown}: ${why}`, {
    code: "no-git-tree",
    next: "name a branch, a tag or a commit that it has: cloister plugin add REPOSITORY#main",
  });
}

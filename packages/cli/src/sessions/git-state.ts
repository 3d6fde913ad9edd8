/**
 * What of a repository goes back with its files: where HEAD and the branches stand, what is staged, and whether a merge
 * or a rebase is under way. They are files like others, noted and put back without git, so that no hook runs; but all
 * of them or none, for each says something about the others. Commits stay where they are.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { sha256, systemCodeOf } from "@cloister/base";
import { openFolder } from "@cloister/cell";
import { isSamePacked, mergePacked } from "./git-packed.ts";

export const GIT = ".git";
const INDEX = `${GIT}/index`;
export const PACKED: string = `${GIT}/packed-refs`;

/** Of gitrepository-layout(5). Remote branches are the remote's, and logs tell what was, but the stash's is the stash. */
const names =
  /^\.git\/(?:HEAD|index|packed-refs|MERGE_HEAD|MERGE_MODE|MERGE_MSG|SQUASH_MSG|CHERRY_PICK_HEAD|REVERT_HEAD|refs|refs\/stash|logs\/refs\/stash|(?:refs\/heads|refs\/tags|rebase-merge|rebase-apply|sequencer)(?:\/.*)?)$/;

export function isOfGit(path: string): boolean {
  return path.startsWith(`${GIT}/`);
}

/** Whether a checkpoint notes this path below `.git`. */
export function isGitState(path: string): boolean {
  return names.test(path) && !path.endsWith(".lock");
}

/** Whether it is none itself, but leads to some. */
export function isWayToGitState(path: string): boolean {
  return path === `${GIT}/logs` || path === `${GIT}/logs/refs`;
}

/** Of the name of a reference. */
function isState(name: string): boolean {
  return isGitState(`${GIT}/${name}`);
}

/** What is to stand in the table of references; undefined for a form that is not known. */
export function packedAfter(wanted: Buffer | undefined, now: Buffer | undefined): Buffer | undefined {
  return mergePacked(wanted, now, isState);
}

/**
 * Looking at a repository rewrites its index, with times at which files were seen: two that name the same contents are
 * the same. So are two tables of references that agree in those that go back.
 */
export function isSameState(path: string, one: Buffer | undefined, other: Buffer | undefined): boolean {
  if (path === PACKED) return isSamePacked(one, other, isState);
  if (path !== INDEX || one === undefined || other === undefined) return false;
  const [a, b] = [stagedIn(one), stagedIn(other)];
  return a !== undefined && a === b;
}

const HEAD_BYTES = 12;
const DIGEST_BYTES = 20;
/** Times, sizes and owners as they were seen; then the mode at 24, the name of the content at 40, and flags. */
const MODE_AT = 24;
const NAME_AT = 40;
const FLAGS_AT = 60;
const PATH_AT = 62;
const EXTENDED = 0x4000;

/** gitformat-index(5), versions 2 and 3. Its own digest at the end tells that names in it are SHA-1, and so long. */
function stagedIn(index: Buffer): string | undefined {
  const end = index.length - DIGEST_BYTES;
  if (end < HEAD_BYTES || index.toString("latin1", 0, 4) !== "DIRC") return undefined;
  const digest = createHash("sha1").update(index.subarray(0, end)).digest();
  if (!digest.equals(index.subarray(end))) return undefined;
  const [version, count] = [index.readUInt32BE(4), index.readUInt32BE(8)];
  if (version !== 2 && version !== 3) return undefined;
  const parts: Buffer[] = [];
  let at = HEAD_BYTES;
  // Each round takes an entry's fixed part at least, so the rounds are bounded by the length.
  for (let number = 0; number < count; number++) {
    if (at + PATH_AT > index.length) return undefined;
    const isExtended = (index.readUInt16BE(at + FLAGS_AT) & EXTENDED) !== 0;
    const pathEnd = index.indexOf(0, at + PATH_AT + (isExtended ? 2 : 0));
    if (pathEnd < 0) return undefined;
    parts.push(index.subarray(at + MODE_AT, at + MODE_AT + 4), index.subarray(at + NAME_AT, pathEnd + 1));
    // One to eight zeros end it at a multiple of eight.
    at += (Math.floor((pathEnd - at) / 8) + 1) * 8;
  }
  return sha256(...parts).toString("hex");
}

/**
 * Runs `work` while git itself writes neither index nor commits here, by git's own lock. Gives why it was not done.
 * @throws the file system's error
 */
export function whileGitWaits(workspace: string, work: () => string | undefined): string | undefined {
  using folder = openFolder(workspace, GIT);
  const lock = join(folder.path, "index.lock");
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    closeSync(openSync(lock, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
    return "git is at work there, or died in it: .git/index.lock is there; where no git runs, remove it";
  }
  try {
    return work();
  } finally {
    unlinkSync(lock);
  }
}

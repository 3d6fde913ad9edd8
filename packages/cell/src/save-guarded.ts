/**
 * Writes a file that no cell may write, for a person who allowed exactly that. A mount stands over it in cells that are
 * open, and must go on standing: the kernel takes a mount away from a file that is replaced, so such a file is rewritten.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { newId } from "@cloister/base";
import { isWithin } from "./find.ts";
import { guardsOf } from "./guard.ts";
import { openFolder } from "./open-folder.ts";

export interface GuardedSave {
  /** Absolute and free of symbolic links. */
  readonly workspace: string;
  /** From the workspace; links followed. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Of a new file: its permission bits. One that is there keeps its own. */
  readonly mode: number | undefined;
  /** To whom new files and folders belong, when we are root. */
  readonly user: { readonly uid: number; readonly gid: number };
}

export type GuardedSaved =
  | { readonly kind: "saved" }
  /** No guard stands there: whoever asks can write it, or may not for another reason. */
  | { readonly kind: "not-guarded" }
  | { readonly kind: "refused"; readonly why: string };

const NEW_FILE_MODE = 0o644;

/** A crash leaves the old content, the new one, or the new one beside it. @throws the file system's error */
export function saveGuarded(save: GuardedSave): GuardedSaved {
  const { workspace, path } = save;
  const guard = guardOver(workspace, path);
  if (guard === undefined) return { kind: "not-guarded" };
  const owner = process.getuid?.() === 0 ? save.user : undefined;
  using folder = openFolder(workspace, dirname(path), { isMade: true, owner });
  const target = join(folder.path, basename(path));
  const before = lstatSync(target, { throwIfNoEntry: false });
  if (before !== undefined && !before.isFile()) return { kind: "refused", why: `${path} is no plain file` };
  const draft = join(folder.path, `.${newId("cloister")}.tmp`);
  try {
    writeDraft(draft, save, before);
    if (before !== undefined && guard === join(workspace, path)) rewrite(target, save.content);
    else renameSync(draft, target);
  } finally {
    removeIfThere(draft);
  }
  return { kind: "saved" };
}

/** The guarded path that it is, or lies in. */
function guardOver(workspace: string, path: string): string | undefined {
  const full = join(workspace, path);
  const steps = path.split("/");
  const git = steps.indexOf(".git");
  const repositories = git > 0 ? [join(workspace, ...steps.slice(0, git + 1))] : [];
  const guards = guardsOf(workspace, repositories).filter(({ kind }) => kind !== "pin");
  // The innermost: a file may be guarded by itself in a folder that is.
  return guards
    .map((guard) => guard.path)
    .filter((guard) => isWithin(full, guard))
    .toSorted()
    .at(-1);
}

function writeDraft(draft: string, { content, mode, user }: GuardedSave, before: Stats | undefined): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = openSync(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    writeAll(file, content);
    const owner = before ?? user;
    if (process.getuid?.() === 0) fchownSync(file, owner.uid, owner.gid);
    fchmodSync(file, (before?.mode ?? mode ?? NEW_FILE_MODE) & 0o777);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What needs more room than the old content comes first: where there is none, the file is as it was. */
function rewrite(target: string, content: Uint8Array): void {
  const file = openSync(target, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    try {
      writeAll(file, content.subarray(size), size);
    } catch (error) {
      ftruncateSync(file, size);
      throw error;
    }
    writeAll(file, content.subarray(0, size));
    ftruncateSync(file, content.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, content: Uint8Array, at = 0): void {
  // Each round writes at least a byte, so the rounds are bounded by the length.
  for (let done = 0; done < content.length;) {
    done += writeSync(file, content, done, content.length - done, at + done);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    /* it was never made, or has its new name already */
  }
}

/**
 * Makes the changes of an overlay in the workspace. Others may be at work there, and what they do must not lead us out
 * of it: every folder on the way is opened without following links, and names are used from its descriptor only.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { messageOf } from "@cloister/base";
import { openFolder, type OpenFolder } from "./open-folder.ts";
import type { Change, Version } from "./overlay-change.ts";
import { versionOf } from "./overlay-changes.ts";

export interface PromoteOptions {
  readonly workspace: string;
  readonly upper: string;
  /** To whom new files belong, when we are root. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Also those with a caution. */
  readonly guarded: boolean;
}

export type Promoted =
  | { readonly kind: "promoted"; readonly path: string }
  | { readonly kind: "left"; readonly path: string; readonly why: string };

/** Each change by itself: one that cannot be made is reported and the others are made. Each file is whole or not there. */
export function promote(changes: readonly Change[], options: PromoteOptions): Promoted[] {
  // What has to go makes room first, the deepest before their folders; then folders before what is in them.
  const gone = changes.filter(({ kind }) => kind === "deleted").toReversed();
  const come = changes.filter(({ kind }) => kind !== "deleted");
  const results = [...gone, ...come].map((change) => promoteOne(change, options));
  // A folder's own mode comes last: it may forbid what had to be made in it.
  const made = new Set(results.filter(({ kind }) => kind === "promoted").map(({ path }) => path));
  const late = new Map<string, Promoted>();
  for (const change of come.toReversed()) {
    const { after, path } = change;
    if (after?.type === "directory" && made.has(path)) {
      late.set(path, finishFolder(path, after.mode, options));
    }
  }
  return results.map((result) => late.get(result.path) ?? result);
}

function finishFolder(path: string, mode: number, { workspace }: PromoteOptions): Promoted {
  try {
    using parent = openFolder(workspace, dirname(path));
    setFolderMode(join(parent.path, basename(path)), mode);
    return { kind: "promoted", path };
  } catch (error) {
    return { kind: "left", path, why: messageOf(error) };
  }
}

function promoteOne(change: Change, options: PromoteOptions): Promoted {
  const { path } = change;
  const left = (why: string): Promoted => ({ kind: "left", path, why });
  if (change.refused !== undefined) return left(change.refused);
  if (change.caution !== undefined && !options.guarded) return left(change.caution);
  try {
    using parent = openFolder(options.workspace, dirname(path));
    const target = join(parent.path, basename(path));
    if (versionOf(target)?.stamp !== change.before?.stamp) return left("it was changed outside meanwhile");
    if (change.kind === "deleted") remove(target, change.before);
    else if (change.after !== undefined) make({ change, after: change.after, target, parent, options });
    return { kind: "promoted", path };
  } catch (error) {
    return left(messageOf(error));
  }
}

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

function remove(target: string, before: Version | undefined): void {
  if (before?.type === "directory") rmdirSync(target);
  else unlinkSync(target);
}

interface Making {
  readonly change: Change;
  readonly after: Version;
  readonly target: string;
  readonly parent: OpenFolder;
  readonly options: PromoteOptions;
}

function make(making: Making): void {
  const { change, after, target, options } = making;
  switch (after.type) {
    case "directory":
      if (change.kind === "created") {
        mkdirSync(target, { mode: 0o700 });
        if (isRoot()) lchownSync(target, options.user.uid, options.user.gid);
      }
      return setFolderMode(target, after.mode | 0o700);
    case "link":
      return place(making, (temporary) => symlinkSync(after.target ?? "", temporary));
    case "file":
      return place(making, (temporary) => copy(making, temporary));
    case "special":
      throw new Error("a device, pipe or socket");
  }
}

function setFolderMode(target: string, mode: number): void {
  const descriptor = openSync(target, FOLDER_FLAGS);
  try {
    // A folder that hands its group on keeps doing so.
    fchmodSync(descriptor, (mode & 0o777) | (fstatSync(descriptor).mode & 0o2000));
  } finally {
    closeSync(descriptor);
  }
}

/** Under a name of its own first, so that whoever looks sees the old one or the new one whole. */
function place({ change, target, parent, options }: Making, write: (temporary: string) => void): void {
  const temporary = join(parent.path, `.cloister-${randomBytes(8).toString("hex")}`);
  try {
    write(temporary);
    if (isRoot()) {
      const owner = change.kind === "changed" ? lstatSync(target) : options.user;
      lchownSync(temporary, owner.uid, owner.gid);
    }
    // A link of the file fails where somebody made one of that name in this moment; a rename would replace it.
    if (change.kind === "created") {
      linkSync(temporary, target);
      unlinkSync(temporary);
    } else renameSync(temporary, target);
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
}

const COPIED_BYTES = 1 << 20;

function copy({ change, after, options }: Making, temporary: string): void {
  const source = openNew(join(options.upper, change.path), after.mode);
  try {
    const stats = fstatSync(source);
    if (!stats.isFile() || stats.size !== after.bytes) throw new Error("it changed since it was shown");
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const out = openSync(temporary, flags, 0o600);
    try {
      const buffer = Buffer.alloc(Math.min(COPIED_BYTES, Math.max(1, after.bytes)));
      for (let at = 0; at < after.bytes;) {
        const got = readSync(source, buffer, 0, buffer.length, at);
        if (got === 0) throw new Error("it changed since it was shown");
        for (let put = 0; put < got;) put += writeSync(out, buffer, put, got - put);
        at += got;
      }
      if (isRoot()) fchownSync(out, options.user.uid, options.user.gid);
      fchmodSync(out, after.mode & 0o777);
      fsyncSync(out);
    } finally {
      closeSync(out);
    }
  } finally {
    closeSync(source);
  }
}

/** The command may have left a file that even its owner cannot read; it is ours to read. */
function openNew(path: string, mode: number): number {
  if ((mode & 0o400) === 0 && lstatSync(path).isFile()) chmodSync(path, 0o600);
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    /* it was never made, or has its new name already */
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

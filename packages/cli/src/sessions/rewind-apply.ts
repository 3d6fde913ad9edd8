/** Puts files back. Nothing is written or removed through a link, and what changed since it was planned is left alone. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lchownSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { openFolder } from "@cloister/cell";
import { messageOf, newId, systemCodeOf } from "@cloister/base";
import { isOfGit, PACKED, packedAfter, whileGitWaits } from "./git-state.ts";
import type { ObjectStore } from "./objects.ts";
import type { RewindPlan, RewindStep } from "./rewind-plan.ts";
import { stampsOf } from "./take-tree.ts";
import type { TreeEntry } from "./tree.ts";

export interface Rewound {
  readonly done: readonly string[];
  readonly left: readonly { readonly path: string; readonly why: string }[];
}

export interface ApplyOptions {
  readonly workspace: string;
  readonly store: Pick<ObjectStore, "get">;
  /** A path that is not as it was when the plan was made: all of git is left alone. */
  readonly changedInGit?: string | undefined;
}

export function applyRewind(plan: RewindPlan, { workspace, store, changedInGit }: ApplyOptions): Rewound {
  const done: string[] = [];
  const left: { path: string; why: string }[] = [];
  const owner = statSync(workspace);
  const world = { workspace, store, owner: process.getuid?.() === 0 ? owner : undefined };
  const goes = ({ kind }: RewindStep): boolean => kind === "deleted";
  // What goes makes room first, from the inside out; what comes back needs its folders, from the outside in.
  const order = [...plan.steps.filter(goes).toReversed(), ...plan.steps.filter((step) => !goes(step))];
  const putAll = (chosen: readonly RewindStep[]): void => {
    for (const step of chosen) {
      const why = attempt(step, world);
      if (why === undefined) done.push(step.path);
      else left.push({ path: step.path, why });
    }
  };
  putAll(order.filter(({ path }) => !isOfGit(path)));
  const ofGit = order.filter(({ path }) => isOfGit(path));
  const putGit = (): string | undefined => {
    const isOther = (step: RewindStep): boolean => isChanged(step, join(workspace, step.path), store);
    const changed = changedInGit ?? ofGit.find(isOther)?.path;
    if (changed === undefined) putAll(ofGit);
    return changed === undefined ? undefined : `${changed} changed just now`;
  };
  const why = ofGit.length === 0 ? undefined : attemptOr(() => whileGitWaits(workspace, putGit));
  if (why !== undefined) left.push(...ofGit.map(({ path }) => ({ path, why })));
  return { done, left };
}

interface World {
  readonly workspace: string;
  readonly store: Pick<ObjectStore, "get">;
  /** Set for root, whose own files would be nobody's in the project. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

function attempt(step: RewindStep, world: World): string | undefined {
  return attemptOr(() => put(step, world));
}

/** Why the file system would not. */
function attemptOr(work: () => string | undefined): string | undefined {
  try {
    return work();
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return systemCodeOf(error) === "ENOTEMPTY" ? "something else is in it" : messageOf(error);
  }
}

/** Since the plan was made. */
function isChanged({ now, stamps }: RewindStep, full: string, store: World["store"]): boolean {
  const stat = lstatSync(full, { throwIfNoEntry: false });
  if (stat === undefined || now === undefined) return (stat === undefined) !== (now === undefined);
  if (stamps === undefined || now.type === "directory") return false;
  if (stamps !== "") return stampsOf(stat) !== stamps;
  // It had been written just before it was looked at.
  if (now.type !== "file" || now.object === undefined) return false;
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  if (stat.size !== now.bytes || !stat.isFile()) return true;
  const content = readFileSync(full, { flag: O_RDONLY | O_NOFOLLOW | O_NONBLOCK });
  return store.get(now.object)?.equals(content) !== true;
}

/** Why it was left alone; undefined when it was done. */
function put(step: RewindStep, { workspace, store, owner }: World): string | undefined {
  const through = linkAbove(workspace, step.path);
  if (through !== undefined) return `${through} is a link, and leads somewhere else`;
  const { wanted } = step;
  // Held open: what runs in the workspace meanwhile could make a folder on the way a link after it was looked at.
  using folder = openFolder(workspace, dirname(step.path), { isMade: wanted !== undefined, owner });
  const full = join(folder.path, basename(step.path));
  if (isChanged(step, full, store)) return "it changed just now";
  const stat = lstatSync(full, { throwIfNoEntry: false });
  // Also where none is now: what it held beside branches and tags was deleted meanwhile, and stays so.
  const table = step.now ?? wanted;
  if (step.path === PACKED && table?.type === "file") {
    const content = packedAfter(contentOf(wanted, store), contentOf(step.now, store));
    if (content === undefined) return "it is of a form that is not known here";
    writeFile(full, content, { mode: table.mode, owner });
    return undefined;
  }
  if (stat !== undefined && (wanted === undefined || stat.isDirectory() !== (wanted.type === "directory"))) {
    if (stat.isDirectory()) rmdirSync(full);
    else unlinkSync(full);
  }
  switch (wanted?.type) {
    case undefined:
      return undefined;
    case "directory": {
      using made = openFolder(workspace, step.path, { isMade: true, owner });
      chmodSync(made.path, wanted.mode);
      if (owner !== undefined) chownSync(made.path, owner.uid, owner.gid);
      return undefined;
    }
    case "link": {
      const draft = draftBeside(full);
      symlinkSync(wanted.target, draft);
      if (owner !== undefined) lchownSync(draft, owner.uid, owner.gid);
      renameSync(draft, full);
      return undefined;
    }
    case "file": {
      const content = wanted.object === undefined ? undefined : store.get(wanted.object);
      if (content === undefined) return "its content is no longer there";
      writeFile(full, content, { mode: wanted.mode, owner });
      return undefined;
    }
  }
}

/** Nothing where nothing is; undefined for what was not kept. */
function contentOf(entry: TreeEntry | undefined, store: World["store"]): Buffer | undefined {
  if (entry === undefined) return Buffer.alloc(0);
  return entry.type === "file" && entry.object !== undefined ? store.get(entry.object) : undefined;
}

/** A reader sees the old content or the new. */
function writeFile(
  full: string,
  content: Buffer,
  { mode, owner }: { readonly mode: number; readonly owner: World["owner"] },
): void {
  const draft = draftBeside(full);
  const file = openSync(
    draft,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    // Each round writes at least a byte, so the rounds are bounded by the length.
    for (let done = 0; done < content.length;) done += writeSync(file, content, done);
    if (owner !== undefined) fchownSync(file, owner.uid, owner.gid);
    fchmodSync(file, mode);
  } catch (error) {
    unlinkSync(draft);
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(draft, full);
}

/** The name that checkpoints know as a draft, should the process be killed here. */
function draftBeside(full: string): string {
  return join(dirname(full), `.${newId("cloister")}.tmp`);
}

/** The first folder on the way that is a link. */
function linkAbove(workspace: string, path: string): string | undefined {
  const steps = path.split("/").slice(0, -1);
  return steps
    .map((_, at) => steps.slice(0, at + 1).join("/"))
    .find(
      (folder) => lstatSync(join(workspace, folder), { throwIfNoEntry: false })?.isSymbolicLink() === true,
    );
}

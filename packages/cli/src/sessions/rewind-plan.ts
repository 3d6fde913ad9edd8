/** What it takes to put a workspace back to where it was before a message: worked out and shown before it is done. */
import { maskedNames } from "@cloister/cell";
import type { ObjectStore } from "./objects.ts";
import type { Story } from "./story.ts";
import type { Noted } from "./take-tree.ts";
import { isSameEntry, treeAfter, type Tree, type TreeEntry } from "./tree.ts";

export interface RewindStep {
  readonly path: string;
  readonly kind: "created" | "changed" | "deleted";
  /** What stands there now, and its stamps: when they differ by the time it is done, it is left alone. */
  readonly now: TreeEntry | undefined;
  readonly stamps: string | undefined;
  readonly wanted: TreeEntry | undefined;
}

export interface RewindPlan {
  /** From 1. */
  readonly before: number;
  readonly steps: readonly RewindStep[];
  /** Changed by somebody else since the session last looked: theirs, unless forced. */
  readonly theirs: readonly RewindStep[];
  readonly impossible: readonly { readonly path: string; readonly why: string }[];
  /** Folders and files that checkpoints leave out; whether they changed is not known. */
  readonly left: readonly string[];
  /** False when the session was broken off: what was changed after its last checkpoint counts as its own. */
  readonly isSure: boolean;
}

export interface PlanOptions {
  readonly before: number;
  readonly story: Pick<Story, "marks" | "trees" | "isAtRest">;
  /** The workspace as it is. */
  readonly noted: ReadonlyMap<string, Noted>;
  readonly left: readonly string[];
  readonly store: Pick<ObjectStore, "get">;
  readonly force: boolean;
}

export type Planned =
  | { readonly kind: "plan"; readonly plan: RewindPlan }
  | { readonly kind: "none"; readonly why: string };

export function planRewind(options: PlanOptions): Planned {
  const { before, story, noted, store, force } = options;
  const mark = story.marks[before - 1];
  if (mark === undefined) {
    return { kind: "none", why: `there is no message ${before}; the last is ${story.marks.length}` };
  }
  // Nothing was changed by the session before the first checkpoint that follows the message.
  const at = story.trees.findIndex((_tree, index) => index >= mark.trees);
  if (at < 0) return { kind: "none", why: `there is no checkpoint of message ${before} or later` };
  const target = treeAfter(story.trees.slice(0, at + 1));
  const last = story.isAtRest ? treeAfter(story.trees) : undefined;
  const steps: RewindStep[] = [];
  const theirs: RewindStep[] = [];
  const impossible: { path: string; why: string }[] = [];
  for (const path of new Set([...target.keys(), ...noted.keys()])) {
    const now = noted.get(path);
    const wanted = target.get(path);
    if (isSameEntry(now?.entry, wanted)) continue;
    // A cell's own, seen while one ran: nobody made it, and nobody misses it.
    if (isMountPoint(path, target) && isMountPoint(path, noted)) continue;
    const why = whyNot(wanted, store);
    const step: RewindStep = {
      path,
      kind: now === undefined ? "created" : wanted === undefined ? "deleted" : "changed",
      now: now?.entry,
      stamps: now?.stamps,
      wanted,
    };
    if (why !== undefined) impossible.push({ path, why });
    else if (!force && isTheirs(path, now?.entry, last)) theirs.push(step);
    else steps.push(step);
  }
  return {
    kind: "plan",
    plan: {
      ...{ before, theirs: sorted(theirs), impossible },
      // A folder with something in it that stays, stays.
      steps: sorted(steps.filter((step) => !holdsAny(step, theirs))),
      left: [...new Set([...(story.trees[at]?.left ?? []), ...options.left])],
      isSure: story.isAtRest,
    },
  };
}

/** Nothing stands there, or a folder with nothing in it, where cells put such. */
function isMountPoint(path: string, tree: ReadonlyMap<string, TreeEntry | Noted>): boolean {
  if (!maskedNames.includes(path)) return false;
  const found = tree.get(path);
  const entry = found !== undefined && "entry" in found ? found.entry : found;
  if (entry !== undefined && entry.type !== "directory") return false;
  return !tree.keys().some((other) => other.startsWith(`${path}/`));
}

function whyNot(wanted: TreeEntry | undefined, store: PlanOptions["store"]): string | undefined {
  if (wanted?.type !== "file") return undefined;
  if (wanted.object === undefined) return "it was too large to be kept";
  return store.get(wanted.object) === undefined ? "its content is no longer there" : undefined;
}

/** It is not as the session left it. */
function isTheirs(path: string, now: TreeEntry | undefined, last: Tree | undefined): boolean {
  if (last === undefined) return false;
  const left = last.get(path);
  // A folder that a person made stays with what they put into it.
  return !isSameEntry(now, left);
}

function holdsAny(step: RewindStep, theirs: readonly RewindStep[]): boolean {
  if (step.kind !== "deleted" || step.now?.type !== "directory") return false;
  return theirs.some(({ path }) => path.startsWith(`${step.path}/`));
}

function sorted(steps: readonly RewindStep[]): RewindStep[] {
  return steps.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What it takes to put a workspace back to where it was before a message: worked out and shown before it is done. */
import { maskedNames } from "@cloister/cell";
import { GIT, isOfGit, isSameState, PACKED, packedAfter } from "./git-state.ts";
import type { ObjectStore } from "./objects.ts";
import type { Story } from "./story.ts";
import type { Noted } from "./take-tree.ts";
import { isSameEntry, treeAfter, type TreeEntry } from "./tree.ts";

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
  // What was none, or is none by now, is not made one, and not unmade. Branches in one table (reftable) stay there.
  const isRepository =
    target.has(`${GIT}/HEAD`) &&
    noted.has(`${GIT}/HEAD`) &&
    noted.get(`${GIT}/refs/heads`)?.entry.type === "directory";
  const contentOf = (entry: TreeEntry | undefined): Buffer | undefined => {
    if (entry === undefined) return Buffer.alloc(0);
    return entry.type === "file" && entry.object !== undefined ? store.get(entry.object) : undefined;
  };
  /** Contents are fetched of what is git's alone. */
  const isSameOfGit = (path: string, one: TreeEntry | undefined, other: TreeEntry | undefined): boolean =>
    isOfGit(path) && isSameState(path, contentOf(one), contentOf(other));
  /** It is not as the session left it; a folder that a person made stays with what they put into it. */
  const isTheirs = (now: TreeEntry | undefined, left: TreeEntry | undefined, path: string): boolean => {
    // Where the session was broken off nobody knows whose commits they are.
    if (last === undefined) return isOfGit(path);
    return !isSameEntry(now, left) && !isSameOfGit(path, now, left);
  };
  const moved = repositoriesIn(noted, target);
  const steps: RewindStep[] = [];
  const theirs: RewindStep[] = [];
  const impossible: { path: string; why: string }[] = moved.map((path) => ({
    path,
    why: "it is a git repository",
  }));
  for (const path of new Set([...target.keys(), ...noted.keys()])) {
    const now = noted.get(path);
    const wanted = target.get(path);
    if (isSameEntry(now?.entry, wanted)) continue;
    if (isSameOfGit(path, now?.entry, wanted)) continue;
    if (isOfGit(path) && !isRepository) continue;
    if (moved.some((folder) => path === folder || path.startsWith(`${folder}/`))) continue;
    // A cell's own, seen while one ran: nobody made it, and nobody misses it.
    if (isMountPoint(path, target) && isMountPoint(path, noted)) continue;
    const isUnknown = path === PACKED && packedAfter(contentOf(wanted), contentOf(now?.entry)) === undefined;
    const why = whyNot(wanted, store) ?? (isUnknown ? "it is of a form that is not known here" : undefined);
    const step: RewindStep = {
      path,
      kind: now === undefined ? "created" : wanted === undefined ? "deleted" : "changed",
      now: now?.entry,
      stamps: now?.stamps,
      wanted,
    };
    if (why !== undefined) impossible.push({ path, why });
    else if (!force && isTheirs(now?.entry, last?.get(path), path)) theirs.push(step);
    else steps.push(step);
  }
  // All of git or nothing: a branch that somebody else moved makes the rest theirs too.
  const isGitKept = [...theirs, ...impossible].some(({ path }) => isOfGit(path));
  const kept = isGitKept ? [...theirs, ...steps.filter(({ path }) => isOfGit(path))] : theirs;
  const keptPaths = new Set([...kept, ...impossible].map(({ path }) => path));
  const keptFolders = new Set(keptPaths.values().flatMap(foldersAbove));
  // A folder with something in it that stays, stays.
  const stays = ({ path, kind, now }: RewindStep): boolean =>
    keptPaths.has(path) || (kind === "deleted" && now?.type === "directory" && keptFolders.has(path));
  return {
    kind: "plan",
    plan: {
      ...{ before, theirs: sorted(kept), impossible },
      steps: sorted(steps.filter((step) => !stays(step))),
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

/**
 * Repositories that were not there: what a session moved aside, commits and all. No checkpoint has kept those, so they are
 * not taken for files that it made; nor is what stands at the place of the one that was moved.
 */
function repositoriesIn(
  noted: PlanOptions["noted"],
  target: ReadonlyMap<string, TreeEntry>,
): readonly string[] {
  const isFolder = (path: string): boolean => noted.get(path)?.entry.type === "directory";
  const found = [...noted.keys()].flatMap((path) => {
    const folder = path.endsWith("/objects") ? path.slice(0, -"/objects".length) : GIT;
    const isOne =
      folder !== GIT && isFolder(path) && isFolder(`${folder}/refs`) && noted.has(`${folder}/HEAD`);
    return isOne && !target.has(`${folder}/HEAD`) ? [folder] : [];
  });
  const isReplaced = noted.has(GIT) && target.has(`${GIT}/HEAD`);
  return isReplaced ? [...found, GIT] : found;
}

function whyNot(wanted: TreeEntry | undefined, store: PlanOptions["store"]): string | undefined {
  if (wanted?.type !== "file") return undefined;
  if (wanted.object === undefined) return "it was too large to be kept";
  return store.get(wanted.object) === undefined ? "its content is no longer there" : undefined;
}

function foldersAbove(path: string): readonly string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_name, at) => names.slice(0, at + 1).join("/"));
}

function sorted(steps: readonly RewindStep[]): RewindStep[] {
  return steps.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What a session has changed in the files, as its checkpoints have it: by its tools, its commands, or whatever they started. */
import { dirname } from "node:path";
import type { ShownChange } from "../print/changes.ts";
import { readWholeSession, type FoundSession } from "./find-session.ts";
import { isOfGit } from "./git-state.ts";
import { openObjects, type ObjectStore } from "./objects.ts";
import { sealingOf, toShown } from "./rewind.ts";
import type { Story } from "./story.ts";
import { isSameEntry, treeAfter, type TreeEntry } from "./tree.ts";

/**
 * From before its first message to the end of its last piece of work that is done; undefined where no checkpoint was
 * made. Secrets are sealed. @throws CloisterError `session-damaged`
 */
export function readSessionChanges(found: FoundSession): readonly ShownChange[] | undefined {
  const { place } = found;
  const { story } = readWholeSession(found, { lenient: true });
  if (story.trees.length < 2) return undefined;
  const store = openObjects(dirname(place.folder), place.key);
  try {
    return changesOf(story.trees, store, sealingOf(story));
  } finally {
    store.close();
  }
}

/** What a person changed between two messages is theirs; a file that both changed is shown with all that became of it. */
export function changesOf(
  trees: Story["trees"],
  store: Pick<ObjectStore, "get">,
  seal: (text: string) => string,
): readonly ShownChange[] {
  const base = treeAfter(trees.slice(0, 1));
  const last = treeAfter(trees);
  const touched = new Set(
    trees
      .slice(1)
      .flatMap(({ before, changes }) => (before === undefined ? changes.map(([path]) => path) : [])),
  );
  return [...touched].toSorted().flatMap((path) => {
    // Git itself shows what became of its branches.
    if (isOfGit(path)) return [];
    const [now, wanted] = [base.get(path), last.get(path)];
    if (isSameEntry(now, wanted) || isFolder(wanted ?? now)) return [];
    const kind = now === undefined ? "created" : wanted === undefined ? "deleted" : "changed";
    return [toShown({ path, kind, now, wanted }, store, seal)];
  });
}

function isFolder(entry: TreeEntry | undefined): boolean {
  return entry?.type === "directory";
}

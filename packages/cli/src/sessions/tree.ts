/** The state of a workspace as a checkpoint has it: what stands at each path, and how to tell that it changed. */

export type TreeEntry =
  | {
      readonly type: "file";
      readonly mode: number;
      readonly bytes: number;
      /** Of its content in the store; undefined where it was not kept. */
      readonly object?: string;
      /** Of a file that was not kept: when it was last written, in milliseconds, to tell whether it changed. */
      readonly written?: number;
    }
  | { readonly type: "link"; readonly target: string }
  | { readonly type: "directory"; readonly mode: number };

/** Relative to the workspace, with slashes; null where nothing is any more. */
export type TreeChange = readonly [path: string, entry: TreeEntry | null];

export type Tree = ReadonlyMap<string, TreeEntry>;

export function isSameEntry(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.type === "file" && b.type === "file") {
    if (a.mode !== b.mode || a.bytes !== b.bytes) return false;
    if (a.object !== undefined && b.object !== undefined) return a.object === b.object;
    return a.object === b.object && a.written === b.written;
  }
  if (a.type === "link" && b.type === "link") return a.target === b.target;
  return a.type === "directory" && b.type === "directory" && a.mode === b.mode;
}

export function changesBetween(before: Tree, after: Tree): TreeChange[] {
  const changes: TreeChange[] = [];
  for (const [path, entry] of after) if (!isSameEntry(before.get(path), entry)) changes.push([path, entry]);
  for (const path of before.keys()) if (!after.has(path)) changes.push([path, null]);
  return changes;
}

export interface TreeStep {
  readonly whole: boolean;
  readonly changes: readonly TreeChange[];
}

/** The state after these steps. */
export function treeAfter(steps: readonly TreeStep[]): Map<string, TreeEntry> {
  const tree = new Map<string, TreeEntry>();
  for (const { whole, changes } of steps) {
    if (whole) tree.clear();
    for (const [path, entry] of changes) {
      if (entry === null) tree.delete(path);
      else tree.set(path, entry);
    }
  }
  return tree;
}

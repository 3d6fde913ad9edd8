/** What a cell covers of the folders that it shows, as of now; and the census that its command is measured by. */
import type { Census, Finding } from "./census.ts";
import { isWithin } from "./find.ts";
import { openGround, type Ground } from "./ground.ts";
import { hardLinksTo } from "./hide.ts";
import { planMasks, toHidden, type Mask } from "./mask.ts";
import { hiddenIn, type CellView } from "./view.ts";

export interface Look {
  readonly masks: readonly Mask[];
  /** Tells what could not be mounted. */
  tell(): void;
  /** Tells what the command left that mounts cannot forbid, once it has ended; with `aside`, what would run is moved. */
  sweep(options: { readonly aside: boolean }): void;
}

/** What a session remembers of its folders. */
export interface Grounds {
  look(view: CellView): Look;
  /** At the end of the session: everything is looked at once more, and told. */
  close(): void;
}

export function openGrounds(report: (findings: readonly Finding[]) => void): Grounds {
  const known = new Map<string, { readonly ground: Ground; readonly first: Census }>();
  const groundOf = (root: string): Ground => {
    const before = known.get(root);
    if (before !== undefined) return before.ground;
    const ground = openGround(root);
    known.set(root, { ground, first: ground.census() });
    return ground;
  };
  return {
    look(view) {
      const roots = [view.workspace, ...(view.writable ?? [])].toSorted();
      // In an overlay nothing is guarded: a person looks at the changes before they come to the workspace.
      const guarded = roots.filter((root) => view.workspaceFrom === undefined || root !== view.workspace);
      const grounds = guarded.map(groundOf);
      const { masks, refused } = planMasks(masksOf(view, grounds, groundOf), roots, seenIn(view));
      const before = grounds.map((ground) => ground.census());
      return {
        masks,
        tell: () => report(refused.map((path) => ({ kind: "mount-refused", path }))),
        sweep: ({ aside }) => {
          for (const [index, ground] of grounds.entries()) {
            const first = before[index];
            if (first !== undefined) report(ground.sweep(first, { aside }));
          }
        },
      };
    },
    close: () => {
      for (const { ground, first } of known.values()) {
        report(ground.sweep(first, { aside: false, whole: true }));
      }
    },
  };
}

function masksOf(view: CellView, grounds: readonly Ground[], groundOf: (root: string) => Ground): Mask[] {
  const named = hiddenIn(view)
    .map(toHidden)
    .filter((mask) => mask !== undefined);
  const files = named.filter(({ kind }) => kind === "hidden-file").map(({ path }) => path);
  const sockets = view.unixSockets === "inside" ? socketsIn(view, grounds, groundOf) : [];
  // No ground keeps the workspace below an overlay; its files may have other names all the same.
  const below = view.workspaceFrom === undefined ? [] : hardLinksTo(view.workspace, files);
  const more = [...grounds.flatMap((ground) => ground.hardLinks(files)), ...below, ...sockets];
  return [
    ...grounds.flatMap((ground) => ground.guards()),
    ...named,
    ...more.map((path) => ({ kind: "hidden-file", path }) as const),
  ];
}

/** Sockets handed in are shown elsewhere in the cell, and stay. */
function socketsIn(view: CellView, grounds: readonly Ground[], groundOf: (root: string) => Ground): string[] {
  const shown = view.readable.filter((path) => !path.startsWith("/usr/")).map(groundOf);
  const given = new Set(view.sockets.map(({ inside }) => inside));
  return [...grounds, ...shown].flatMap((ground) => ground.sockets()).filter((path) => !given.has(path));
}

/** Where a path of the cell can be looked at from here. In an overlay, commands may have put a link on its way. */
function seenIn({ workspace, workspaceSeen }: CellView): ((path: string) => string) | undefined {
  if (workspaceSeen === undefined) return undefined;
  return (path) => (isWithin(path, workspace) ? workspaceSeen + path.slice(workspace.length) : path);
}

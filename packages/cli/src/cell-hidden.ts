/** What the cells of a session do not show of the folders they may see: keys and tokens by rule, and what a person adds. */
import { realpathSync, statSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { CloisterError } from "@cloister/base";
import { openHidden, openHiddenRule, type CellView, type HiddenPath, type HideOptions } from "@cloister/cell";
import type { CellWishes } from "./cell-arguments.ts";

export interface HiddenFiles {
  /** As of now: asked anew for each command. For `CellView.hidden`. */
  readonly paths: () => readonly string[];
  /** With the rule that hides each. */
  readonly found: () => readonly HiddenPath[];
  /** What was not looked into, in words. */
  readonly cut: () => string | undefined;
}

/**
 * Of a `view` with the wishes applied: the workspace, and what a person shows besides, are looked through alike. `named`
 * gives the permission rule that hides a path.
 */
export function openHiddenFiles(
  view: CellView,
  wishes: CellWishes,
  named?: HideOptions["named"],
): HiddenFiles {
  const { read = [], write = [], show = [] } = wishes;
  // Only what a person named besides: the system's folders, toolchains and caches hold nobody's secrets.
  const shown = [...write, ...read].map((path) => realpathSync(resolve(view.workspace, path)));
  const roots = [view.workspace, ...shown.filter((path) => statSync(path).isDirectory())];
  const looks = roots.map((root) =>
    openHidden(root, { exceptions: exceptionsIn(root, show), ...(named === undefined ? {} : { named }) }),
  );
  const byName = typeof view.hidden === "function" ? view.hidden() : (view.hidden ?? []);
  const found = (): HiddenPath[] => [
    ...byName.map((path) => ({ path, reason: "hidden by name" })),
    ...looks.flatMap((look) => look().paths),
  ];
  return {
    found,
    paths: () => found().map(({ path }) => path),
    cut: () => looks.map((look) => look().cut).find((cut) => cut !== undefined),
  };
}

/** Patterns as an ignore file has them; an absolute path is turned into one where it lies in `root`. */
export function exceptionsIn(root: string, show: readonly string[]): string[] {
  return show
    .map((path) => (isAbsolute(path) ? `/${relative(root, path)}` : path))
    .filter((path) => !path.startsWith("/../"));
}

/** For a person: rules that could not look everywhere must not seem to have done so. */
export function hidingCut(cut: string): CloisterError {
  return new CloisterError(`not everything was looked through for files to hide: ${cut}`, {
    code: "hide-cut",
    next: "name what must not be read with --hide, or start in a smaller folder",
  });
}

export interface HiddenJob {
  /** Workspace-relative, as of the start. */
  readonly paths: readonly HiddenPath[];
  readonly show: readonly string[];
}

/** What the agent's process is told, so that its tools can name the rule. */
export function toHiddenJob(hidden: HiddenFiles, workspace: string, { show = [] }: CellWishes): HiddenJob {
  const paths = hidden
    .found()
    .filter(({ path }) => path.startsWith(`${workspace}/`))
    .map(({ path, reason }) => ({ path: relative(workspace, path), reason }));
  return { paths, show };
}

/**
 * Answers for the agent's tools. Its cell lasts as long as the session, and shows what came after its start: of that
 * the rules are asked anew.
 */
export function openHiddenAnswers(
  workspace: string,
  { paths, show }: HiddenJob,
): (path: string) => HiddenPath | undefined {
  const rule = openHiddenRule(workspace, { exceptions: exceptionsIn(workspace, show) });
  return (path) => {
    const known = paths.find((hidden) => path === hidden.path || path.startsWith(`${hidden.path}/`));
    if (known !== undefined) return known;
    const found = rule(join(workspace, path));
    return found === undefined ? undefined : { path: relative(workspace, found.path), reason: found.reason };
  };
}

/** Finds the real place of a path that a model wrote, and says whether it lies in the workspace. */
import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { systemCodeOf } from "@cloister/base";
import type { HiddenPlace, ToolWorld } from "./tool.ts";

export type Place =
  | {
      readonly kind: "inside";
      /** Absolute, symbolic links resolved as far as the path exists. */
      readonly real: string;
      /** Workspace-relative with "/" separators; "." for the workspace itself. */
      readonly path: string;
    }
  | { readonly kind: "refused"; readonly text: string };

const PATH_PARTS_MAX = 256;

/**
 * Resolves symbolic links first and compares whole components after, so that neither `/work-evil` beside `/work` nor
 * a link that leaves the workspace passes. The cell would deny those places anyway; this is for a clear message.
 */
export async function locate(
  filePath: string,
  { workspace, hidden }: Pick<ToolWorld, "workspace" | "hidden">,
): Promise<Place> {
  if (filePath === "") return refused("The path is empty. Give a path relative to the workspace.");
  if (filePath.includes("\0")) return refused("The path holds a NUL character. Give a plain path.");
  let existing = resolve(workspace, filePath);
  const missing: string[] = [];
  for (let parts = 0; parts < PATH_PARTS_MAX; parts++) {
    let real: string | undefined;
    try {
      // At once: it takes a hundredth of what it costs to ask another thread for it.
      real = realpathSync.native(existing);
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === "ELOOP") return refused(`${filePath} is a circle of symbolic links.`);
      // EACCES: the place cannot be seen into; what lies above still tells inside from outside.
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EACCES") throw error;
    }
    if (real !== undefined) {
      const place = placeOf(filePath, workspace, join(real, ...missing));
      const by = place.kind === "inside" ? hidden?.(place.path) : undefined;
      return by === undefined ? place : refused(hiddenText(by));
    }
    // A link to nothing must not be taken for a name that is free: a write through it could leave the workspace.
    if (isLink(existing)) {
      return refused(`${filePath} is a symbolic link to a place that does not exist. Use the real path.`);
    }
    missing.unshift(basename(existing));
    existing = dirname(existing);
  }
  return refused(`${filePath.slice(0, 80)}… has more than ${PATH_PARTS_MAX} parts.`);
}

/**
 * For a tool that only reads: beside the workspace also what was opened to it. Such a place has an absolute path. Its
 * cell shows it read-only, and hides in it what rules hide.
 */
export async function locateToRead(
  filePath: string,
  world: Pick<ToolWorld, "workspace" | "hidden" | "opened">,
): Promise<Place> {
  const { opened = [] } = world;
  if (isAbsolute(filePath) && opened.length > 0) {
    const real = realOf(filePath);
    const isOpened = opened.some((root) => real === root || real?.startsWith(`${root}/`) === true);
    if (real !== undefined && isOpened) return { kind: "inside", real, path: real };
  }
  return locate(filePath, world);
}

/** The same words from every tool. The cell holds it back in any case; this is for a clear message. */
export function hiddenText({ path, reason, by }: HiddenPlace): string {
  if (by === "permission") return `${path} may not be read: the rule ${reason} forbids it. Do without it.`;
  return (
    `${path} is hidden by a rule (${reason}): no tool and no command can read or change it, by any name. ` +
    `Do without it. Only the user can show it, with --show ${path} or "show" under "cell" in ~/.cloister/settings.json.`
  );
}

function placeOf(filePath: string, workspace: string, real: string): Place {
  const path = relative(workspace, real);
  if (path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path)) {
    return refused(
      `${filePath} is outside the workspace. Only files of the workspace can be used: give a path relative to it.`,
    );
  }
  return { kind: "inside", real, path: path === "" ? "." : path.replaceAll(sep, "/") };
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined; // not there, or not to be seen
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // Nothing there, or not to be seen: no link that could be followed.
    return false;
  }
}

function refused(text: string): Place {
  return { kind: "refused", text };
}

/** The patches of Codex and opencode (`*** Begin Patch` …): which files they touch, and what they take and bring. */

export interface PatchedFile {
  readonly path: string;
  /** Undefined for a file that is new. */
  readonly before: string | undefined;
  /** Undefined for a file that is taken away. */
  readonly after: string | undefined;
}

const FILES_MAX = 500;

/** Lines that are neither context, nor taken, nor brought count as both: nothing escapes by a slip of form. */
export function filesOfPatch(patch: string): PatchedFile[] {
  const files: PatchedFile[] = [];
  let file: { path: string; kind: string; before: string[]; after: string[] } | undefined;
  const close = (): void => {
    if (file === undefined) return;
    const { path, kind, before, after } = file;
    files.push({
      path,
      before: kind === "Add" ? undefined : before.join("\n"),
      after: kind === "Delete" ? undefined : after.join("\n"),
    });
    file = undefined;
  };
  for (const line of patch.split("\n")) {
    const [, kind, path] = /^\*\*\* (Add|Update|Delete) File: (.+)$/.exec(line) ?? [];
    if (kind !== undefined && path !== undefined) {
      close();
      if (files.length >= FILES_MAX) return files;
      file = { path: path.trim(), kind, before: [], after: [] };
      continue;
    }
    if (file === undefined) continue;
    const moved = /^\*\*\* Move to: (.+)$/.exec(line)?.[1];
    if (moved !== undefined) files.push({ path: moved.trim(), before: "", after: "" });
    else if (line.startsWith("+")) file.after.push(line.slice(1));
    else if (line.startsWith("-")) file.before.push(line.slice(1));
    else if (!line.startsWith("@@") && !line.startsWith("***")) {
      file.before.push(line.slice(1));
      file.after.push(line.slice(1));
    }
  }
  close();
  return files;
}

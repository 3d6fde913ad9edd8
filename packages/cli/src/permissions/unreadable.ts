/**
 * Files that permission rules forbid to read. Tools that go through many leave them out: the keeper judges a search by
 * where it starts, and nobody asks about each file that it finds. From commands, which are judged by their text alone,
 * the cell hides them.
 */
import { join } from "node:path";
import { forbidsReading, noRules, parseRules, type PermissionRules } from "@cloister/policy";

/** As they are written, for a process of its own to read again. */
export interface UnreadableFiles {
  readonly rules: readonly { readonly text: string; readonly root: string | undefined }[];
  /** What `~` in them means. */
  readonly home: string;
}

/** Undefined where no rule forbids to read a path. */
export function toUnreadable({ deny }: PermissionRules, home: string): UnreadableFiles | undefined {
  const rules = deny
    .filter(({ tool, specifier }) => specifier.kind === "path" && tool.matches("Read"))
    .map(({ text, root }) => ({ text, root }));
  return rules.length === 0 ? undefined : { rules, home };
}

export interface UnreadablePlace {
  readonly path: string;
  readonly reason: string;
  readonly by: "permission";
}

/** Answers for a path relative to the workspace. */
export function openUnreadable(
  workspace: string,
  files: UnreadableFiles | undefined,
): (path: string) => UnreadablePlace | undefined {
  if (files === undefined) return () => undefined;
  const { rules: written, home } = files;
  const deny = written.flatMap(({ text, root }) => {
    const from = root === undefined ? { isTrusted: true } : { isTrusted: true, root };
    return parseRules({ deny: [text] }, from).rules.deny;
  });
  const forbids = forbidsReading({ ...noRules, deny }, { workspace, home });
  return (path) => {
    const rule = forbids?.(join(workspace, path), false);
    return rule === undefined ? undefined : { path, reason: rule.text, by: "permission" };
  };
}

/** For the cells of a session: the rule that hides a path from commands. Undefined where there is none. */
export function hiddenByRules(
  rules: PermissionRules = noRules,
  places: { readonly workspace: string; readonly home: string },
): ((path: string, isDirectory: boolean) => string | undefined) | undefined {
  const forbids = forbidsReading(rules, places);
  return forbids && ((path, isDirectory) => forbids(path, isDirectory)?.text);
}

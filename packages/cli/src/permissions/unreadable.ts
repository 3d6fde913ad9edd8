/**
 * Files that permission rules forbid to read, for tools that go through many: the keeper judges a search by where it
 * starts, and nobody asks about each file that it finds. Commands are judged by their text; what must be out of reach
 * for them too is hidden in the cell.
 */
import { join } from "node:path";
import { noRules, parseRules, weighPermission, type PermissionRules } from "@cloister/policy";

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
  const rules: PermissionRules = { ...noRules, deny };
  const places = { workspace, home };
  return (path) => {
    const facts = { tool: "Read", text: join(workspace, path), places, canAsk: false };
    const { verdict, by, rule = "" } = weighPermission(rules, "default", facts);
    return verdict === "deny" && by === "rule" ? { path, reason: rule, by: "permission" } : undefined;
  };
}

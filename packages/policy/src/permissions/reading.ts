/** Rules that forbid to read a file, asked of one path after another: for whoever goes through many. */
import { matchesPath, type Places } from "./places.ts";
import type { PermissionRule, PermissionRules } from "./rule.ts";

/**
 * The rule that forbids to read what lies at an absolute path. A folder is named also by a rule for all that is in it
 * (`private/**`). Links are not followed.
 */
export type ForbidsReading = (path: string, isDirectory: boolean) => PermissionRule | undefined;

/** Undefined where no rule forbids to read a path. */
export function forbidsReading({ deny }: PermissionRules, places: Places): ForbidsReading | undefined {
  const rules = deny.flatMap((rule) => {
    const { tool, specifier, root } = rule;
    return specifier.kind === "path" && tool.matches("Read")
      ? [{ rule, pattern: specifier.pattern, root, isForAll: /\/\*\*\s*\)\s*$/u.test(rule.text) }]
      : [];
  });
  if (rules.length === 0) return undefined;
  return (path, isDirectory) =>
    rules.find(({ pattern, root, isForAll }) => {
      const how = { places, settingsRoot: root, isWide: true };
      return (
        matchesPath(pattern, path, how) ||
        (isDirectory && isForAll && matchesPath(pattern, `${path}/${ANY_NAME}`, how))
      );
    })?.rule;
}

/** A name that no pattern spells: one that fits it at the end of a path fits every name there. */
const ANY_NAME = "\u0001";

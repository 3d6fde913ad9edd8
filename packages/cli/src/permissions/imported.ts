/** The permission blocks of imported settings, made into rules: what forbids counts always, the rest where it is trusted. */
import { basename, dirname } from "node:path";
import type { ChosenExtensions } from "@cloister/agent/extensions";
import {
  joinRules,
  noRules,
  type PermissionMode,
  type PermissionRules,
  type RuleProblem,
} from "@cloister/policy";
import { readPermissions } from "./read-permissions.ts";

export interface ImportedRules {
  readonly rules: PermissionRules;
  /** Of the user's own settings, or of a trusted project's; never `bypass`, which is said to us or not at all. */
  readonly mode: PermissionMode | undefined;
  readonly forbidden: readonly PermissionMode[];
  readonly opened: readonly string[];
  /** What could not be taken over, with its file: for the person to see. */
  readonly problems: readonly (RuleProblem & { readonly origin: string })[];
}

/** @param lineOf the line of a rule in its file, for whoever is to find it; undefined where it is not to be told */
export function toPermissionRules(
  blocks: ChosenExtensions["permissions"],
  lineOf: (path: string, rule: string) => number | undefined = () => undefined,
): ImportedRules {
  const read = blocks.map(({ origin, isTrusted, settings }) => {
    const root = rootOf(origin.path);
    const found = readPermissions(settings.permissions, { origin: origin.path, root, isTrusted });
    return { ...found, path: origin.path };
  });
  const modes = read.map(({ mode }) => mode).filter((mode) => mode !== undefined && mode !== "bypass");
  return {
    rules: withLines(joinRules(noRules, ...read.map(({ rules }) => rules)), lineOf),
    mode: modes.at(-1),
    forbidden: read.flatMap(({ forbidden }) => forbidden),
    opened: read.flatMap(({ opened }) => opened),
    problems: read.flatMap(({ problems, path }) => problems.map((problem) => ({ ...problem, origin: path }))),
  };
}

/** `/p` in a rule starts from the folder around `.claude` and its like. */
function rootOf(path: string): string {
  const folder = dirname(path);
  return basename(folder).startsWith(".") ? dirname(folder) : folder;
}

function withLines(
  rules: PermissionRules,
  lineOf: (path: string, rule: string) => number | undefined,
): PermissionRules {
  const named = (list: PermissionRules["deny"]): PermissionRules["deny"] =>
    list.map((rule) => {
      const line = rule.origin === undefined ? undefined : lineOf(rule.origin, rule.text);
      return line === undefined ? rule : { ...rule, origin: `${rule.origin}:${line}` };
    });
  return { ...rules, deny: named(rules.deny), ask: named(rules.ask), allow: named(rules.allow) };
}

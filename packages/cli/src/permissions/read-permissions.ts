/** The block `permissions` of a settings file, and the flags of a run, made into rules. */
import { isRecord } from "@cloister/base";
import {
  parsePermissionMode,
  parseRules,
  type PermissionMode,
  type PermissionRules,
  type RuleOrigin,
  type RuleProblem,
} from "@cloister/policy";
import { usage } from "../option-values.ts";

export interface PermissionSettings {
  readonly rules: PermissionRules;
  /** Undefined where the block names none that is ours. */
  readonly mode: PermissionMode | undefined;
  /** Modes that the block switches off. */
  readonly forbidden: readonly PermissionMode[];
  /** Folders opened beside the workspace, as they are written. */
  readonly opened: readonly string[];
  readonly problems: readonly RuleProblem[];
}

const lists = ["deny", "ask", "allow"] as const;
const known = new Set([...lists, "defaultMode", "additionalDirectories", "disableBypassPermissionsMode"]);

/**
 * Reads our own block and those of other agents, which write it alike. What cannot be read is a problem to show, and
 * for a managed file to refuse: a rule that forbids and is lost protects nobody.
 */
export function readPermissions(value: unknown, origin: RuleOrigin): PermissionSettings {
  const problems: RuleProblem[] = [];
  const block = isRecord(value) ? value : {};
  const isObject = value === undefined || isRecord(value);
  if (!isObject) problems.push({ text: "permissions", why: "it must be an object" });
  const strange = Object.keys(block).filter((name) => !known.has(name));
  problems.push(...strange.map((text) => ({ text, why: "there is no such setting" })));
  const texts = (name: string): readonly string[] => {
    const list = block[name] ?? [];
    const entries: readonly unknown[] = Array.isArray(list) ? list : [list];
    const found = entries.filter((entry) => typeof entry === "string");
    const isWhole = Array.isArray(list) && found.length === entries.length;
    if (!isWhole) problems.push({ text: name, why: "it must be a list of texts" });
    return found;
  };
  const [deny = [], ask = [], allow = []] = lists.map(texts);
  const parsed = parseRules({ deny, ask, allow }, origin);
  const written = block["defaultMode"];
  const mode = typeof written === "string" ? parsePermissionMode(written) : undefined;
  if (written !== undefined && mode === undefined) {
    problems.push({
      text: `defaultMode: ${JSON.stringify(written)}`,
      why: "there is no such mode here; everything is asked",
    });
  }
  return {
    rules: parsed.rules,
    // A project that nobody trusts yet opens nothing and chooses no mode.
    mode: origin.isTrusted ? mode : undefined,
    forbidden: block["disableBypassPermissionsMode"] === "disable" ? ["bypass"] : [],
    opened: origin.isTrusted ? texts("additionalDirectories") : [],
    problems: [...problems, ...parsed.problems],
  };
}

/** Of our own settings, which say one thing more. */
export interface OwnPermissionSettings extends PermissionSettings {
  readonly askFor: "guarded" | "all" | undefined;
}

export function readOwnPermissions(value: unknown, origin: string): OwnPermissionSettings {
  const { askFor: written, ...block }: Readonly<Record<string, unknown>> = isRecord(value) ? value : {};
  const found = readPermissions(isRecord(value) ? block : value, { origin, isTrusted: true });
  const askFor = (["guarded", "all"] as const).find((each) => each === written);
  const problem = { text: "askFor", why: 'it is "guarded" or "all"' };
  const isBad = written !== undefined && askFor === undefined;
  return { ...found, askFor, problems: isBad ? [...found.problems, problem] : found.problems };
}

/** `--allow` and `--deny`, as they were written, and not read yet. */
export interface CallFlags {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** `--allow '*'`: a rule that allows every tool is no rule, but the mode `bypass`. */
export function bypassIn({ allow }: CallFlags): string | undefined {
  return allow.find((text) => everything.test(text.trim()));
}

const everything = /^\*+(?:\(\*+\))?$/u;

/**
 * What a person says to the calls of this run.
 * @throws CloisterError `usage` for what is no rule
 */
export function flagRules(flags: CallFlags): PermissionRules {
  const read = (flag: string, parsed: ReturnType<typeof parseRules>): PermissionRules => {
    const [problem] = parsed.problems;
    if (problem === undefined) return parsed.rules;
    const examples = `${flag} 'Bash(git push *)', ${flag} 'Edit(src/**)', ${flag} WebFetch`;
    throw usage(`${flag} cannot be "${problem.text}": ${problem.why}`, examples);
  };
  const { endorsed } = read(
    "--allow",
    parseRules({ endorsed: flags.allow }, { origin: "--allow", isTrusted: true }),
  );
  const denied = read("--deny", parseRules({ deny: flags.deny }, { origin: "--deny", isTrusted: true }));
  return { ...denied, endorsed };
}

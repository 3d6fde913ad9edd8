/** Lists of rules from several places, made into one set. */
import { noRules, parseRule, whyNotToAllow, type PermissionRule, type PermissionRules } from "./rule.ts";

export interface RuleLists {
  readonly deny?: readonly string[];
  readonly ask?: readonly string[];
  readonly allow?: readonly string[];
  /** What a person allowed for this run. */
  readonly endorsed?: readonly string[];
}

export interface RuleOrigin {
  /** Shown with each decision: a file's name, a flag. */
  readonly origin?: string;
  /** The folder that patterns `/p` start from. */
  readonly root?: string;
  /** What a project allows counts only after a person trusted it; what it forbids counts always. */
  readonly isTrusted: boolean;
}

export interface RuleProblem {
  readonly text: string;
  readonly why: string;
}

const RULES_MAX = 2000;

/** A rule that cannot be read is a problem to show; the others hold. */
export function parseRules(
  lists: RuleLists,
  origin: RuleOrigin,
): { readonly rules: PermissionRules; readonly problems: readonly RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const read = (list: readonly string[] = [], allows = false): PermissionRule[] => {
    const tooMany = `a list holds more than ${RULES_MAX} rules`;
    if (list.length > RULES_MAX) problems.push({ text: "", why: tooMany });
    return list.slice(0, RULES_MAX).flatMap((text) => {
      const parsed = parseRule(text, origin);
      const why = parsed.kind === "bad" ? parsed.why : allows ? whyNotToAllow(parsed.rule) : undefined;
      if (why !== undefined) problems.push({ text, why });
      return why === undefined && parsed.kind === "rule" ? [parsed.rule] : [];
    });
  };
  const rules = {
    ...noRules,
    deny: read(lists.deny),
    ask: read(lists.ask),
    allow: read(lists.allow, true),
    endorsed: read(lists.endorsed, true),
  };
  return { rules: origin.isTrusted ? rules : { ...rules, allow: [], endorsed: [] }, problems };
}

export function joinRules(...all: readonly PermissionRules[]): PermissionRules {
  return {
    deny: all.flatMap(({ deny }) => deny),
    ask: all.flatMap(({ ask }) => ask),
    allow: all.flatMap(({ allow }) => allow),
    endorsed: all.flatMap(({ endorsed }) => endorsed),
    approved: new Set(all.flatMap(({ approved }) => Array.from(approved))),
  };
}

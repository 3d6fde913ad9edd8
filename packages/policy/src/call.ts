/** Whether a tool call may happen: by rules on tools, then by its effect and by what is in the context. */
import { isTrusted, type Integrity } from "./classification.ts";
import type { CodeFindingKind, Effect, EffectRule, Policy, RuleSource, Verdict } from "./policy.ts";

export interface CallFacts {
  readonly tool: string;
  /** What the call does, as rules match it: the command line, the path, the address. */
  readonly text: string;
  readonly effect: Effect;
  /** The least trusted thing in the context. */
  readonly integrity: Integrity;
  /** Whatever runs it can reach nothing: then it carries nothing out, whatever was read before. */
  readonly isConfined?: boolean;
}

export interface CallDecision {
  readonly verdict: Verdict;
  readonly source: RuleSource;
  readonly reason: string | undefined;
}

const strictness: readonly Verdict[] = ["deny", "ask", "allow"];

/**
 * A rule that denies wins over one that asks, and that over one that allows, in whatever order they stand. A rule can
 * allow what the effect would ask for; what an effect denies, no rule on tools allows.
 */
export function decideCall(policy: Policy, facts: CallFacts): CallDecision {
  const byEffect = decideEffect(policy, facts);
  if (byEffect.verdict === "deny") return byEffect;
  for (const verdict of strictness) {
    const rule = policy.tools.find((candidate) => {
      if (candidate.decision !== verdict || !candidate.matchesTool.test(facts.tool)) return false;
      if (candidate.below !== undefined && !isLoose(facts, candidate.below)) return false;
      return candidate.matchesText?.test(facts.text) ?? true;
    });
    if (rule !== undefined) return { verdict, source: rule.source, reason: rule.reason };
  }
  return byEffect;
}

/** Whether something less trusted had a hand in a call that could carry something out. */
function isLoose({ integrity, isConfined }: CallFacts, below: Integrity): boolean {
  return isConfined !== true && !isTrusted(integrity, below);
}

/** What a finding in an edit comes to. */
export function decideFinding(policy: Policy, kind: CodeFindingKind, integrity: Integrity): CallDecision {
  return byTrust(policy.code[kind], kind, integrity);
}

/** Of several decisions on one call the one that counts: the first of the strictest. */
export function strictestOf(first: CallDecision, ...others: readonly CallDecision[]): CallDecision {
  return others.reduce(
    (strictest, other) =>
      strictness.indexOf(other.verdict) < strictness.indexOf(strictest.verdict) ? other : strictest,
    first,
  );
}

function decideEffect(policy: Policy, { effect, integrity }: CallFacts): CallDecision {
  return byTrust(policy.effects[effect], effect, integrity);
}

function byTrust(rule: EffectRule, what: string, integrity: Integrity): CallDecision {
  const isClean = isTrusted(integrity, "workspace");
  return {
    verdict: isClean ? rule.trusted : rule.untrusted,
    source: rule.source,
    reason: isClean ? undefined : `${what}, after something ${integrity} was read`,
  };
}

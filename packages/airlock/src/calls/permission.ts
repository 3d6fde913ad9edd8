/**
 * What permission rules and the mode say of a call, seen from behind the wall of a cell: what no rule speaks of runs
 * unasked, for the cell bounds it, and the policy has its own questions about what would leave it.
 */
import type { Json } from "@cloister/base";
import {
  decidePermission,
  flagFor,
  parseRules,
  weighPermission,
  type CallDecision,
  type PermissionDecision,
  type PermissionFacts,
  type PermissionMode,
  type PermissionRule,
  type PermissionRules,
  type Places,
} from "@cloister/policy";

/** A call as the rules know it. */
export interface RuledCall {
  /** Under our names; those of other servers under theirs. */
  readonly tool: string;
  /** The command line, the path as it was written, the address, the subagent's or skill's name. */
  readonly text: string;
  readonly parameters?: Readonly<Record<string, Json>>;
  /** Reads files, and does nothing else. */
  readonly isReading: boolean;
}

export interface Permission extends CallDecision {
  /**
   * Whose word allows it. `run`: of this run, for flags and the mode `bypass`. `standing`: a rule in a file, written
   * before anybody knew what would be in the context.
   */
  readonly word: "run" | "standing" | undefined;
  /** The standing rule is for the whole tool, and names nothing that it is about. */
  readonly isWhole: boolean;
  /** A rule says to ask each time. */
  readonly asksEachTime: boolean;
  /** It is asked about for no other reason than that nobody spoke of it. */
  readonly isUnruled: boolean;
}

export interface RulesInForce {
  readonly rules: PermissionRules;
  readonly mode: PermissionMode;
  /** Whether all that no rule allows is asked, as other agents do. */
  readonly asksAll: boolean;
}

const silent: Permission = {
  verdict: "allow",
  source: { rule: "the cell", line: undefined },
  reason: "no rule speaks of it, and its cell bounds it",
  word: undefined,
  isWhole: false,
  asksEachTime: false,
  isUnruled: false,
};

/** Costs next to nothing where there are no rules. */
export function permissionFor(inForce: RulesInForce, call: RuledCall, places: Places): Permission {
  const { rules, mode, asksAll } = inForce;
  const isBypass = mode === "bypass";
  if (mode !== "plan" && !asksAll && !hasRules(rules)) {
    return isBypass ? { ...silent, word: "run", source: { rule: "mode bypass", line: undefined } } : silent;
  }
  // What reads is not the plan's business: it changes nothing, wherever it looks.
  const weighedMode = mode === "dontAsk" || (mode === "plan" && call.isReading) ? "default" : mode;
  const found = weighPermission(rules, weighedMode, toFacts(call, places));
  const decided = { ...silent, verdict: found.verdict, source: sourceOf(found, mode), reason: found.reason };
  switch (found.verdict) {
    case "deny":
      return decided;
    case "ask":
      if (weighedMode === "plan") {
        const reason = `plan mode is on, and ${found.reason}`;
        return { ...decided, verdict: "deny", source: { rule: "mode plan", line: undefined }, reason };
      }
      return isKept(found, inForce)
        ? { ...decided, asksEachTime: found.by === "rule", isUnruled: found.by === "nothing" }
        : { ...silent, word: isBypass ? "run" : undefined };
    case "allow": {
      const isRule = found.by === "rule";
      const isOfRun = isBypass || (isRule && rules.endorsed.some((rule) => isThat(rule, found)));
      return {
        ...decided,
        word: isOfRun ? "run" : isRule ? "standing" : undefined,
        isWhole: isRule && !/\(.*[^*()\s].*\)/su.test(found.rule ?? ""),
      };
    }
  }
}

/** What cannot be read might be what a rule holds back. What no rule speaks of the cell bounds. */
function isKept({ by }: PermissionDecision, { rules, asksAll }: RulesInForce): boolean {
  if (asksAll || by === "rule") return true;
  return by === "unreadable" && [...rules.deny, ...rules.ask].some(holdsBack);
}

/** Only rules on commands and files can be got round by a command that nobody can read. */
function holdsBack({ tool }: PermissionRule): boolean {
  return ["Bash", "Read", "Edit"].some((family) => tool.matches(family));
}

function hasRules({ deny, ask, allow, endorsed }: PermissionRules): boolean {
  return deny.length + ask.length + allow.length + endorsed.length > 0;
}

function isThat({ text, origin }: PermissionRule, found: PermissionDecision): boolean {
  return text === found.rule && origin === found.origin;
}

/** `--deny Bash(ls*)`, `Bash(ls*) in /home/me/.cloister/permissions.yaml:3`. */
function sourceOf(
  { rule, origin, by }: PermissionDecision,
  mode: PermissionMode,
): { readonly rule: string; readonly line: undefined } {
  if (rule === undefined) return { rule: by === "mode" ? `mode ${mode}` : "permissions", line: undefined };
  if (origin === undefined) return { rule, line: undefined };
  return { rule: origin.startsWith("--") ? `${origin} ${rule}` : `${rule} in ${origin}`, line: undefined };
}

/** Rules that "always" may store; none where only the exact call can be allowed. */
export function rulesFor({ rules, mode }: RulesInForce, call: RuledCall, places: Places): readonly string[] {
  if (mode === "plan") return [];
  return decidePermission(rules, "default", { ...toFacts(call, places), canAsk: true }).rules;
}

const FLAG_CHARS_MAX = 300;

/** A flag that would allow this very call in a run, tried before it is promised; undefined where none would. */
export function flagThatAllows(inForce: RulesInForce, call: RuledCall, places: Places): string | undefined {
  const { tool, text } = call;
  const isPlain = text !== "" && text.length <= FLAG_CHARS_MAX && !/[\n\t\r]/u.test(text);
  const escaped = text.replaceAll("*", String.raw`\*`);
  const candidates = [
    ...(isPlain ? [`${tool}(${tool === "Bash" ? escaped : text})`] : []),
    ...(tool === "Bash" ? [] : rulesFor(inForce, call, places)),
    tool,
  ];
  const rule = candidates.find((each) => allowsAlone(each, inForce, call, places));
  return rule === undefined ? undefined : flagFor(rule);
}

function allowsAlone(text: string, inForce: RulesInForce, call: RuledCall, places: Places): boolean {
  const { rules, problems } = parseRules({ endorsed: [text] }, { origin: "--allow", isTrusted: true });
  if (problems.length > 0) return false;
  const joined = { ...inForce.rules, endorsed: [...inForce.rules.endorsed, ...rules.endorsed] };
  const { verdict, word } = permissionFor({ ...inForce, rules: joined }, call, places);
  return verdict === "allow" && word === "run";
}

function toFacts({ tool, text, parameters }: RuledCall, places: Places): PermissionFacts {
  return { tool, text, places, canAsk: true, ...(parameters === undefined ? {} : { parameters }) };
}

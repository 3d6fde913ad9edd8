/**
 * Whether a tool call may happen, by the rules a person wrote and the mode they chose. What forbids wins over what asks,
 * and that over what allows; no mode and no approval undoes what forbids.
 */
import type { Json } from "@cloister/base";
import type { Verdict } from "../policy.ts";
import { approvalHash } from "./approval.ts";
import { decideCommand } from "./command.ts";
import type { PermissionMode } from "./modes.ts";
import { byRule, decidePath, type Finding, type Surroundings } from "./paths.ts";
import { toAbsolute, type Places } from "./places.ts";
import { familyOf, parseRule, type PermissionRule, type PermissionRules } from "./rule.ts";
import { flagFor, suggestRules } from "./suggest.ts";

export interface PermissionFacts {
  readonly tool: string;
  /** The command line, the path, the address, or the name of the subagent or skill. */
  readonly text: string;
  /** The call's arguments, for rules on them. */
  readonly parameters?: Readonly<Record<string, Json>>;
  readonly places: Places;
  /** Whether a person is there to be asked. */
  readonly canAsk: boolean;
  /** SHA-256 (hex) of the files that the call would run. */
  readonly contents?: Readonly<Record<string, string>>;
}

export interface PermissionDecision {
  readonly verdict: Verdict;
  /** What decided. `nothing`: no rule and no mode speaks of the call. */
  readonly by: Finding["by"];
  /** The rule that decided, as it was written, and where it stands. */
  readonly rule?: string;
  readonly origin?: string;
  readonly reason: string;
  /** The flags that would allow it for one run, when it is not allowed and they would. */
  readonly suggestion?: string;
  /** What "always" would store; at most five rules, none where only the exact call can be approved. */
  readonly rules: readonly string[];
}

/** The same without asking anybody and without suggestions, at half the cost: what rules and mode say of the call. */
export function weighPermission(
  rules: PermissionRules,
  mode: PermissionMode,
  facts: PermissionFacts,
): PermissionDecision {
  return toDecision(judge({ rules, mode, places: facts.places }, facts), []);
}

export function decidePermission(
  rules: PermissionRules,
  mode: PermissionMode,
  facts: PermissionFacts,
): PermissionDecision {
  const found = judge({ rules, mode, places: facts.places }, facts);
  if (found.verdict !== "ask") return toDecision(found, []);
  // A rule that asks wants to be asked each time; an approval answers for the call, not for the rule.
  if (found.by !== "rule" && mode !== "plan" && rules.approved.has(hashOf(facts))) {
    return toDecision({ verdict: "allow", by: "approval", reason: "exactly this was approved" }, []);
  }
  if (mode === "plan") {
    const reason = `plan mode is on, and ${found.reason}`;
    return toDecision({ ...found, verdict: "deny", by: "mode", reason }, []);
  }
  const suggested = helpful(suggestRules(facts), { rules, mode, places: facts.places }, facts);
  if (facts.canAsk && mode !== "dontAsk") {
    // What asks each time is not answered for all times.
    return toDecision(found, found.by === "rule" ? [] : suggested);
  }
  const why = mode === "dontAsk" ? "nothing may be asked" : "nobody is there to be asked";
  return toDecision({ ...found, verdict: "deny", reason: `${found.reason}, and ${why}` }, suggested, facts);
}

/** Rules for a command's parts do not help where a redirection or a file is the trouble; then there are none. */
function helpful(
  suggested: readonly string[],
  surroundings: Surroundings,
  facts: PermissionFacts,
): readonly string[] {
  const endorsed = suggested
    .map((text) => parseRule(text))
    .flatMap((each) => (each.kind === "rule" ? [each.rule] : []));
  const rules = { ...surroundings.rules, endorsed: [...surroundings.rules.endorsed, ...endorsed] };
  return judge({ ...surroundings, rules }, facts).verdict === "allow" ? suggested : [];
}

function hashOf(facts: PermissionFacts): string {
  return approvalHash({ ...facts, workspace: facts.places.workspace });
}

function toDecision(
  { verdict, by, rule, reason }: Finding,
  rules: readonly string[],
  refused?: PermissionFacts,
): PermissionDecision {
  const flags = refused === undefined ? [] : flagsFor(refused, rules);
  return {
    verdict,
    by,
    reason,
    rules,
    ...(rule === undefined ? {} : { rule: rule.text }),
    ...(rule?.origin === undefined ? {} : { origin: rule.origin }),
    ...(flags.length === 0 ? {} : { suggestion: flags.join(" ") }),
  };
}

/** The suggested rules; where there are none, a rule for the very text. */
function flagsFor({ tool, text }: PermissionFacts, rules: readonly string[]): string[] {
  if (rules.length > 0) return rules.map(flagFor);
  if (tool !== "Bash" || text.length > 1000) return [];
  return [flagFor(`Bash(${text.trim().replaceAll("*", String.raw`\*`)})`)];
}

const withoutEffect = new Set([
  "TodoWrite",
  "AskUser",
  "AskUserQuestion",
  "ExitPlan",
  "ExitPlanMode",
  "EnterPlan",
  "EnterPlanMode",
  "Agent",
  "TaskOutput",
  "ToolSearch",
  "UseTool",
]);

function judge(surroundings: Surroundings, facts: PermissionFacts): Finding {
  const { rules, mode } = surroundings;
  const matching = (list: readonly PermissionRule[]): PermissionRule | undefined =>
    list.find((rule) => isAbout(rule, facts));
  const denied = matching(rules.deny);
  if (denied !== undefined) return byRule("deny", denied);
  const asked = matching(rules.ask);
  const found = byFamily(surroundings, facts);
  if (found.verdict === "deny") return found;
  if (mode === "plan" && changesFiles(facts.tool) && found.verdict === "allow") {
    return { verdict: "ask", by: "nothing", reason: "nothing is written in plan mode" };
  }
  const endorsed = matching(rules.endorsed);
  if (endorsed !== undefined) return byRule("allow", endorsed);
  const isEndorsed = found.rule !== undefined && rules.endorsed.includes(found.rule);
  if (asked !== undefined && !isEndorsed) return byRule("ask", asked);
  if (found.verdict === "allow" || found.by === "rule") return found;
  const allowed = matching(rules.allow);
  if (allowed !== undefined && mode !== "plan") return byRule("allow", allowed);
  const isWaived = mode === "bypass" && found.by === "nothing" && familyOf(facts.tool) !== "Bash";
  return isWaived ? { verdict: "allow", by: "mode", reason: "nothing is asked" } : found;
}

function changesFiles(tool: string): boolean {
  return familyOf(tool) === "Edit";
}

function byFamily(surroundings: Surroundings, facts: PermissionFacts): Finding {
  const family = familyOf(facts.tool);
  if (family === "Bash") return decideCommand(facts.text, surroundings);
  if (family === "Read" || family === "Edit") {
    const { workspace, home } = surroundings.places;
    const path = toAbsolute(facts.text === "" ? "." : facts.text, workspace, home);
    const unknown = { verdict: "ask", by: "unreadable", reason: "the home folder is not known" } as const;
    return path === undefined ? unknown : decidePath(family, path, surroundings);
  }
  if (withoutEffect.has(family)) return { verdict: "allow", by: "reading", reason: "it changes nothing" };
  return { verdict: "ask", by: "nothing", reason: `no rule allows ${facts.tool}` };
}

/** Rules on commands and paths need more than one look; those are left to `byFamily`. */
function isAbout({ tool, specifier }: PermissionRule, facts: PermissionFacts): boolean {
  const isFamily = tool.matches(familyOf(facts.tool));
  if (!isFamily && !tool.matches(facts.tool)) return false;
  switch (specifier.kind) {
    case "whole":
      return !isFamily || !/^(?:Bash|Read|Edit)$/u.test(familyOf(facts.tool));
    case "domain":
      return specifier.matches.test(hostOf(facts.text));
    case "name":
      return specifier.pattern.matches(facts.text);
    case "parameter": {
      const value = facts.parameters?.[specifier.name];
      return (
        value !== undefined &&
        specifier.pattern.matches(typeof value === "string" ? value : JSON.stringify(value))
      );
    }
    case "command":
    case "path":
      return false;
  }
}

/** With neither the port nor the dot that may end a name. */
function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).hostname.replace(/\.$/u, "").toLowerCase() : "";
}

/** Whether a rule takes a whole tool away, so that a model need not even see it. */
export function isRemoved(rules: PermissionRules, tool: string): boolean {
  return rules.deny.some(
    (rule) =>
      rule.specifier.kind === "whole" && (rule.tool.matches(familyOf(tool)) || rule.tool.matches(tool)),
  );
}

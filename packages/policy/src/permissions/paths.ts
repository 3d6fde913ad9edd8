/** Whether a path may be read or written. */
import type { Verdict } from "../policy.ts";
import { effectOf } from "../effects.ts";
import { posix } from "node:path";
import { bothEnds, isOpened, matchesPath, type Places } from "./places.ts";
import type { PermissionMode } from "./modes.ts";
import { familyOf, type PermissionRule, type PermissionRules } from "./rule.ts";

/** What one thing that a call does comes to. Of several, the strictest counts. */
export interface Finding {
  readonly verdict: Verdict;
  /** `reading` and `mode` are what holds without any rule; `nothing`: no rule speaks of it. */
  readonly by: "rule" | "approval" | "mode" | "reading" | "unreadable" | "nothing";
  readonly rule?: PermissionRule;
  readonly reason: string;
}

export interface Surroundings {
  readonly rules: PermissionRules;
  readonly mode: PermissionMode;
  readonly places: Places;
}

const strictness: readonly Verdict[] = ["deny", "ask", "allow"];

/** The first of the strictest. */
export function strictest(first: Finding, ...others: readonly Finding[]): Finding {
  return others.reduce(
    (found, other) => (strictness.indexOf(other.verdict) < strictness.indexOf(found.verdict) ? other : found),
    first,
  );
}

export function byRule(verdict: Verdict, rule: PermissionRule): Finding {
  const where = rule.origin === undefined ? "" : ` in ${rule.origin}`;
  const what = { allow: "allows it", ask: "says to ask", deny: "forbids it" }[verdict];
  return { verdict, by: "rule", rule, reason: `the rule ${rule.text}${where} ${what}` };
}

export type Access = "Read" | "Edit";

/** @param path absolute */
export function decidePath(access: Access, path: string, surroundings: Surroundings): Finding {
  const { rules, mode, places } = surroundings;
  const held = heldPath(access, path, surroundings);
  if (held?.verdict === "deny") return held;
  const ends = bothEnds(path, places);
  const covering = (list: readonly PermissionRule[]): PermissionRule | undefined =>
    list.find((rule) => isAbout(rule, access) && ends.every((end) => isNamed(rule, end, places, false)));
  const endorsed = covering(rules.endorsed);
  if (endorsed !== undefined) return byRule("allow", endorsed);
  if (held !== undefined) return held;
  const allowed = covering(rules.allow);
  if (allowed !== undefined) return byRule("allow", allowed);
  if (/^\/dev\/(?:null|stdin|stdout|stderr|tty|fd\/\d+|zero|u?random)$/u.test(path)) {
    return { verdict: "allow", by: "reading", reason: "it is no file" };
  }
  if (!ends.every((end) => isOpened(end, places))) {
    return { verdict: "ask", by: "nothing", reason: `${path} is outside the workspace` };
  }
  return access === "Read" ? decideReading(ends, places) : decideEditing(path, ends, mode, places);
}

/** What a rule that denies or asks says of a path; either end of a link is enough. */
export function heldPath(access: Access, path: string, { rules, places }: Surroundings): Finding | undefined {
  const ends = bothEnds(path, places);
  const naming = (list: readonly PermissionRule[], accesses: readonly Access[]): PermissionRule | undefined =>
    list.find(
      (rule) =>
        accesses.some((each) => isAbout(rule, each)) && ends.some((end) => isNamed(rule, end, places, true)),
    );
  // What must not be read must not be written either, or it could be made anew.
  const denied = naming(rules.deny, access === "Edit" ? ["Edit", "Read"] : ["Read"]);
  if (denied !== undefined) return byRule("deny", denied);
  const asked = naming(rules.ask, [access]);
  return asked === undefined ? undefined : byRule("ask", asked);
}

function isAbout({ tool }: PermissionRule, access: Access): boolean {
  return tool.matches(familyOf(access));
}

function isNamed(
  { specifier, root }: PermissionRule,
  path: string,
  places: Places,
  isWide: boolean,
): boolean {
  if (specifier.kind === "whole") return true;
  return (
    specifier.kind === "path" && matchesPath(specifier.pattern, path, { places, settingsRoot: root, isWide })
  );
}

function decideReading(ends: readonly string[], places: Places): Finding {
  const isCredential = ends.some((end) => effectOf({ tool: "Read", text: end }, "workspace") !== "contained");
  return isCredential && !ends.every((end) => end.startsWith(`${places.workspace}/`))
    ? { verdict: "ask", by: "nothing", reason: "it holds credentials" }
    : { verdict: "allow", by: "reading", reason: "it reads what was opened for the session" };
}

function decideEditing(path: string, ends: readonly string[], mode: PermissionMode, places: Places): Finding {
  const protectedPath = ends.find((end) => {
    const relative = posix.relative(places.workspace, end);
    return relative === "" || effectOf({ tool: "Edit", text: relative }, "workspace") !== "contained";
  });
  if (mode !== "acceptEdits") return { verdict: "ask", by: "nothing", reason: `it writes ${path}` };
  return protectedPath === undefined
    ? { verdict: "allow", by: "mode", reason: "edits in the workspace are accepted" }
    : {
        verdict: "ask",
        by: "nothing",
        reason: `${protectedPath} steers other programs, or is the whole workspace`,
      };
}

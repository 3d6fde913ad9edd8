/** `cloister permissions`: which rules are in force, where they stand, and which of them decides about a call. */
import { readFileSync } from "node:fs";
import { createJudgement } from "@cloister/airlock";
import {
  decideCall,
  effectOf,
  noRules,
  parseRule,
  strictestOf,
  type PermissionRule,
  type PermissionRules,
  type Policy,
} from "@cloister/policy";
import { checkWorkspace } from "../command-cell.ts";
import type { Environment } from "../environment.ts";
import { exit } from "../exit.ts";
import { openExtensions } from "../extension/open.ts";
import { usage } from "../option-values.ts";
import type { PermissionsArguments } from "../permissions/permission-arguments.ts";
import { openPermissions, type SessionPermissions } from "../permissions/session-permissions.ts";
import { openBinding } from "../policy/binding.ts";
import { readSettings } from "../settings.ts";
import { visible } from "../print/style.ts";
import { wordsFor } from "../words/words.ts";

export async function permissions(args: PermissionsArguments, environment: Environment): Promise<number> {
  const { policy } = (await openBinding(environment)).session;
  const settings = readSettings(environment.home);
  const workspace = checkWorkspace(environment.directory, environment.home);
  const { chosen } = await openExtensions(environment, workspace);
  const opened = await openPermissions(
    {
      flags: args.calls,
      imported: chosen.permissions,
      lineOf,
      ...(args.mode === undefined ? {} : { mode: args.mode }),
      ...(settings.permissions === undefined ? {} : { settings: settings.permissions }),
    },
    { policy, home: environment.home, workspace, tier: "bubblewrap" },
  );
  const found =
    args.command === "permissions-list" ? list(opened) : why(args.call, opened, policy, workspace);
  const text = args.json ? `${JSON.stringify(found)}\n` : visible(format(found, environment));
  environment.stdout.write(text);
  return exit.ok;
}

interface ListedRule {
  readonly kind: "deny" | "ask" | "allow" | "exact";
  readonly rule: string;
  readonly origin: string | undefined;
}

interface Listed {
  readonly about: "rules";
  readonly mode: string;
  readonly rules: readonly ListedRule[];
  readonly problems: SessionPermissions["problems"];
}

interface Why {
  readonly about: "call";
  readonly call: string;
  /** With nobody to be asked, `ask` is a refusal. */
  readonly outcome: "allow" | "ask" | "deny";
  readonly rule: string;
  readonly reason: string | undefined;
  /** What would allow it for a run. */
  readonly flag: string | undefined;
}

function list({ judgement, mode, problems }: SessionPermissions): Listed {
  const { deny, ask, allow, endorsed, approved }: PermissionRules = judgement.rules ?? noRules;
  const listed = (kind: ListedRule["kind"], rules: readonly PermissionRule[]): ListedRule[] =>
    rules.map(({ text, origin }) => ({ kind, rule: text, origin }));
  const exact = [...approved].map((hash) => ({ kind: "exact" as const, rule: hash, origin: undefined }));
  const rules = [...listed("deny", deny), ...listed("ask", ask), ...listed("allow", [...endorsed, ...allow])];
  return { about: "rules", mode, rules: [...rules, ...exact], problems };
}

function why(text: string, opened: SessionPermissions, policy: Policy, workspace: string): Why {
  const parsed = parseRule(text);
  const [, tool = "", inner = ""] = /^([\w.-]+)(?:\((.*)\))?$/su.exec(text.trim()) ?? [];
  const example = "cloister permissions why 'Bash(git push)'";
  if (parsed.kind === "bad" || tool === "") throw usage(`"${text}" is no call`, example);
  const call = { tool, text: inner, isReading: /^(?:Read|Grep|Glob)$/u.test(tool) };
  const effect = effectOf(call, "workspace");
  const judgement = createJudgement(opened.judgement);
  const permission = judgement.permit(call, workspace);
  const byPolicy = decideCall(policy, { ...call, effect, integrity: "workspace" });
  const doubt = { effect, integrity: "workspace", hasFindings: false } as const;
  const decision = strictestOf(byPolicy, permission);
  const by = decision.verdict === "ask" ? judgement.endorsedBy(permission, "", doubt) : undefined;
  const { rule, line } = decision.source;
  const isAllowed = decision.verdict === "allow" || by !== undefined;
  const isRuled = decision.verdict === "allow" && permission.source.rule !== "the cell";
  // Why the rules would let it pass is no reason for what the policy holds back.
  const because =
    decision.reason ?? (decision.verdict === permission.verdict ? permission.reason : undefined);
  return {
    about: "call",
    call: text,
    outcome: by === undefined ? decision.verdict : "allow",
    rule: by ?? (isRuled ? permission.source.rule : line === undefined ? rule : `${rule}, line ${line}`),
    reason: by === undefined ? because : undefined,
    flag: isAllowed ? undefined : judgement.flagFor(call, workspace),
  };
}

function format(found: Listed | Why, { lang }: Environment): string {
  const words = wordsFor(lang).permissions;
  if (found.about === "call") {
    const next = found.flag === undefined ? "" : `  ${words.flag(found.flag)}\n`;
    const because = found.reason === undefined ? "" : ` (${found.reason})`;
    return `${found.call}: ${words.outcomes[found.outcome]}\n  ${words.by(found.rule)}${because}\n${next}`;
  }
  const wide = Math.max(0, ...found.rules.map(({ rule }) => rule.length));
  const lines = found.rules.map(({ kind, rule, origin }) =>
    `  ${kind.padEnd(6)}${rule.padEnd(Math.min(wide, 60))}  ${origin ?? ""}`.trimEnd(),
  );
  const problems = found.problems.map(
    ({ origin, text, why: cause }) => `  ${words.passedOver(text, origin, cause)}`,
  );
  return `${[words.mode(found.mode), ...(lines.length === 0 ? [words.none] : lines), ...problems].join("\n")}\n`;
}

/** The first line that holds the rule as JSON or YAML writes it. */
function lineOf(path: string, rule: string): number | undefined {
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    const at = lines.findIndex((line) => line.includes(JSON.stringify(rule)) || line.includes(rule));
    return at < 0 ? undefined : at + 1;
  } catch {
    return undefined; // its path is enough to find it
  }
}

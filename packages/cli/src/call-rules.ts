/** `--allow` and `--deny`: what a person says to calls of this run, before it. */
import { CloisterError } from "@cloister/base";
import { bindSetting, parseCallRule, type CallRule, type Policy } from "@cloister/policy";
import { usage } from "./option-values.ts";

/** As they were written, and not read yet. */
export interface CallFlags {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** @throws CloisterError `usage` */
export function parseCallRules(flag: "--allow" | "--deny", texts: readonly string[]): CallRule[] {
  return texts.map((text) => {
    const rule = parseCallRule(text);
    if (rule !== undefined) return rule;
    throw usage(
      `${flag} cannot be "${text}"`,
      `${flag} 'Bash(git push*)', ${flag} 'Edit(.github/**)', ${flag} Write`,
    );
  });
}

/**
 * A rule that allows every tool is a way round all questions, which a policy may forbid: then nothing starts.
 * @throws CloisterError `bypass-forbidden`
 */
export function refuseBypass(policy: Policy, allow: readonly CallRule[]): void {
  const bypass = allow.find(({ text }) => /^\*+(\(\*+\))?$/.test(text.trim()));
  if (bypass === undefined) return;
  const { overruled, source } = bindSetting(policy, "permissions.bypass", true);
  if (!overruled) return;
  const { rule = "permissions.bypass", line } = source ?? {};
  throw new CloisterError(
    `--allow '${bypass.text}' would allow every call, and policy ${policy.name} forbids that`,
    {
      code: "bypass-forbidden",
      rule: line === undefined ? rule : `${rule}, line ${line}`,
      next: "name the tools and texts that are to be allowed: --allow 'Bash(npm test*)'",
    },
  );
}

/** How a policy binds settings, so that nobody below it can weaken them. */
import type { Policy, RuleSource, SettingValue } from "./policy.ts";

/** The settings that a policy may bind, and what they are. */
export const settingTypes: Readonly<Record<string, "string" | "number" | "boolean" | "list">> = {
  endpoint: "string",
  model: "string",
  "cell.tier": "string",
  "cell.allow": "list",
  "cell.hide": "list",
  "cell.read": "list",
  "cell.write": "list",
  "cell.unix": "string",
  "cell.review": "boolean",
  /** Whether allowed hosts are reached through the house's proxy, where names are resolved out of our sight. */
  "cell.allow-through-proxy": "boolean",
  "permissions.bypass": "boolean",
  "permissions.mode": "string",
  "mcp.servers": "list",
  hooks: "boolean",
  "warm-up": "boolean",
  volatile: "string",
  /** Whether a person may take an exact text out of classification. */
  declassify: "boolean",
};

export interface BoundSetting {
  readonly value: SettingValue | undefined;
  /** What decided the value, when the policy did. */
  readonly source: RuleSource | undefined;
  /** Somebody asked for something else, and did not get it. */
  readonly overruled: boolean;
}

/**
 * The value that counts, given what user, project, flags and variables ask for together. The policy is applied last:
 * a mandatory value replaces, it does not merge.
 */
export function bindSetting(policy: Policy, name: string, asked: SettingValue | undefined): BoundSetting {
  const rule = policy.settings[name];
  if (rule === undefined) return { value: asked, source: undefined, overruled: false };
  const { mode, value, source } = rule;
  if (mode === "mandatory") {
    return {
      value,
      source,
      overruled: asked !== undefined && JSON.stringify(asked) !== JSON.stringify(value),
    };
  }
  if (mode === "default") {
    return asked === undefined
      ? { value, source, overruled: false }
      : { value: asked, source: undefined, overruled: false };
  }
  const added = Array.isArray(asked) ? (asked as readonly string[]) : [];
  return { value: [...new Set([...(value as readonly string[]), ...added])], source, overruled: false };
}

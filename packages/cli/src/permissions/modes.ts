/** Which mode a session may be in. The keeper holds it; the policy has the last word. */
import { CloisterError } from "@cloister/base";
import { bindSetting, permitMode, type PermissionMode, type Policy } from "@cloister/policy";

export interface ModeWish {
  readonly mode: PermissionMode;
  /** As the person wrote it: `--permission-mode bypass`. Undefined where a file says it. */
  readonly said: string | undefined;
}

/** Why a mode is not to be had; undefined when it is. */
export type WhyNotMode = (mode: PermissionMode) => CloisterError | undefined;

/** @param switchedOff by managed and other settings */
export function modesUnder(policy: Policy, switchedOff: readonly PermissionMode[]): WhyNotMode {
  return (mode) => {
    const bypass = mode === "bypass" ? bindSetting(policy, "permissions.bypass", true) : undefined;
    if (bypass?.overruled === true) return forbidden(policy, mode, "permissions.bypass", bypass.source?.line);
    const bound = bindSetting(policy, "permissions.mode", mode);
    if (bound.overruled) return forbidden(policy, mode, "permissions.mode", bound.source?.line);
    const permitted = permitMode(mode, switchedOff);
    return permitted.kind === "mode"
      ? undefined
      : new CloisterError(`the mode ${mode} is switched off by settings (disableBypassPermissionsMode)`, {
          code: "bypass-forbidden",
          next: "name the calls that are to be allowed: --allow 'Bash(npm test *)'",
        });
  };
}

function forbidden(
  policy: Policy,
  mode: PermissionMode,
  rule: string,
  line: number | undefined,
): CloisterError {
  const isBypass = mode === "bypass";
  return new CloisterError(
    isBypass
      ? `the mode bypass would allow every call, and policy ${policy.name} forbids that`
      : `the mode ${mode} is not to be had here, by policy ${policy.name}`,
    {
      code: isBypass ? "bypass-forbidden" : "forbidden-by-policy",
      rule: line === undefined ? rule : `settings.${rule}, line ${line}`,
      next: isBypass
        ? "name the tools and texts that are to be allowed: --allow 'Bash(npm test *)'"
        : "start without it, or ask who keeps the policy",
    },
  );
}

/**
 * The mode to begin with: the first that is said. What the person said themselves is had or refused, never quietly
 * changed; what a file wishes and the policy forbids is `default`.
 * @throws CloisterError `bypass-forbidden`, `forbidden-by-policy`
 */
export function firstMode(policy: Policy, wishes: readonly ModeWish[], whyNot: WhyNotMode): PermissionMode {
  const [wish] = wishes;
  const bound = bindSetting(policy, "permissions.mode", wish?.mode).value;
  const mode = wish?.mode ?? (bound as PermissionMode | undefined) ?? "default";
  const why = whyNot(mode);
  if (why === undefined) return mode;
  if (wish?.said !== undefined) throw why;
  const mandatory = bindSetting(policy, "permissions.mode", "default").value as PermissionMode;
  return whyNot(mandatory) === undefined ? mandatory : "default";
}

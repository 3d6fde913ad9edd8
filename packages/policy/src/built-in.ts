/** What holds where no policy file says otherwise: code stays within its endpoint's clearance, effects are weighed. */
import {
  codeFindingKinds,
  type Effect,
  type EffectRule,
  type Policy,
  type RuleSource,
  type Verdict,
} from "./policy.ts";

function builtIn(rule: string): RuleSource {
  return { rule: `built-in ${rule}`, line: undefined };
}

function effect(name: Effect, trusted: Verdict, untrusted: Verdict): EffectRule {
  return { trusted, untrusted, source: builtIn(`effects.${name}`) };
}

export const builtInPolicy: Policy = {
  name: "built-in",
  labels: { default: "internal", paths: [], fingerprints: [], personal: "seal", email: false },
  endpoints: { rules: [], unlisted: "as-configured", requirements: [] },
  bans: [],
  tools: [],
  effects: {
    contained: effect("contained", "allow", "allow"),
    egress: effect("egress", "ask", "ask"),
    persistent: effect("persistent", "ask", "ask"),
    privileged: effect("privileged", "deny", "deny"),
  },
  code: Object.fromEntries(
    codeFindingKinds.map((kind) => [kind, { decision: "ask", source: builtIn(`code.${kind}`) }]),
  ) as Policy["code"],
  settings: {},
};

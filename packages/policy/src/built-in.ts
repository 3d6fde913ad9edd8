/** What holds where no policy file says otherwise: code stays within its endpoint's clearance, effects are weighed. */
import { compileTextGlob } from "./glob.ts";
import {
  codeFindingKinds,
  type CodeFindingKind,
  type Effect,
  type EffectRule,
  type Policy,
  type RuleSource,
  type ToolRule,
  type Verdict,
} from "./policy.ts";

function builtIn(rule: string): RuleSource {
  return { rule: `built-in ${rule}`, line: undefined };
}

function effect(name: Effect, trusted: Verdict, untrusted: Verdict): EffectRule {
  return { trusted, untrusted, source: builtIn(`effects.${name}`) };
}

/**
 * What no honest edit needs asks a person. What honest work brings every day is shown and recorded, and asks only once
 * something less trusted than the workspace is in the context: then it may be somebody else's wish.
 */
const alwaysAsked: ReadonlySet<CodeFindingKind> = new Set([
  "invisible-characters",
  "tls-checks-off",
  "decode-and-execute",
  "obfuscated-payload",
  "hard-coded-credential",
]);

/**
 * What carries something out, rather than fetching it. Once something less trusted than the workspace is in the context,
 * a named host is no reason to let it: others may read what lies there.
 */
const sending: readonly (readonly [tool: string, match: string | undefined])[] = [
  ...[
    "*git*push*",
    "*publish*",
    "*curl* -d*",
    "*curl* --data*",
    "*curl* -F*",
    "*curl* -T*",
    "*curl* -X*",
  ].map((match) => ["Bash", match] as const),
  ...[
    "*curl* --upload*",
    "*curl* --form*",
    "*wget* --post*",
    "*scp *",
    "*rsync *",
    "*ssh *",
    "*twine upload*",
  ].map((match) => ["Bash", match] as const),
  ...["*docker push*", "*gh *", "*glab *", "*nc *", "*/dev/tcp/*"].map((match) => ["Bash", match] as const),
  ["WebFetch", undefined],
  ["mcp__*", undefined],
];

function askedBelowWorkspace(tool: string, match: string | undefined): ToolRule {
  return {
    tool,
    matchesTool: compileTextGlob(tool) ?? /^/,
    match,
    matchesText: match === undefined ? undefined : compileTextGlob(match),
    decision: "ask",
    below: "workspace",
    reason: "it carries something out, after something less trusted than the workspace was read",
    source: builtIn("effects.egress"),
  };
}

export const builtInPolicy: Policy = {
  name: "built-in",
  labels: { default: "internal", paths: [], fingerprints: [], personal: "seal", email: false },
  endpoints: { rules: [], unlisted: "as-configured", requirements: [] },
  bans: [],
  tools: sending.map(([tool, match]) => askedBelowWorkspace(tool, match)),
  effects: {
    contained: effect("contained", "allow", "allow"),
    // A command reaches only hosts that a person named, so that asking again would tire them; but see `sending`.
    egress: effect("egress", "allow", "allow"),
    persistent: effect("persistent", "ask", "ask"),
    privileged: effect("privileged", "deny", "deny"),
  },
  code: Object.fromEntries(
    codeFindingKinds.map((kind) => [
      kind,
      {
        trusted: alwaysAsked.has(kind) ? "ask" : "allow",
        untrusted: "ask",
        source: builtIn(`code.${kind}`),
      },
    ]),
  ) as Policy["code"],
  settings: {},
};

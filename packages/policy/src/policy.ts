/** What a security officer wrote, after it was read and checked: data, with the place of each rule in the file. */
import type { Clearance, Integrity } from "./classification.ts";
import type { Label } from "./labels.ts";
import type { VersionComparison } from "./versions.ts";

/** Where a rule stands: `bans[0]`, line 12. Every decision names it, so that a person can look it up and argue. */
export interface RuleSource {
  readonly rule: string;
  /** From 1; undefined for what is built in. */
  readonly line: number | undefined;
}

export interface Policy {
  /** Its own name, shown with each decision. */
  readonly name: string;
  readonly labels: LabelRules;
  readonly endpoints: EndpointRules;
  readonly bans: readonly Ban[];
  readonly tools: readonly ToolRule[];
  readonly effects: Readonly<Record<Effect, EffectRule>>;
  readonly code: Readonly<Record<CodeFindingKind, CodeRule>>;
  readonly settings: Readonly<Record<string, SettingRule>>;
}

export interface LabelRules {
  /** What a workspace's content is where no rule says more. */
  readonly default: Label;
  /** All that match count: the join. */
  readonly paths: readonly PathRule[];
  /** Files of fingerprint indexes; each brings its own label. */
  readonly fingerprints: readonly { readonly file: string; readonly source: RuleSource }[];
  /** What a picture or a document makes of the request when no file of the workspace is known to be its origin. */
  readonly pictures?: { readonly label: Label; readonly source: RuleSource };
  /** What a found personal datum makes of the request when it is not sealed. */
  readonly personal: "seal" | "allow";
  readonly email: boolean;
}

export interface PathRule {
  readonly glob: string;
  readonly label: Label;
  readonly compartments: readonly string[];
  readonly matches: RegExp;
  readonly source: RuleSource;
}

export interface EndpointRules {
  /** The first that matches an endpoint says what it may see. */
  readonly rules: readonly EndpointRule[];
  /** An endpoint that no rule names. `loopback`: on this machine as today, elsewhere refused. */
  readonly unlisted: "refuse" | "loopback" | "as-configured";
  /** What must be true of any endpoint for content of this label and above. */
  readonly requirements: readonly Requirement[];
}

export interface EndpointRule {
  readonly match: string;
  readonly clearance: Clearance;
  readonly operator: string | undefined;
  /** ISO 3166 code or any name that the house uses. */
  readonly jurisdiction: string | undefined;
  /** How long the operator keeps what it saw, in days; undefined: nobody said. */
  readonly retentionDays: number | undefined;
  /** Whether the operator trains on it; undefined: nobody said, so it counts as yes. */
  readonly training: boolean | undefined;
  readonly source: RuleSource;
}

export interface Requirement {
  readonly from: Label;
  readonly training: false | undefined;
  readonly retentionDaysMax: number | undefined;
  readonly jurisdictions: readonly string[] | undefined;
  readonly source: RuleSource;
}

export interface Ban {
  readonly client: string;
  readonly matches: RegExp;
  readonly versions: readonly VersionComparison[];
  readonly versionsText: string;
  /** Milliseconds since the epoch, the start of the named day in UTC. */
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly message: string | undefined;
  /** The tool to use instead. */
  readonly instead: string | undefined;
  readonly source: RuleSource;
}

export type Verdict = "allow" | "ask" | "deny";

/** What a call does to the world, whatever its tool is called. */
export const effects = ["contained", "egress", "persistent", "privileged"] as const;

export type Effect = (typeof effects)[number];

export interface EffectRule {
  /** While everything in the context is at least as trusted as the workspace. */
  readonly trusted: Verdict;
  /** Once something less trusted was read. */
  readonly untrusted: Verdict;
  readonly source: RuleSource;
}

export interface ToolRule {
  readonly tool: string;
  readonly matchesTool: RegExp;
  /** On the text that says what the call does: a command line, a file's path, an address. */
  readonly match: string | undefined;
  readonly matchesText: RegExp | undefined;
  readonly decision: Verdict;
  /** Applies only when something in the context is trusted less than this. */
  readonly below: Integrity | undefined;
  readonly reason: string | undefined;
  readonly source: RuleSource;
}

/** What a poisoned model would plant in an edit. */
export const codeFindingKinds = [
  "invisible-characters",
  "new-host",
  "tls-checks-off",
  "obfuscated-payload",
  "decode-and-execute",
  "suspicious-dependency",
  "install-script",
  "hard-coded-credential",
  "weakened-test",
] as const;

export type CodeFindingKind = (typeof codeFindingKinds)[number];

/** As for effects: what a finding comes to may depend on what the model had read before it wrote. */
export type CodeRule = EffectRule;

/**
 * `mandatory`: this and nothing else. `default`: unless somebody set it. `extendable`: what somebody set is added to
 * it, where it is a list.
 */
export interface SettingRule {
  readonly mode: "mandatory" | "default" | "extendable";
  readonly value: SettingValue;
  readonly source: RuleSource;
}

export type SettingValue = string | number | boolean | readonly string[];

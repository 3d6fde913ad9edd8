/** From the plain values of a policy file to a policy, or to everything that is wrong with it. */
import { isRecord } from "@cloister/base";
import { integrities, type Clearance } from "./classification.ts";
import { builtInPolicy } from "./built-in.ts";
import { FieldReader, type Problem } from "./field-reader.ts";
import { compilePathGlob, compileTextGlob } from "./glob.ts";
import { labels } from "./labels.ts";
import {
  codeFindingKinds,
  effects,
  type Ban,
  type EffectRule,
  type EndpointRule,
  type LabelRules,
  type PathRule,
  type Policy,
  type Requirement,
  type SettingRule,
  type SettingValue,
  type ToolRule,
} from "./policy.ts";
import { settingTypes } from "./settings.ts";
import { parseVersionRange } from "./versions.ts";

export type ParsedPolicy =
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** The line, from 1, of a field: `["bans", 0, "client"]`. A policy from elsewhere than a file has none. */
export type LineOf = (path: readonly (string | number)[]) => number | undefined;

const verdicts = ["allow", "ask", "deny"] as const;

/**
 * Strict on purpose: a field that is not known, or a value that does not fit, makes the whole file invalid. A rule that
 * is misspelt protects nobody.
 */
export function parsePolicy(value: unknown, lineOf: LineOf = () => undefined): ParsedPolicy {
  const problems: Problem[] = [];
  const root = new FieldReader(value, [], lineOf, problems);
  root.only(["version", "name", "labels", "endpoints", "bans", "tools", "effects", "code", "settings"]);
  if (root.number("version") !== 1) root.wrong("version", "must be 1");
  const policy: Policy = {
    name: root.text("name") ?? "policy",
    labels: readLabels(root.inner("labels")),
    endpoints: readEndpoints(root.inner("endpoints")),
    bans: root.list("bans").map(readBan),
    tools: root.list("tools").map(readTool),
    effects: readEffects(root.inner("effects")),
    code: readCode(root.inner("code")),
    settings: readSettings(root.inner("settings")),
  };
  return problems.length === 0 ? { kind: "policy", policy } : { kind: "problems", problems };
}

function readLabels(reader: FieldReader): LabelRules {
  reader.only(["default", "paths", "fingerprints", "pictures", "personal", "email"]);
  const pictures = reader.oneOf("pictures", labels);
  return {
    default: reader.oneOf("default", labels) ?? builtInPolicy.labels.default,
    paths: reader.list("paths").map(readPathRule),
    fingerprints: reader.texts("fingerprints").map((file, at) => ({
      file,
      source: reader.source("fingerprints", at),
    })),
    ...(pictures === undefined ? {} : { pictures: { label: pictures, source: reader.source("pictures") } }),
    personal: reader.oneOf("personal", ["seal", "allow"] as const) ?? "seal",
    email: reader.flag("email") ?? false,
  };
}

function readPathRule(reader: FieldReader): PathRule {
  reader.only(["glob", "label", "compartments"]);
  const glob = reader.needed("glob");
  const matches = compilePathGlob(glob);
  if (matches === undefined) reader.wrong("glob", "is empty, too long, or has too many stars");
  return {
    glob,
    matches: matches ?? /^/,
    label: reader.oneOf("label", labels) ?? reader.missing("label", "public"),
    compartments: reader.texts("compartments"),
    source: reader.source(),
  };
}

function readEndpoints(reader: FieldReader): Policy["endpoints"] {
  reader.only(["rules", "unlisted", "require"]);
  return {
    rules: reader.list("rules").map(readEndpoint),
    unlisted: reader.oneOf("unlisted", ["refuse", "loopback", "as-configured"] as const) ?? "loopback",
    requirements: reader.list("require").map(readRequirement),
  };
}

function readEndpoint(reader: FieldReader): EndpointRule {
  reader.only(["match", "clearance", "compartments", "operator", "jurisdiction", "retention", "training"]);
  const match = reader.needed("match").toLowerCase();
  if (!/^(\*|loopback|(\*\.)?[\w.-]+(:\d+)?|\[[\da-f:]+\](:\d+)?)$/.test(match)) {
    reader.wrong("match", "must be a host, host:port, *.domain, loopback or *");
  }
  const label = reader.oneOf("clearance", labels) ?? reader.missing("clearance", "public");
  const compartments: Clearance["compartments"] =
    reader.raw("compartments") === "all" ? "all" : reader.texts("compartments");
  return {
    match,
    clearance: { label, compartments },
    operator: reader.text("operator"),
    jurisdiction: reader.text("jurisdiction"),
    retentionDays: readRetention(reader, "retention"),
    training: reader.flag("training"),
    source: reader.source(),
  };
}

function readRetention(reader: FieldReader, name: string): number | undefined {
  const raw = reader.raw(name);
  if (raw === "none") return 0;
  if (raw === undefined) return undefined;
  const days = typeof raw === "string" ? /^(\d{1,5})d$/.exec(raw)?.[1] : undefined;
  if (days === undefined) reader.wrong(name, 'must be "none" or days, such as 30d');
  return Number(days ?? 0);
}

function readRequirement(reader: FieldReader): Requirement {
  reader.only(["from", "training", "retention", "jurisdictions"]);
  if (reader.flag("training") === true) reader.wrong("training", "can only be required to be false");
  return {
    from: reader.oneOf("from", labels) ?? reader.missing("from", "public"),
    training: reader.flag("training") === undefined ? undefined : false,
    retentionDaysMax: readRetention(reader, "retention"),
    jurisdictions: reader.raw("jurisdictions") === undefined ? undefined : reader.texts("jurisdictions"),
    source: reader.source(),
  };
}

function readBan(reader: FieldReader): Ban {
  reader.only(["client", "versions", "from", "until", "message", "instead"]);
  const client = reader.needed("client");
  const matches = compileTextGlob(client.toLowerCase());
  if (matches === undefined) reader.wrong("client", "is too long, or has too many stars");
  const versionsText = reader.text("versions") ?? "*";
  const versions = parseVersionRange(versionsText);
  if (versions === undefined) reader.wrong("versions", "must be comparisons such as >=2.1 <3");
  return {
    client,
    matches: matches ?? /^/,
    versions: versions ?? [],
    versionsText,
    from: reader.day("from"),
    until: reader.day("until"),
    message: reader.text("message"),
    instead: reader.text("instead"),
    source: reader.source(),
  };
}

function readTool(reader: FieldReader): ToolRule {
  reader.only(["tool", "match", "decision", "below", "reason"]);
  const tool = reader.needed("tool");
  const matchesTool = compileTextGlob(tool);
  if (matchesTool === undefined) reader.wrong("tool", "is too long, or has too many stars");
  const match = reader.text("match");
  const matchesText = match === undefined ? undefined : compileTextGlob(match);
  if (match !== undefined && matchesText === undefined) {
    reader.wrong("match", "is too long, or has too many stars");
  }
  return {
    tool,
    matchesTool: matchesTool ?? /^/,
    match,
    matchesText,
    decision: reader.oneOf("decision", verdicts) ?? reader.missing("decision", "deny"),
    below: reader.oneOf("below", integrities),
    reason: reader.text("reason"),
    source: reader.source(),
  };
}

function readEffects(reader: FieldReader): Policy["effects"] {
  reader.only(effects);
  const read = (name: (typeof effects)[number]): EffectRule =>
    readVerdicts(reader, name) ?? builtInPolicy.effects[name];
  return {
    contained: read("contained"),
    egress: read("egress"),
    persistent: read("persistent"),
    privileged: read("privileged"),
  };
}

function readCode(reader: FieldReader): Policy["code"] {
  reader.only(codeFindingKinds);
  const entries = codeFindingKinds.map(
    (kind) => [kind, readVerdicts(reader, kind) ?? builtInPolicy.code[kind]] as const,
  );
  return Object.fromEntries(entries) as Policy["code"];
}

/** One verdict for both, or one for a trusted context and one for another. */
function readVerdicts(reader: FieldReader, name: string): EffectRule | undefined {
  const raw = reader.raw(name);
  if (raw === undefined) return undefined;
  if (!isRecord(raw)) {
    const both = reader.oneOf(name, verdicts) ?? "deny";
    return { trusted: both, untrusted: both, source: reader.source(name) };
  }
  const inner = reader.inner(name);
  inner.only(["trusted", "untrusted"]);
  const trusted = inner.oneOf("trusted", verdicts) ?? inner.missing("trusted", "deny");
  const untrusted = inner.oneOf("untrusted", verdicts) ?? inner.missing("untrusted", "deny");
  return { trusted, untrusted, source: inner.source() };
}

function readSettings(reader: FieldReader): Policy["settings"] {
  reader.only(Object.keys(settingTypes));
  const rules: Record<string, SettingRule> = {};
  for (const name of Object.keys(settingTypes)) {
    if (reader.raw(name) === undefined) continue;
    const inner = reader.inner(name);
    inner.only(["mandatory", "default", "extendable"]);
    const modes = (["mandatory", "default", "extendable"] as const).filter(
      (mode) => inner.raw(mode) !== undefined,
    );
    const [mode] = modes;
    if (mode === undefined || modes.length > 1) {
      reader.wrong(name, "must have one of mandatory, default, extendable");
      continue;
    }
    const value = inner.raw(mode);
    if (!fits(value, settingTypes[name] as string)) reader.wrong(name, `must be a ${settingTypes[name]}`);
    if (mode === "extendable" && !Array.isArray(value)) reader.wrong(name, "only a list can be extended");
    rules[name] = { mode, value: value as SettingValue, source: inner.source() };
  }
  return rules;
}

function fits(value: unknown, type: string): boolean {
  if (type === "list") return Array.isArray(value) && value.every((item) => typeof item === "string");
  return typeof value === type;
}

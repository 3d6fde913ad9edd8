/** What a policy would do, told for a person: each question with its answer, and the line that gives it. */
import {
  classify,
  classifyPath,
  decideCall,
  decideRequest,
  describeClassification,
  effectOf,
  isBanned,
  joinClassifications,
  rateEndpoint,
  type CallText,
  type Classification,
  type Clearance,
  type ClientFacts,
  type EndpointFacts,
  type Integrity,
  type Label,
  type Policy,
  type RuleSource,
} from "@cloister/policy";

export interface Question {
  /** From the workspace's root. */
  readonly path: string | undefined;
  readonly client: ClientFacts | undefined;
  readonly endpoint: EndpointFacts | undefined;
  /** What somebody said of the workspace; it can make the label higher only. */
  readonly label?: Label | undefined;
  readonly call?: CallText | undefined;
  /** The least trusted thing in the context; `workspace` unless told otherwise. */
  readonly integrity?: Integrity;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Answer {
  readonly about: "file" | "client" | "endpoint" | "request" | "call";
  readonly subject: string;
  /** `core (chip-7)`, `refused`, `sent` … */
  readonly outcome: string;
  readonly why: string;
  readonly sources: readonly RuleSource[];
}

export function explain(policy: Policy, question: Question): Answer[] {
  const { path, client, endpoint, label, call, integrity = "workspace", now } = question;
  const file = path === undefined ? undefined : explainFile(policy, path);
  const held = file?.classification ?? classify(policy.labels.default);
  const classification = label === undefined ? held : joinClassifications(held, classify(label));
  return [
    ...(file === undefined ? [] : [file.answer]),
    ...(client === undefined ? [] : [explainClient(policy, client, now)]),
    ...(endpoint === undefined ? [] : explainEndpoint(policy, { endpoint, client, classification, now })),
    ...(call === undefined ? [] : [explainCall(policy, call, integrity)]),
  ];
}

function explainCall(policy: Policy, call: CallText, integrity: Integrity): Answer {
  const effect = effectOf(call, integrity);
  const { verdict, source, reason } = decideCall(policy, { ...call, effect, integrity });
  const after = integrity === "workspace" ? "" : `, after something ${integrity} was read`;
  return {
    about: "call",
    subject: call.text === "" ? call.tool : `${call.tool}(${call.text})`,
    outcome: verdict,
    why: `its effect is ${effect}${after}${reason === undefined || reason.startsWith(effect) ? "" : `; ${reason}`}`,
    sources: [source],
  };
}

function explainFile(policy: Policy, path: string): { answer: Answer; classification: Classification } {
  const { classification, rules } = classifyPath(policy, path);
  const why =
    rules.length === 0
      ? "no path rule matches, so it has the default label"
      : rules
          .map(
            ({ glob, label, compartments }) =>
              `${glob} is ${describeClassification({ label, compartments })}`,
          )
          .join("; ");
  const sources =
    rules.length === 0 ? [{ rule: "labels.default", line: undefined }] : rules.map(({ source }) => source);
  const outcome = describeClassification(joinClassifications(classification, classify("public")));
  return { answer: { about: "file", subject: path, outcome, why, sources }, classification };
}

function explainClient(policy: Policy, client: ClientFacts, now: number): Answer {
  const subject = client.version === "" ? client.name : `${client.name} ${client.version}`;
  const ban = policy.bans.find((candidate) => isBanned(candidate, client, now));
  if (ban === undefined) {
    const coming = policy.bans.find(
      ({ from }) => from !== undefined && from > now && isBannedOn(policy, client, from),
    );
    const why = coming?.from === undefined ? "no ban names it" : `a ban begins on ${dayOf(coming.from)}`;
    return {
      about: "client",
      subject,
      outcome: "allowed",
      why,
      sources: coming === undefined ? [] : [coming.source],
    };
  }
  const instead = ban.instead === undefined ? "" : `; instead: ${ban.instead}`;
  return {
    about: "client",
    subject,
    outcome: "banned",
    why: `${ban.client} ${ban.versionsText}${ban.from === undefined ? "" : ` from ${dayOf(ban.from)}`}${instead}`,
    sources: [ban.source],
  };
}

function isBannedOn(policy: Policy, client: ClientFacts, day: number): boolean {
  return policy.bans.some((ban) => ban.from === day && isBanned(ban, client, day));
}

interface AskedEndpoint {
  readonly endpoint: EndpointFacts;
  readonly client: ClientFacts | undefined;
  readonly classification: Classification;
  readonly now: number;
}

const anyone: ClientFacts = { name: "cloister", version: "0", evidence: "started" };

function explainEndpoint(policy: Policy, { endpoint, client, classification, now }: AskedEndpoint): Answer[] {
  const rating = rateEndpoint(policy, endpoint);
  const decision = decideRequest(policy, {
    client: client ?? anyone,
    now,
    classification,
    endpoint,
    alternatives: [],
  });
  return [
    {
      about: "endpoint",
      subject: endpoint.id,
      outcome:
        rating.clearance === undefined ? "not listed" : `cleared for ${describeClearance(rating.clearance)}`,
      why: rating.rule === undefined ? "no rule names it" : `${rating.rule.match} matches`,
      sources: [rating.source],
    },
    {
      about: "request",
      subject: `${describeClassification(classification)} to ${endpoint.id}`,
      outcome: decision.kind === "send" ? "sent" : "refused",
      why: decision.kind === "send" ? "within the endpoint's clearance" : whyNot(decision),
      sources: [decision.source],
    },
  ];
}

function whyNot(decision: Exclude<ReturnType<typeof decideRequest>, { kind: "send" }>): string {
  return decision.kind === "refuse" ? `${decision.why}; ${decision.next}` : decision.why;
}

function describeClearance({ label, compartments }: Clearance): string {
  return compartments === "all" ? label : describeClassification({ label, compartments });
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

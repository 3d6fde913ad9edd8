/** Whether a request may go to an endpoint: the client's ban first, then what it holds against who would see it. */
import { describeClassification, isCleared, type Classification, type Clearance } from "./classification.ts";
import { isWithin } from "./labels.ts";
import type { Ban, EndpointRule, Policy, Requirement, RuleSource } from "./policy.ts";
import { isInRange } from "./versions.ts";

export interface ClientFacts {
  readonly name: string;
  readonly version: string;
  /** `started`: we started it ourselves. `claimed`: it says so. `recognised`: by the shape of its requests. */
  readonly evidence: "started" | "claimed" | "recognised";
}

export interface EndpointFacts {
  readonly id: string;
  /** `host:port`, lower case; the brackets of IPv6 stay. */
  readonly address: string;
  readonly isLoopback: boolean;
  /** What whoever set it up said it is cleared for. A policy's rule counts instead, where there is one. */
  readonly clearance: Clearance;
}

export interface RequestFacts {
  readonly client: ClientFacts;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly classification: Classification;
  readonly endpoint: EndpointFacts;
  /** Where else the same model, or one as good, is to be had; in the order of preference. */
  readonly alternatives: readonly EndpointFacts[];
}

export type RequestDecision =
  | { readonly kind: "send"; readonly source: RuleSource }
  /** To one of the alternatives: the endpoint that was asked for is not cleared. */
  | { readonly kind: "reroute"; readonly to: string; readonly source: RuleSource; readonly why: string }
  | { readonly kind: "refuse"; readonly source: RuleSource; readonly why: string; readonly next: string };

/** Pure: the same facts give the same decision on any day but that of `now`, for `explain` and for real. */
export function decideRequest(policy: Policy, facts: RequestFacts): RequestDecision {
  const banned = decideClient(policy, facts.client, facts.now);
  if (banned !== undefined) return banned;
  const asked = rateEndpoint(policy, facts.endpoint);
  const trouble = troubleOf(policy, asked, facts);
  if (trouble === undefined) return { kind: "send", source: asked.source };
  for (const alternative of facts.alternatives) {
    const rating = rateEndpoint(policy, alternative);
    if (troubleOf(policy, rating, facts) === undefined) {
      return { kind: "reroute", to: alternative.id, source: trouble.source, why: trouble.why };
    }
  }
  return { kind: "refuse", ...trouble };
}

/** What is said to a client that may ask for nothing at all; undefined for any other. `now` as in the facts. */
export function decideClient(
  policy: Policy,
  client: ClientFacts,
  now: number,
): Extract<RequestDecision, { kind: "refuse" }> | undefined {
  const ban = policy.bans.find((candidate) => isBanned(candidate, client, now));
  return ban === undefined ? undefined : refuseBanned(ban, client);
}

export function isBanned(ban: Ban, client: ClientFacts, now: number): boolean {
  if (ban.from !== undefined && now < ban.from) return false;
  if (ban.until !== undefined && now >= ban.until) return false;
  return ban.matches.test(client.name.toLowerCase()) && isInRange(client.version, ban.versions);
}

function refuseBanned(ban: Ban, client: ClientFacts): Extract<RequestDecision, { kind: "refuse" }> {
  const since = ban.from === undefined ? "" : ` since ${new Date(ban.from).toISOString().slice(0, 10)}`;
  const version = client.version === "" ? "" : ` ${client.version}`;
  return {
    kind: "refuse",
    source: ban.source,
    why: `${client.name}${version} is not allowed here${since}${ban.message === undefined ? "" : `: ${ban.message}`}`,
    next: ban.instead === undefined ? "ask whoever keeps the policy what to use" : `use ${ban.instead}`,
  };
}

/** What counts for an endpoint, and which rule says so. */
export interface EndpointRating {
  readonly endpoint: EndpointFacts;
  /** Undefined: nobody may send anything there. */
  readonly clearance: Clearance | undefined;
  readonly rule: EndpointRule | undefined;
  readonly source: RuleSource;
}

export function rateEndpoint(policy: Policy, endpoint: EndpointFacts): EndpointRating {
  const { rules, unlisted } = policy.endpoints;
  const rule = rules.find(({ match }) => matchesEndpoint(match, endpoint));
  if (rule !== undefined) return { endpoint, clearance: rule.clearance, rule, source: rule.source };
  const counts = unlisted === "as-configured" || (unlisted === "loopback" && endpoint.isLoopback);
  const source = {
    rule: policy.name === "built-in" ? "label-within-clearance" : "endpoints.unlisted",
    line: undefined,
  };
  return { endpoint, clearance: counts ? endpoint.clearance : undefined, rule: undefined, source };
}

function matchesEndpoint(match: string, { address, isLoopback }: EndpointFacts): boolean {
  if (match === "*") return true;
  if (match === "loopback") return isLoopback;
  const host = address.replace(/:\d+$/, "");
  if (match.startsWith("*.")) {
    const [suffix = "", port] = match.slice(1).split(":");
    return (
      host.endsWith(suffix) &&
      host.length > suffix.length &&
      (port === undefined || address.endsWith(`:${port}`))
    );
  }
  return match === address || match === host;
}

interface Trouble {
  readonly source: RuleSource;
  readonly why: string;
  readonly next: string;
}

function troubleOf(
  policy: Policy,
  rating: EndpointRating,
  { classification }: RequestFacts,
): Trouble | undefined {
  const { endpoint, clearance, source } = rating;
  if (clearance === undefined) {
    return {
      source,
      why: `no rule of the policy "${policy.name}" names the endpoint ${endpoint.id}`,
      next: "use an endpoint that the policy lists, or have it added there",
    };
  }
  if (!isCleared(classification, clearance)) {
    const cleared = describeClassification({
      label: clearance.label,
      compartments: clearance.compartments === "all" ? [] : clearance.compartments,
    });
    return {
      source,
      why: `the request is ${describeClassification(classification)}; ${endpoint.id} is cleared for ${cleared} only`,
      next: "use an endpoint that is cleared for it, or let whoever answers for the data set its clearance (--clearance)",
    };
  }
  for (const requirement of policy.endpoints.requirements) {
    if (!isWithin(requirement.from, classification.label)) continue;
    const lack = lackOf(requirement, rating.rule);
    if (lack !== undefined) {
      return {
        source: requirement.source,
        why: `${classification.label} content may only go where ${lack}; of ${endpoint.id} that is not known`,
        next: "use an endpoint that meets it, or have the endpoint's contract written into the policy",
      };
    }
  }
  return undefined;
}

/** What nobody said of an endpoint counts against it. */
function lackOf(requirement: Requirement, rule: EndpointRule | undefined): string | undefined {
  if (requirement.training === false && rule?.training !== false) return "nothing is used for training";
  const { retentionDaysMax, jurisdictions } = requirement;
  if (retentionDaysMax !== undefined && (rule?.retentionDays ?? Infinity) > retentionDaysMax) {
    return retentionDaysMax === 0
      ? "nothing is kept"
      : `nothing is kept longer than ${retentionDaysMax} days`;
  }
  const isAllowed = jurisdictions === undefined || jurisdictions.includes(rule?.jurisdiction ?? "");
  return isAllowed ? undefined : `the law is that of ${jurisdictions.join(" or ")}`;
}

import { decideRequest, type RuleSource } from "@cloister/policy";
import { factsOf } from "../endpoint-facts.ts";
import type { Destination } from "../destination.ts";
import type { Sealed } from "./seal.ts";

export interface Decided extends Sealed {
  readonly decision: { readonly kind: "send"; readonly source: RuleSource };
}

export interface Refused {
  readonly kind: "refused";
  readonly decision: {
    readonly kind: "refuse";
    readonly source: RuleSource;
    readonly why: string;
    readonly next: string;
  };
}

/** To be made anew for another endpoint, in its protocol. */
export interface Rerouted {
  readonly kind: "rerouted";
  readonly to: Destination;
  readonly source: RuleSource;
  readonly why: string;
}

export function decide(sealed: Sealed): Decided | Refused | Rerouted {
  const { session, client, classification, endpoint, alternatives = [] } = sealed;
  const decision = decideRequest(session.policy, {
    client,
    now: session.clock.now(),
    classification,
    endpoint: factsOf(endpoint),
    // Known by their place: two endpoints may have been given one name.
    alternatives: alternatives.map((other, at) => ({ ...factsOf(other.endpoint), id: String(at) })),
  });
  if (decision.kind === "send") return { ...sealed, decision };
  if (decision.kind === "refuse") return { kind: "refused", decision };
  const to = alternatives[Number(decision.to)] as Destination;
  return { kind: "rerouted", to, source: decision.source, why: decision.why };
}

/** `bans[0], line 12`: for a person, who can look it up and argue. */
export function formatRule({ rule, line }: RuleSource): string {
  return line === undefined ? rule : `${rule}, line ${line}`;
}

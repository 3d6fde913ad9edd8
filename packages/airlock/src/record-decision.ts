/** What the policy decided other than to send: recorded too, with the rule that a person can look up. */
import type { JsonObject } from "@cloister/base";
import type { RuleSource } from "@cloister/policy";
import { clearanceOf } from "./endpoint-facts.ts";
import type { Endpoint } from "./endpoint.ts";
import type { AirlockSession, Client } from "./session.ts";

export interface RecordedDecision {
  readonly kind: "send" | "reroute" | "refuse";
  readonly source: RuleSource;
  /** The endpoint that it goes to instead. */
  readonly to?: string;
}

/** In the order of its time, but nobody waits for it: nothing has left. */
export function recordDecision(
  { session, endpoint }: { readonly session: AirlockSession; readonly endpoint: Endpoint },
  decision: RecordedDecision,
): void {
  const fields = {
    session: session.id,
    endpoint: endpointFields(session, endpoint),
    ...classFields(session),
    decision: decisionFields(decision),
    policy: policyFields(session),
  };
  session.ledger.append({ type: "decision", fields }).catch(session.onTrouble);
}

/** The clearance is the one that counts: the policy's, where it has a rule for the endpoint. */
export function endpointFields({ policy }: AirlockSession, endpoint: Endpoint): JsonObject {
  const { id, url, operator } = endpoint;
  return { id, url, clearance: clearanceOf(policy, endpoint) ?? endpoint.clearance, operator };
}

export function classFields({ standing }: AirlockSession): JsonObject {
  const { label, compartments } = standing.classification;
  return { label, ...(compartments.length === 0 ? {} : { compartments: [...compartments] }) };
}

export function decisionFields({ kind, source, to }: RecordedDecision): JsonObject {
  return {
    kind,
    rule: source.rule,
    ...(source.line === undefined ? {} : { line: source.line }),
    ...(to === undefined ? {} : { to }),
  };
}

export function policyFields({
  policy,
  policySha256,
}: Pick<AirlockSession, "policy" | "policySha256">): JsonObject {
  return { name: policy.name, ...(policySha256 === undefined ? {} : { sha256: policySha256 }) };
}

/** A client that may ask for nothing, before anything was read of what it asks. */
export function recordBan(
  {
    ledger,
    onTrouble,
    policy,
    policySha256,
  }: Pick<AirlockSession, "ledger" | "onTrouble" | "policy" | "policySha256">,
  { name, version, evidence }: Client,
  source: RuleSource,
): void {
  const fields = {
    client: { name, version, evidence },
    decision: decisionFields({ kind: "refuse", source }),
    policy: policyFields({ policy, policySha256 }),
  };
  ledger.append({ type: "decision", fields }).catch(onTrouble);
}

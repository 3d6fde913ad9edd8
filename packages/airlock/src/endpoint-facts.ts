/** An endpoint as the policy's rules see it. */
import { isLoopback } from "@cloister/backend";
import {
  decideRequest,
  rateEndpoint,
  type Classification,
  type EndpointFacts,
  type Label,
  type Policy,
} from "@cloister/policy";
import type { Endpoint } from "./endpoint.ts";

/** The default ports of a URL's scheme are written out: a rule may name one. */
export function addressOf({ hostname, port, protocol }: URL): string {
  return `${hostname.toLowerCase()}:${port === "" ? (protocol === "https:" ? "443" : "80") : port}`;
}

export function factsOf({ id, url, clearance, operator }: Endpoint): EndpointFacts {
  const where = new URL(url);
  const isHere = operator === "this machine";
  // A model's file has no host. Behind an address here may be somebody else's machine: that one is judged.
  const own = where.host === "" ? "localhost:0" : addressOf(where);
  const address = isHere || !isLoopback(where) ? own : `${hostOf(operator, where)}:443`;
  return {
    id,
    address,
    isLoopback: isHere && (where.host === "" || isLoopback(where)),
    clearance: { label: clearance, compartments: "all" },
  };
}

/** Servers name the other machine with a scheme, a port, or not at all. */
function hostOf(operator: string, where: URL): string {
  const host = operator
    .toLowerCase()
    .replace(/^\w+:\/\//, "")
    .replace(/[:/].*$/, "");
  return host === "" || host === where.hostname ? "unknown" : host;
}

/** What counts for it; undefined where the policy lets nobody send anything there. */
export function clearanceOf(policy: Policy, endpoint: Endpoint): Label | undefined {
  return rateEndpoint(policy, factsOf(endpoint)).clearance?.label;
}

/** Whether something of this class may be shown to it, whoever asks. */
export function maySee(policy: Policy, endpoint: Endpoint, classification: Classification): boolean {
  const decision = decideRequest(
    { ...policy, bans: [] },
    {
      client: { name: "", version: "", evidence: "started" },
      now: 0,
      classification,
      endpoint: factsOf(endpoint),
      alternatives: [],
    },
  );
  return decision.kind === "send";
}

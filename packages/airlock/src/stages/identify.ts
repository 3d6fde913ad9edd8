import type { JsonObject } from "@cloister/base";
import type { Protocol } from "@cloister/wire";
import type { Endpoint } from "../endpoint.ts";
import type { AirlockSession, Client } from "../session.ts";
import type { Destination } from "../destination.ts";
import type { Route } from "../route.ts";
import type { RuleSource } from "@cloister/policy";

/** A request as it came through the door, and where it is to go. */
export interface Arrival {
  readonly session: AirlockSession;
  readonly endpoint: Endpoint;
  readonly route: Route;
  readonly body: Buffer;
  /** The body, where the door has read it already. */
  readonly request?: JsonObject;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Where else it might go, in the order of preference, if the endpoint may not see it. */
  readonly alternatives?: readonly Destination[];
  /** The endpoint that was asked for, and why the request does not go there. */
  readonly rerouted?: { readonly from: string; readonly source: RuleSource; readonly why: string };
  /** How long a server that loads or restarts is waited for; as long as the backend has patience unless told otherwise. */
  readonly patienceMs?: number;
  /** What the record says of it besides: that it is no turn of the conversation, or what was changed in it. */
  readonly notes?: JsonObject;
}

export interface Identified extends Arrival {
  readonly client: Client;
  readonly door: Protocol;
}

/**
 * On the keeper's socket, which is the session's own and open to its user alone, who asks is the agent of the session.
 * At other doors the client is who it claims to be, and the record says that it is a claim.
 */
export function identify(arrival: Arrival): Identified {
  return { ...arrival, client: arrival.session.client, door: arrival.route.door };
}

import type { Protocol } from "@cloister/wire";
import type { AirlockSession, Client, Endpoint } from "../session.ts";
import type { Route } from "../route.ts";

/** A request as it came through the door, and where it is to go. */
export interface Arrival {
  readonly session: AirlockSession;
  readonly endpoint: Endpoint;
  readonly route: Route;
  readonly body: Buffer;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
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

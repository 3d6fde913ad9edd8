import type { AirlockSession, Client } from "../session.ts";

/** A request as it came through the door. */
export interface Arrival {
  readonly session: AirlockSession;
  readonly body: Buffer;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export interface Identified extends Arrival {
  readonly client: Client;
}

/** On the keeper's socket only the process in the agent's cell can ask: the session says who that is. */
export function identify(arrival: Arrival): Identified {
  return { ...arrival, client: arrival.session.client };
}

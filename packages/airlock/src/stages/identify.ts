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

/** The keeper's socket is the session's own, open to its user alone: who asks there is the agent of the session. */
export function identify(arrival: Arrival): Identified {
  return { ...arrival, client: arrival.session.client };
}

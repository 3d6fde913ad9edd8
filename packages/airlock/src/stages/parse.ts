import type { Turn } from "../conversation.ts";
import { makerOf } from "../thoughts.ts";
import type { Identified } from "./identify.ts";

export interface Parsed extends Identified {
  readonly turn: Turn;
}

/**
 * Reads the request, and translates it where the endpoint speaks another protocol, or its model another dialect of it.
 * @throws CloisterError `bad-request`, `bad-json`
 */
export function parse(identified: Identified): Parsed {
  const { session, endpoint, body, route, request: given } = identified;
  const maker = makerOf(endpoint, route.model);
  return { ...identified, turn: session.conversation.read({ body, route, maker, given }) };
}

import type { Turn } from "../conversation.ts";
import type { Identified } from "./identify.ts";

export interface Parsed extends Identified {
  readonly turn: Turn;
}

/**
 * Reads the request, and translates it where the endpoint speaks another protocol, or its model another dialect of it.
 * @throws CloisterError `bad-request`, `bad-json`
 */
export function parse(identified: Identified): Parsed {
  return { ...identified, turn: identified.session.conversation.read(identified.body, identified.route) };
}

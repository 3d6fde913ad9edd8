import type { Turn } from "../conversation.ts";
import type { Identified } from "./identify.ts";

export interface Parsed extends Identified {
  readonly turn: Turn;
}

/** @throws CloisterError `bad-request`, `bad-json` */
export function parse(identified: Identified): Parsed {
  return { ...identified, turn: identified.session.conversation.read(identified.body) };
}

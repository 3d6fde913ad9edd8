import type { TurnRequest } from "@cloister/wire";

/**
 * An estimate of the tokens of a prompt: bytes of UTF-8 by what a token of the common vocabularies holds on average,
 * 3.6 for code and prose in Latin letters and 3 for the rest, tools included. It is a little high on purpose: a client
 * that compacts early loses less than one that overflows.
 */
export function countTokens(turn: TurnRequest): number {
  const text = JSON.stringify([turn.system, turn.items, turn.tools]);
  const bytes = Buffer.byteLength(text);
  const latin = text.length - (bytes - text.length) / 2;
  return Math.ceil(Math.max(latin, 0) / 3.6 + Math.max(bytes - latin, 0) / 3);
}

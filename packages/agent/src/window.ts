/**
 * How much of the model's window is taken. Nothing is tokenised here: a server says with each answer how many tokens
 * its prompt had, and what was added since then is estimated from its bytes at the rate learned so far.
 */
import type { Usage } from "@cloister/wire";
import { cutMiddle } from "./tools/cut.ts";
import { isOverflow, windowIn } from "./overflow.ts";
import type { Trouble } from "./events.ts";

export interface Window {
  /** In tokens; undefined as long as nobody said, and no server complained. */
  readonly size: number | undefined;
  /** Kept free for the answer. */
  readonly reserve: number;
  /** What a prompt may take. */
  readonly usable: number | undefined;
  /** Tokens of a request with so many bytes. */
  estimate(bytes: number): number;
  /** Tokens of a part of the conversation. */
  estimatePart(bytes: number): number;
  learn(requestBytes: number, usage: Usage | undefined): void;
  /** A server refused a prompt as too long. */
  learnOverflow(requestBytes: number, failure: Trouble): void;
  /** Another model answered, whose window counts as long as it does; undefined: the session's own did. */
  answered(by: { readonly contextTokens?: number } | undefined): void;
  /** The conversation began anew: the last count says nothing of it. */
  forget(): void;
  /** An output as it may enter the conversation. It is cut now or never: what was sent once stays as it is. */
  fit(output: string): string;
}

/** As much as answers with long edits in them need. */
const RESERVE_TOKENS_DEFAULT = 8192;
/** A reserve must leave room for the prompt it is for. */
const RESERVE_SHARE_MAX = 1 / 4;
const OUTPUT_SHARE_MAX = 1 / 5;
const OUTPUT_TOKENS_MIN = 500;
/** English prose and source code have three to four bytes a token; JSON around them has fewer. */
const TOKENS_PER_BYTE_FIRST = 0.28;
const TOKENS_PER_BYTE_MIN = 0.1;
const TOKENS_PER_BYTE_MAX = 1;

export function createWindow(contextTokens: number | undefined, reserveTokens?: number): Window {
  let own = contextTokens;
  let away: { readonly contextTokens?: number } | undefined;
  let rate = TOKENS_PER_BYTE_FIRST;
  let counted: { readonly bytes: number; readonly tokens: number } | undefined;
  const sizeNow = (): number | undefined => {
    const other = away?.contextTokens;
    if (own === undefined || other === undefined) return own ?? other;
    return Math.min(own, other);
  };
  const reserve = (): number => {
    const wanted = reserveTokens ?? RESERVE_TOKENS_DEFAULT;
    const size = sizeNow();
    return size === undefined ? wanted : Math.min(wanted, Math.floor(size * RESERVE_SHARE_MAX));
  };
  const usable = (): number | undefined => {
    const size = sizeNow();
    return size === undefined ? undefined : size - reserve();
  };
  const part = (bytes: number): number => Math.ceil(bytes * rate);
  return {
    get size() {
      return sizeNow();
    },
    get reserve() {
      return reserve();
    },
    get usable() {
      return usable();
    },
    estimate: (bytes) =>
      counted === undefined || bytes < counted.bytes
        ? part(bytes)
        : counted.tokens + part(bytes - counted.bytes),
    estimatePart: part,
    learn: (requestBytes, usage) => {
      // Some servers count only what their cache did not hold, or nothing at all: no rate of any text is that low.
      if (usage === undefined || usage.promptTokens < requestBytes * (TOKENS_PER_BYTE_MIN / 2)) return;
      counted = { bytes: requestBytes, tokens: usage.promptTokens };
      rate = clamp(usage.promptTokens / requestBytes, TOKENS_PER_BYTE_MIN, TOKENS_PER_BYTE_MAX);
    },
    learnOverflow: (requestBytes, failure) => {
      if (!isOverflow(failure)) return;
      const said = windowIn(failure.message);
      const asked = counted === undefined ? part(requestBytes) : counted.tokens;
      // A server that names no size has told this much: what was asked for did not fit.
      const learned = said ?? Math.floor(asked * 0.9);
      own = own === undefined ? learned : Math.min(own, learned);
    },
    answered: (by) => {
      // What was learned while another was at work may have been of that one.
      if (by === undefined && away !== undefined) own = contextTokens ?? own;
      away = by;
    },
    forget: () => {
      counted = undefined;
    },
    fit: (output) => {
      const room = usable();
      if (room === undefined) return output;
      const tokensMax = Math.max(OUTPUT_TOKENS_MIN, Math.floor(room * OUTPUT_SHARE_MAX));
      const tokens = part(Buffer.byteLength(output));
      return tokens <= tokensMax
        ? output
        : cutMiddle(output, Math.floor((output.length * tokensMax) / tokens));
    },
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

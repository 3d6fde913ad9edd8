/** How fast the model writes now: over the last seconds, in tokens that are estimated until the server counts them. */

export interface PaceMeter {
  /** The model wrote this, now. */
  wrote(text: string, atMs: number): void;
  /** Undefined while too little was written to say, and when nothing comes any more. */
  tokensPerSecond(atMs: number): number | undefined;
  clear(): void;
}

const WINDOW_MS = 4000;
/** Sooner it would jump. */
const SPAN_MS_MIN = 1000;
/** Pieces that come within this time are one, so that a fast model leaves no long list. */
const PIECE_MS = 100;
/** Of prose and source code; what is not ASCII has about a token for each character, and Chinese a little less. */
const TOKENS_PER_ASCII = 0.28;
const TOKENS_PER_OTHER = 0.7;

interface Piece {
  readonly atMs: number;
  tokens: number;
}

export function createPaceMeter(): PaceMeter {
  let pieces: Piece[] = [];
  return {
    wrote: (text, atMs) => {
      const last = pieces.at(-1);
      if (last !== undefined && atMs - last.atMs < PIECE_MS) {
        last.tokens += estimateTokens(text);
        return;
      }
      pieces = pieces.filter((piece) => atMs - piece.atMs <= WINDOW_MS);
      pieces.push({ atMs, tokens: estimateTokens(text) });
    },
    tokensPerSecond: (atMs) => {
      const [first, ...rest] = pieces.filter((piece) => atMs - piece.atMs <= WINDOW_MS);
      // The first one was written before the time that is looked at.
      if (first === undefined || rest.length === 0 || atMs - first.atMs < SPAN_MS_MIN) return undefined;
      const tokens = rest.reduce((sum, piece) => sum + piece.tokens, 0);
      return (tokens * 1000) / (atMs - first.atMs);
    },
    clear: () => {
      pieces = [];
    },
  };
}

export function estimateTokens(text: string): number {
  let other = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) other += 1;
  return (text.length - other) * TOKENS_PER_ASCII + other * TOKENS_PER_OTHER;
}

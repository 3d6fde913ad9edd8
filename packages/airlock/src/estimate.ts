/**
 * How many tokens a prompt has, without asking anybody. The vocabulary o200k comes within a tenth of most models on
 * code and prose; what is left of the difference, the template's own tokens too, is learnt from what servers count.
 */
import { isRecord } from "@cloister/base";
import type { TurnItem, TurnRequest } from "@cloister/wire";
import type { Endpoint } from "./endpoint.ts";
import type { KnownUsage } from "./session.ts";

export interface Estimator {
  /** Remembers what a server counted. Nothing is read or tokenised for it before the next estimate. */
  learn(known: KnownUsage): void;
  /** Tokens of the prompt. Until the vocabulary is loaded, by bytes. Takes some ten milliseconds at most. */
  estimate(turn: TurnRequest, at: { readonly endpoint: Endpoint; readonly model: string }): number;
  /** Loads the vocabulary: a fifth of a second and some 60 MB, once. */
  load(): Promise<void>;
}

type CountText = (text: string) => number;

const MODELS_MAX = 64;
/** Longer requests teach nothing that shorter ones do not, and would be kept until somebody asks. */
const KNOWN_BYTES_MAX = 2 * 1024 * 1024;
/** In a shorter prompt the template's own tokens weigh too much. */
const KNOWN_TOKENS_MIN = 200;
const FACTORS_MAX = 15;

interface Learnt {
  known: KnownUsage | undefined;
  /** By the way of counting that they correct. */
  readonly factors: Readonly<Record<"bytes" | "vocabulary", number[]>>;
}

export function createEstimator(): Estimator {
  const models = new Map<string, Learnt>();
  let vocabulary: CountText | undefined;

  /** What the last request says about our counting; asked for both ways, so that the first estimate has it too. */
  const study = (learnt: Learnt): void => {
    const { known, factors } = learnt;
    const turn = known === undefined ? undefined : readKnown(known);
    learnt.known = undefined;
    if (known === undefined || turn === undefined) return;
    for (const [way, count] of [
      ["bytes", undefined],
      ["vocabulary", vocabulary],
    ] as const) {
      if (way === "vocabulary" && count === undefined) continue;
      const tokens = countTurn(turn, count);
      if (tokens < KNOWN_TOKENS_MIN) continue;
      factors[way].push(known.promptTokens / tokens);
      if (factors[way].length > FACTORS_MAX) factors[way].shift();
    }
  };

  return {
    learn(known) {
      const key = keyOf(known);
      const bytes = known.outgoing.reduce((sum, piece) => sum + piece.length, 0);
      if (bytes > KNOWN_BYTES_MAX || known.promptTokens <= 0) return;
      const learnt = models.get(key);
      if (learnt !== undefined) learnt.known = known;
      else if (models.size < MODELS_MAX) models.set(key, { known, factors: { bytes: [], vocabulary: [] } });
    },
    estimate(turn, at) {
      const learnt = models.get(keyOf(at));
      if (learnt !== undefined) study(learnt);
      const way = vocabulary === undefined ? "bytes" : "vocabulary";
      return Math.ceil(countTurn(turn, vocabulary) * median(learnt?.factors[way] ?? []));
    },
    async load() {
      vocabulary ??= await loadVocabulary();
    },
  };
}

async function loadVocabulary(): Promise<CountText> {
  const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
  // Text that looks like a control token is text here.
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => countTokens(text, options);
}

function keyOf({ endpoint, model }: { readonly endpoint: Endpoint; readonly model: string }): string {
  return `${endpoint.id}\n${model}`;
}

function readKnown({ outgoing, endpoint }: KnownUsage): TurnRequest | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.concat(outgoing).toString("utf8"));
    return isRecord(value) ? endpoint.protocol.parseRequest(value as never) : undefined;
  } catch {
    return undefined; // a request in a form that only its server reads: it teaches nothing
  }
}

function median(factors: readonly number[]): number {
  const sorted = factors.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 1;
}

/** Of the template around a message, and of a picture; servers differ, and the factor learns it. */
const MESSAGE_TOKENS = 4;
const PICTURE_TOKENS = 1000;
/** Also the longest text tokenised at once: words without an end take time with the square of their length. */
const PIECE_CHARS = 1024;
const PIECES_MAX = 32;

/** Longer prompts are counted in pieces from everywhere in them, which come within a few percent of the whole. */
function countTurn(turn: TurnRequest, count: CountText | undefined): number {
  const text = textsOf(turn).join("\n");
  const fixed = MESSAGE_TOKENS * (turn.items.length + turn.system.length) + PICTURE_TOKENS * picturesOf(turn);
  return fixed + (count === undefined ? countBytes(text) : countPieces(text, count));
}

/**
 * Bytes of UTF-8 by what a token of the common vocabularies holds on average, 3.6 for code and prose in Latin letters
 * and 3 for the rest. A little high on purpose: a client that compacts early loses less than one that overflows.
 */
function countBytes(text: string): number {
  const bytes = Buffer.byteLength(text);
  const latin = Math.max(0, text.length - (bytes - text.length) / 2);
  return latin / 3.6 + Math.max(bytes - latin, 0) / 3;
}

function countPieces(text: string, count: CountText): number {
  const pieces = Math.min(PIECES_MAX, Math.ceil(text.length / PIECE_CHARS));
  const stride = text.length / pieces;
  let tokens = 0;
  let bytes = 0;
  for (let index = 0; index < pieces; index++) {
    const start = Math.floor(index * stride);
    const piece = text.slice(start, start + Math.min(PIECE_CHARS, Math.ceil(stride)));
    tokens += count(piece);
    bytes += Buffer.byteLength(piece);
  }
  return bytes === 0 ? 0 : (tokens * Buffer.byteLength(text)) / bytes;
}

function textsOf({ system, items, tools }: TurnRequest): string[] {
  const offered = tools.map(({ name, description, parameters }) =>
    [name, description ?? "", JSON.stringify(parameters)].join("\n"),
  );
  return [...system, ...offered, ...items.flatMap(textsOfItem)];
}

function textsOfItem(item: TurnItem): string[] {
  switch (item.kind) {
    case "system":
      return [item.text];
    case "assistant":
      return [item.reasoning, item.text, ...item.calls.map((call) => `${call.name} ${call.arguments}`)];
    case "user":
    case "result":
      return item.parts.map((part) => (part.kind === "text" ? part.text : ""));
  }
}

function picturesOf({ items }: TurnRequest): number {
  const parts = items.flatMap((item) => (item.kind === "user" || item.kind === "result" ? item.parts : []));
  return parts.filter(({ kind }) => kind === "image").length;
}

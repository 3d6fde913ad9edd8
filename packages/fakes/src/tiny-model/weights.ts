// The numbers of a tiny model. Attention and feed-forward layers have their real shapes and are really computed.
// In a scripted model they contribute nothing: every step of the script has a token of its own, the output matrix maps
// each token's embedding to the token that follows, and a flag in the embedding means "stop here".
import { TOKEN_TYPE } from "./vocabulary.ts";
import type { Tensor } from "./gguf.ts";
import type { Vocabulary } from "./vocabulary.ts";

export type TinyArchitecture = "qwen2" | "qwen3" | "llama";

export const SHAPE = {
  embedding: 64,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  feedForward: 128,
  /** embedding / heads */
  head: 16,
} as const;

export interface WeightOptions {
  readonly architecture: TinyArchitecture;
  readonly vocabulary: Vocabulary;
  readonly endOfTurn: number;
  /** Token to the token that follows it. Empty in a random model. */
  readonly next: ReadonlyMap<number, number>;
  readonly meanTokens: number;
  readonly seed: number;
}

const D = SHAPE.embedding;
/** How far the scripted step stands above all noise, in logits: enough for any sane temperature. */
const SURE = 48;
// Column 0 of an embedding says that no script goes on from here, column 1 is a constant that carries a bias for each
// token, the rest is a random direction. All rows have the same length, so that the final norm changes nothing.
const OFF_SCRIPT = Math.sqrt(0.96 * D);
const FIRST_FREE = 2;

export function createWeights(options: WeightOptions): Tensor[] {
  const random = createRandom(options.seed);
  const embedding = createEmbedding(options, random);
  const output = createOutput(options, embedding, random);
  const count = options.vocabulary.tokens.length;
  return [
    { name: "token_embd.weight", shape: [D, count], values: embedding },
    ...Array.from({ length: SHAPE.layers }, (_, layer) => createLayer(options, layer, random)).flat(),
    { name: "output_norm.weight", shape: [D], values: ones(D) },
    { name: "output.weight", shape: [D, count], values: output },
  ];
}

function createEmbedding({ vocabulary, next, endOfTurn }: WeightOptions, random: Random): Float32Array {
  const values = new Float32Array(vocabulary.tokens.length * D);
  for (let token = 0; token < vocabulary.tokens.length; token++) {
    const row = values.subarray(token * D, (token + 1) * D);
    const flag = next.size > 0 && (next.get(token) ?? endOfTurn) === endOfTurn ? OFF_SCRIPT : 0;
    const direction = Array.from({ length: D - FIRST_FREE }, () => random.normal());
    const scale = Math.sqrt((D - flag ** 2 - 1) / direction.reduce((sum, x) => sum + x ** 2, 0));
    row.set([flag, 1, ...direction.map((x) => x * scale)]);
  }
  return values;
}

/** Noise, a bias for each token and, in a scripted model, the direction of the token before. */
function createOutput(options: WeightOptions, embedding: Float32Array, random: Random): Float32Array {
  const { vocabulary, next, endOfTurn } = options;
  const values = random.matrix({ rows: vocabulary.tokens.length, columns: D, deviation: 1 / Math.sqrt(D) });
  for (const [token, type] of vocabulary.types.entries()) {
    // No stray special tokens, and nothing but ASCII, so that all output is valid UTF-8.
    const isWelcome = type === TOKEN_TYPE.normal && (token < 128 || token > 255);
    values.set([0, isWelcome ? 0 : -20], token * D);
  }
  if (next.size > 0) values.set([SURE / OFF_SCRIPT, 0], endOfTurn * D);
  else values[endOfTurn * D + 1] = lengthBias(vocabulary.tokens.length, options.meanTokens);
  for (const [from, to] of next) {
    if (to === endOfTurn) continue;
    for (let i = FIRST_FREE; i < D; i++) {
      const at = to * D + i;
      values[at] = (values[at] ?? 0) + (SURE * (embedding[from * D + i] ?? 0)) / (D - 1);
    }
  }
  return values;
}

function lengthBias(tokens: number, meanTokens: number): number {
  return meanTokens === Infinity ? -60 : Math.log(tokens / meanTokens);
}

function createLayer({ architecture, next }: WeightOptions, layer: number, random: Random): Tensor[] {
  const kv = SHAPE.head * SHAPE.kvHeads;
  // What a layer adds to the stream: nothing in a scripted model.
  const effect = next.size > 0 ? 0 : 0.3;
  const vector = (name: string, values: Float32Array): Tensor => ({
    name: `blk.${layer}.${name}`,
    shape: [values.length],
    values,
  });
  const matrix = (name: string, [columns, rows]: readonly [number, number], scale = 1): Tensor => ({
    name: `blk.${layer}.${name}`,
    shape: [columns, rows],
    values: random.matrix({ rows, columns, deviation: scale / Math.sqrt(columns) }),
  });
  const biases = ["attn_q.bias", "attn_k.bias", "attn_v.bias"].map((name, i) =>
    vector(name, new Float32Array(i === 0 ? D : kv)),
  );
  const norms = ["attn_q_norm.weight", "attn_k_norm.weight"].map((name) => vector(name, ones(SHAPE.head)));
  return [
    vector("attn_norm.weight", ones(D)),
    matrix("attn_q.weight", [D, D]),
    matrix("attn_k.weight", [D, kv]),
    matrix("attn_v.weight", [D, kv]),
    ...(architecture === "qwen2" ? biases : []),
    ...(architecture === "qwen3" ? norms : []),
    matrix("attn_output.weight", [D, D], effect),
    vector("ffn_norm.weight", ones(D)),
    matrix("ffn_gate.weight", [D, SHAPE.feedForward]),
    matrix("ffn_up.weight", [D, SHAPE.feedForward]),
    matrix("ffn_down.weight", [SHAPE.feedForward, D], effect),
  ];
}

function ones(length: number): Float32Array {
  return new Float32Array(length).fill(1);
}

interface Random {
  normal(): number;
  matrix(size: { rows: number; columns: number; deviation: number }): Float32Array;
}

/** Repeatable: the generator "mulberry32", and the Box-Muller transform for the normal distribution. */
function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    normal,
    matrix: ({ rows, columns, deviation }) =>
      Float32Array.from({ length: rows * columns }, () => normal() * deviation),
  };
}

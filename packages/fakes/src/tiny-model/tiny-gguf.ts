// A language model of a few hundred kilobytes that real engines load and run like any other: real tokenizer, real chat
// template, real sampling, real KV cache. It is written here, so no test needs a download.
import { chatTemplate, ruleToken, turnToken } from "./chat-template.ts";
import { encodeGguf } from "./gguf.ts";
import { writeTurn } from "./script.ts";
import { createVocabulary, TOKEN_TYPE } from "./vocabulary.ts";
import { createWeights, SHAPE } from "./weights.ts";
import type { MetaEntry } from "./gguf.ts";
import type { TinyFormat, TinyScript } from "./script.ts";
import type { Vocabulary } from "./vocabulary.ts";
import type { TinyArchitecture } from "./weights.ts";

export interface TinyModelOptions {
  /** Default "qwen2". */
  readonly architecture?: TinyArchitecture;
  /** Replays this, token by token and exactly, at any sane temperature. Without a script the model speaks at random. */
  readonly script?: TinyScript;
  /** How tool calls are written. Default "hermes". */
  readonly format?: TinyFormat;
  /** What the file claims to be trained for. Default 32768. */
  readonly contextTokens?: number;
  /** A random model's average length of an answer; `Infinity` never ends by itself. Default 40. */
  readonly meanTokens?: number;
  /** Default 1. The same options give the same bytes. */
  readonly seed?: number;
}

export interface TinyModel {
  readonly gguf: Buffer;
  readonly template: string;
  readonly vocabularySize: number;
  /** Tokens that exist for the script alone. */
  readonly scriptTokens: number;
}

const MERGES_MAX = 256;

/**
 * History is tokenised as bytes and a few merges, so it costs more tokens than with a real model.
 * @throws RangeError when a turn is too short, or too like the others, to be cut into tokens of its own.
 */
export function buildTinyModel(options: TinyModelOptions = {}): TinyModel {
  const { architecture = "qwen2", format = "hermes", script } = options;
  const vocabulary = createVocabulary(MERGES_MAX);
  const endOfText = vocabulary.add("<|endoftext|>", TOKEN_TYPE.control);
  vocabulary.add("<|im_start|>", TOKEN_TYPE.control);
  const endOfTurn = vocabulary.add("<|im_end|>", TOKEN_TYPE.control);
  // Single tokens, as in the vocabularies of real families.
  for (const tag of ["tool_call", "tool_response", "think"]) {
    vocabulary.add(`<${tag}>`, TOKEN_TYPE.userDefined);
    vocabulary.add(`</${tag}>`, TOKEN_TYPE.userDefined);
  }
  const wordsEnd = vocabulary.tokens.length;
  const next =
    script === undefined ? new Map<number, number>() : chainScript({ script, format, vocabulary, endOfTurn });
  const template = chatTemplate({ format, script });
  const tensors = createWeights({
    architecture,
    vocabulary,
    endOfTurn,
    next,
    meanTokens: options.meanTokens ?? 40,
    seed: options.seed ?? 1,
  });
  const meta: readonly MetaEntry[] = [
    ["general.architecture", "string", architecture],
    ["general.name", "string", script === undefined ? "tiny random model" : "tiny scripted model"],
    ["general.file_type", "u32", 1],
    [`${architecture}.context_length`, "u32", options.contextTokens ?? 32_768],
    [`${architecture}.embedding_length`, "u32", SHAPE.embedding],
    [`${architecture}.block_count`, "u32", SHAPE.layers],
    [`${architecture}.feed_forward_length`, "u32", SHAPE.feedForward],
    [`${architecture}.attention.head_count`, "u32", SHAPE.heads],
    [`${architecture}.attention.head_count_kv`, "u32", SHAPE.kvHeads],
    [`${architecture}.attention.key_length`, "u32", SHAPE.head],
    [`${architecture}.attention.value_length`, "u32", SHAPE.head],
    [`${architecture}.attention.layer_norm_rms_epsilon`, "f32", 1e-6],
    [`${architecture}.rope.freq_base`, "f32", 1e6],
    [`${architecture}.rope.dimension_count`, "u32", SHAPE.head],
    [`${architecture}.vocab_size`, "u32", vocabulary.tokens.length],
    ["tokenizer.ggml.model", "string", "gpt2"],
    ["tokenizer.ggml.pre", "string", "qwen2"],
    ["tokenizer.ggml.tokens", "string[]", vocabulary.tokens],
    ["tokenizer.ggml.token_type", "i32[]", vocabulary.types],
    ["tokenizer.ggml.merges", "string[]", vocabulary.merges.map((pair) => pair.join(" "))],
    ["tokenizer.ggml.bos_token_id", "u32", endOfText],
    ["tokenizer.ggml.eos_token_id", "u32", endOfTurn],
    ["tokenizer.ggml.padding_token_id", "u32", endOfText],
    ["tokenizer.ggml.add_bos_token", "bool", false],
    ["tokenizer.chat_template", "string", template],
  ];
  return {
    gguf: encodeGguf(meta, tensors),
    template,
    vocabularySize: vocabulary.tokens.length,
    scriptTokens: vocabulary.tokens.length - wordsEnd,
  };
}

interface Chaining {
  readonly script: TinyScript;
  readonly format: TinyFormat;
  readonly vocabulary: Vocabulary;
  readonly endOfTurn: number;
}

/** Which token follows which: one chain for each turn, from its control token to the end of the turn. */
function chainScript({ script, format, vocabulary, endOfTurn }: Chaining): Map<number, number> {
  if (script.turns.length === 0) throw new RangeError("a script needs at least one turn");
  const next = new Map<number, number>();
  // Equal turns share one chain.
  const starts = new Map<string, number>([["", endOfTurn]]);
  const turns = [
    ...script.turns.map((turn, i) => ({ turn, entry: turnToken(i) })),
    ...(script.rules ?? []).map(({ turn }, i) => ({ turn, entry: ruleToken(i) })),
  ];
  for (const { turn, entry } of turns) {
    const text = writeTurn(turn, format);
    if (!starts.has(text)) {
      const chain = vocabulary.addChain(text);
      if (chain === undefined) {
        throw new RangeError(`cannot cut this turn into tokens; make it longer, or differ more: ${text}`);
      }
      for (const [i, token] of chain.entries()) next.set(token, chain[i + 1] ?? endOfTurn);
      starts.set(text, chain[0] ?? endOfTurn);
    }
    next.set(vocabulary.add(entry, TOKEN_TYPE.control), starts.get(text) ?? endOfTurn);
  }
  return next;
}

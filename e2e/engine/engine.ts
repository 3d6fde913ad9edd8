// One model in a real inference engine: llama.cpp through node-llama-cpp, on one thread.
import { Template } from "@huggingface/jinja";
import { getLlama, LlamaGrammarEvaluationState } from "node-llama-cpp";
import type { Model, Sequence, Token } from "node-llama-cpp";

export interface Engine {
  /** What the engine really gives, which may be more than was asked for. */
  readonly contextTokens: number;
  readonly trainContextTokens: number;
  /** The model's own chat template, rendered and tokenised. */
  toPrompt(chat: ChatInput): readonly Token[];
  /** One at a time. Stops after the current token when the signal is aborted. */
  generate(
    prompt: readonly Token[],
    options: GenerateOptions,
    signal: AbortSignal,
  ): AsyncGenerator<EngineEvent>;
  close(): Promise<void>;
}

export interface ChatInput {
  readonly messages: readonly unknown[];
  readonly tools: readonly unknown[] | undefined;
}

export interface GenerateOptions {
  /** JSON Schema, of the few keywords that the engine's own grammar knows: one value of it, and nothing else. */
  readonly schema: object | undefined;
  readonly tokensMax: number;
  readonly temperature: number;
  readonly seed: number | undefined;
}

export type EngineEvent =
  /** The prompt is being read; so many of its tokens were in the KV cache already. */
  | { readonly kind: "start"; readonly cachedTokens: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "end"; readonly reason: "stop" | "length"; readonly tokens: number };

export async function openEngine(options: { modelPath: string; contextSize: number }): Promise<Engine> {
  // Spinning threads on busy cores make the engine more than a hundred times slower.
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    maxThreads: 1,
    logLevel: "error",
  });
  const model = await llama.loadModel({ modelPath: options.modelPath });
  const context = await model.createContext({ contextSize: options.contextSize });
  const sequence = context.getSequence();
  const template = new Template(model.fileInfo.metadata.tokenizer.chat_template ?? "");
  return {
    contextTokens: context.contextSize,
    trainContextTokens: model.trainContextSize,
    // Special tokens are recognised in the whole text, that of messages too, as llama-server does it.
    toPrompt: (chat) => model.tokenize(template.render({ ...chat, add_generation_prompt: true }), true),
    async *generate(prompt, how, signal) {
      const grammar =
        how.schema === undefined ? undefined : await llama.createGrammarForJsonSchema(how.schema);
      const state = grammar === undefined ? undefined : new LlamaGrammarEvaluationState({ model, grammar });
      yield* generate({ model, sequence, prompt, how, state, signal });
    },
    close: () => llama.dispose(),
  };
}

/** A character cut by a token's end is held back, for at most so many tokens. */
const HELD_TOKENS_MAX = 8;

interface Generation {
  readonly model: Model;
  readonly sequence: Sequence;
  readonly prompt: readonly Token[];
  readonly how: GenerateOptions;
  readonly state: LlamaGrammarEvaluationState | undefined;
  readonly signal: AbortSignal;
}

async function* generate(generation: Generation): AsyncGenerator<EngineEvent> {
  const { model, sequence, prompt, how, state, signal } = generation;
  // The last token is always evaluated anew: its result is what the first new token comes from.
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  const cachedTokens = sequence.nextTokenIndex;
  yield { kind: "start", cachedTokens };
  const { temperature, seed } = how;
  const seeded = seed === undefined ? {} : { seed };
  const held = state === undefined ? {} : { grammarEvaluationState: state };
  const sampling = { temperature, topK: 0, topP: 1, yieldEogToken: true, ...seeded, ...held } as const;
  let cut: Token[] = [];
  let tokens = 0;
  for await (const token of sequence.evaluate(prompt.slice(cachedTokens), sampling)) {
    if (signal.aborted) return;
    tokens++;
    if (model.isEogToken(token)) {
      yield { kind: "end", reason: "stop", tokens };
      return;
    }
    cut.push(token);
    const text = model.detokenize(cut, true);
    const isCut = text.endsWith("\uFFFD") && cut.length < HELD_TOKENS_MAX;
    if (!isCut) {
      yield { kind: "text", text };
      cut = [];
    }
    if (tokens >= how.tokensMax) break;
  }
  if (cut.length > 0) yield { kind: "text", text: model.detokenize(cut, true) };
  yield { kind: "end", reason: "length", tokens };
}

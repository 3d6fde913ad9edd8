// One model file in llama.cpp, through node-llama-cpp, of which the package is given the module: it is optional.

import { CloisterError, messageOf } from "@cloister/base";
import { cancelled } from "../errors.ts";
import type { PromptFormat, RenderTemplate } from "./prompt.ts";

/** A number that node-llama-cpp's types tell apart from others. */
export type Token = number & { readonly __token: never };

/** What is used here of node-llama-cpp 3; the module itself fits. */
export interface NodeLlamaCppModule {
  getLlama(options: Readonly<Record<string, unknown>>): Promise<Llama>;
  readonly LlamaGrammarEvaluationState: new (options: { model: Model; grammar: Grammar }) => GrammarState;
}

interface Llama {
  loadModel(options: { modelPath: string; loadSignal: AbortSignal }): Promise<Model>;
  createGrammar(options: { grammar: string }): Promise<Grammar>;
  dispose(): Promise<void>;
}

/** Both are the engine's own, and only handed back to it. */
interface Grammar {
  readonly grammar: string;
}
export type GrammarState = object;

interface Model {
  readonly trainContextSize: number;
  readonly fileInfo: { readonly metadata: { readonly tokenizer: TokenizerMetadata } };
  readonly tokens: { readonly bosString: string | null; readonly eosString: string | null };
  tokenize(text: string, specialTokens: boolean, options?: "trimLeadingSpace"): Token[];
  detokenize(tokens: readonly Token[], specialTokens: boolean, lastTokens?: readonly Token[]): string;
  isEogToken(token: Token): boolean;
  createContext(options: { contextSize: number; sequences: number }): Promise<Context>;
}

/** As the GGUF file has it, in the fields of the same names. */
interface TokenizerMetadata {
  readonly chat_template?: string;
  readonly ggml: { readonly tokens: readonly string[]; readonly token_type?: readonly number[] };
}

interface Context {
  readonly contextSize: number;
  getSequence(): Sequence;
}

export interface Sequence {
  /** How many tokens the KV cache holds. */
  readonly nextTokenIndex: number;
  adaptStateToTokens(tokens: Token[], allowShift: boolean): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: Token[]): Promise<void>;
  evaluate(tokens: Token[], options: Readonly<Record<string, unknown>>): AsyncGenerator<Token, void>;
}

export interface Engine {
  /** What one request may take, prompt and answer together. */
  readonly contextTokens: number;
  readonly sequence: Sequence;
  readonly format: PromptFormat;
  tokenize(pieces: readonly string[]): Token[];
  detokenize(tokens: readonly Token[], before: readonly Token[]): string;
  isEnd(token: Token): boolean;
  /** For one generation: what is written under it is one text of this grammar, in GBNF. */
  constrain(grammar: string): Promise<GrammarState>;
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly file: string;
  readonly contextTokens: number | undefined;
  readonly threads: number;
  readonly load: () => Promise<NodeLlamaCppModule>;
  readonly renderTemplate: RenderTemplate;
  /** Ends the loading. */
  readonly signal: AbortSignal;
}

/** The KV cache takes memory for all of it at once, so it is not simply what the model was trained for. */
const contextTokensDefault = 16_384;
/** In GGUF's `tokenizer.ggml.token_type`. */
const types = { control: 3, userDefined: 4 };

/** @throws CloisterError `embedded-engine-missing`, `embedded-engine-failed`, `model-file-unusable`. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const module = await loadModule(options);
  const llama = await startLlama(module, options.threads);
  try {
    const model = await llama.loadModel({ modelPath: options.file, loadSignal: options.signal });
    const { tokenizer } = model.fileInfo.metadata;
    if (tokenizer.chat_template === undefined) throw new Error("it holds no chat template");
    const wanted = options.contextTokens ?? Math.min(model.trainContextSize, contextTokensDefault);
    const context = await model.createContext({ contextSize: wanted, sequences: 1 });
    return {
      // The engine rounds up; what was asked for is what is promised.
      contextTokens: Math.min(context.contextSize, wanted),
      sequence: context.getSequence(),
      format: {
        template: tokenizer.chat_template,
        render: options.renderTemplate,
        ...specialTexts(model),
        bosText: model.tokens.bosString ?? "",
        eosText: model.tokens.eosString ?? "",
      },
      // Some vocabularies put a blank before every text; only the first piece begins one.
      tokenize: (pieces) =>
        pieces.flatMap((piece, at) => model.tokenize(piece, true, at === 0 ? undefined : "trimLeadingSpace")),
      detokenize: (tokens, before) => model.detokenize(tokens, true, before),
      isEnd: (token) => model.isEogToken(token),
      async constrain(text) {
        const grammar = await llama.createGrammar({ grammar: text });
        return new module.LlamaGrammarEvaluationState({ model, grammar });
      },
      close: () => llama.dispose(),
    };
  } catch (cause) {
    await llama.dispose();
    if (options.signal.aborted) throw cancelled(cause);
    throw new CloisterError(`${options.file} cannot be used: ${messageOf(cause)}`, {
      code: "model-file-unusable",
      next: "give a GGUF file of an instruction model, whole, and a context that fits into memory",
      cause,
    });
  }
}

function specialTexts(model: Model): Pick<PromptFormat, "controlTexts" | "markupTexts"> {
  const { tokens, token_type = [] } = model.fileInfo.metadata.tokenizer.ggml;
  // Files exist that call the end of a turn an ordinary token; llama.cpp knows better, and so must this.
  const isControl = (at: number): boolean =>
    token_type[at] === types.control || model.isEogToken(at as Token);
  // Runs of blanks are also defined so, and are no markup.
  const isMarkup = (text: string, at: number): boolean =>
    token_type[at] === types.userDefined && /^[<[\]].*[>[\]]$/s.test(text);
  return {
    controlTexts: tokens.filter((_, at) => isControl(at)),
    markupTexts: tokens.filter((text, at) => isMarkup(text, at) && !isControl(at)),
  };
}

async function loadModule({ load }: EngineOptions): Promise<NodeLlamaCppModule> {
  try {
    return await load();
  } catch (cause) {
    // Whoever loads it may know better what is missing, and where it belongs.
    if (cause instanceof CloisterError) throw cause;
    throw new CloisterError("the engine for model files is not installed", {
      code: "embedded-engine-missing",
      next: "install it beside Cloister: npm install node-llama-cpp; or name a model server with --endpoint",
      cause,
    });
  }
}

async function startLlama(module: NodeLlamaCppModule, maxThreads: number): Promise<Llama> {
  try {
    // It neither compiles nor fetches anything: what is installed is used, or nothing.
    return await module.getLlama({ build: "never", skipDownload: true, maxThreads, logLevel: "error" });
  } catch (cause) {
    throw new CloisterError(`the engine for model files does not start: ${messageOf(cause)}`, {
      code: "embedded-engine-failed",
      next: "it needs its build for this machine (@node-llama-cpp/…), and on Linux glibc 2.34; or name a model server with --endpoint",
      cause,
    });
  }
}

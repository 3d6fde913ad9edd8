// What these tests use of the two packages in this folder's own package.json. They are not part of the default
// install, and the type check must say the same whether they are there or not.

declare module "node-llama-cpp" {
  export type Token = number & { readonly __token: never };

  export interface Sequence {
    /** How many tokens the KV cache holds. */
    readonly nextTokenIndex: number;
    /** Keeps the longest common prefix; with `allowShift` also what stands at another place. */
    adaptStateToTokens(tokens: readonly Token[], allowShift?: boolean): Promise<void>;
    evaluate(
      tokens: readonly Token[],
      options: {
        temperature: number;
        topK: number;
        topP: number;
        seed?: number;
        yieldEogToken: true;
        grammarEvaluationState?: LlamaGrammarEvaluationState;
      },
    ): AsyncGenerator<Token, void>;
  }

  export interface Model {
    readonly trainContextSize: number;
    readonly fileInfo: { readonly metadata: { readonly tokenizer: { readonly chat_template?: string } } };
    tokenize(text: string, specialTokens: boolean): Token[];
    detokenize(tokens: readonly Token[], specialTokens: boolean): string;
    isEogToken(token: Token): boolean;
    createContext(options: {
      contextSize: number;
    }): Promise<{ readonly contextSize: number; getSequence(): Sequence }>;
  }

  export interface Grammar {
    readonly grammar: string;
  }

  export class LlamaGrammarEvaluationState {
    constructor(options: { model: Model; grammar: Grammar });
    clone(): LlamaGrammarEvaluationState;
  }

  export interface Llama {
    loadModel(options: { modelPath: string }): Promise<Model>;
    createGrammarForJsonSchema(schema: object): Promise<Grammar>;
    dispose(): Promise<void>;
  }

  export function getLlama(options: {
    gpu: false;
    build: "never";
    skipDownload: true;
    maxThreads: number;
    logLevel: "error";
  }): Promise<Llama>;
}

declare module "@huggingface/jinja" {
  export class Template {
    constructor(text: string);
    render(values: Record<string, unknown>): string;
  }
}

// An engine of the tests: a token is a character, and what it says is what it was told to say.

import type { GrammarState, NodeLlamaCppModule, Token } from "../src/embedded/engine.ts";

export const end: Token = 0x110000 as Token;

export interface Fake {
  readonly module: NodeLlamaCppModule;
  /** Settings of the engine as it was started. */
  readonly started: unknown[];
  /** Tokens read, and given out. */
  evaluated: number;
  generated: number;
  disposed: number;
  /** Generators that have not ended. */
  running: number;
  /** What each generation was held to, if anything. */
  readonly grammars: (GrammarState | undefined)[];
}

export interface FakeModel {
  /** What it says, each time; without an end it goes on for ever. */
  readonly says?: readonly Token[];
  /** Empty: it has none. */
  readonly template?: string;
  readonly failsAfter?: number;
  /** Of the token that ends a turn, in the file: 3 is control. */
  readonly controlType?: number;
}

export const words = (text: string): Token[] =>
  Array.from(text, (character) => (character.codePointAt(0) ?? 0) as Token);

/** One token per character, one for the end of a turn. */
export function createFake({
  says = [...words("Hi 文"), end],
  template = "T",
  failsAfter = Infinity,
  controlType = 3,
}: FakeModel = {}): Fake {
  let state: Token[] = [];
  const tokenize = (text: string, special: boolean): Token[] =>
    (special ? text.split(/(<end>)/) : [text]).flatMap((part) => (part === "<end>" ? [end] : words(part)));
  const sequence = {
    get nextTokenIndex() {
      return state.length;
    },
    adaptStateToTokens: async (tokens: Token[]) => {
      const different = tokens.findIndex((token, at) => state[at] !== token);
      state = state.slice(0, different < 0 ? tokens.length : different);
    },
    evaluateWithoutGeneratingNewTokens: async (tokens: Token[]) => {
      fake.evaluated += tokens.length;
      state.push(...tokens);
    },
    async *evaluate(tokens: Token[], options: { readonly grammarEvaluationState?: GrammarState }) {
      fake.grammars.push(options.grammarEvaluationState);
      fake.evaluated += tokens.length;
      state.push(...tokens);
      fake.running += 1;
      try {
        for (let at = 0; ; at += 1) {
          await Promise.resolve();
          if (at >= failsAfter) throw new Error("out of memory");
          const token = says[Math.min(at, says.length - 1)] ?? end;
          fake.generated += 1;
          yield token;
          state.push(token);
        }
      } finally {
        fake.running -= 1;
      }
    },
  };
  const model = {
    trainContextSize: 1000,
    fileInfo: {
      metadata: {
        tokenizer: {
          ...(template !== "" && { chat_template: template }),
          ggml: { tokens: ["a", "<end>"], token_type: [1, controlType] },
        },
      },
    },
    tokens: { bosString: null, eosString: "<end>" },
    tokenize,
    detokenize: (tokens: readonly Token[]) => tokens.map((token) => String.fromCodePoint(token)).join(""),
    isEogToken: (token: number) => token === end || token === 1,
    createContext: async ({ contextSize }: { contextSize: number }) => ({
      contextSize: Math.ceil(contextSize / 256) * 256,
      getSequence: () => sequence,
    }),
  };
  const fake: Fake = {
    module: {
      getLlama: async (options) => {
        fake.started.push(options);
        return {
          loadModel: async () => model,
          createGrammar: async (grammar: { grammar: string }) => grammar,
          dispose: async () => void (fake.disposed += 1),
        };
      },
      LlamaGrammarEvaluationState,
    },
    started: [],
    evaluated: 0,
    generated: 0,
    disposed: 0,
    running: 0,
    grammars: [],
  };
  return fake;
}

class LlamaGrammarEvaluationState {
  readonly grammar: string;

  constructor({ grammar }: { grammar: { readonly grammar: string } }) {
    this.grammar = grammar.grammar;
  }
}

import type { Engine, Token } from "./engine.ts";

export interface Generation {
  readonly prompt: readonly Token[];
  readonly tokensMax: number;
  readonly sampling: Readonly<Record<string, unknown>>;
  /** In GBNF: what may be written. Anything without it. */
  readonly grammar: string | undefined;
  readonly signal: AbortSignal;
}

export type GenerationEvent =
  /** So many tokens of the prompt have been read, those in the KV cache among them. */
  | { readonly kind: "reading"; readonly readTokens: number; readonly cachedTokens: number }
  /** The prompt has been read; so many of its tokens were in the KV cache already. */
  | { readonly kind: "start"; readonly cachedTokens: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "end"; readonly reason: "stop" | "length"; readonly tokens: number };

/** Between two looks at the signal: about what one core reads in a few seconds, at worst. */
const prefillTokens = 128;
/** A character cut by a token's end is held back, for at most so many tokens. */
const heldTokensMax = 8;

/** Ends without an `end` when the signal fires: within one token, or one piece of the prompt. */
export async function* generate(engine: Engine, generation: Generation): AsyncGenerator<GenerationEvent> {
  const { prompt, tokensMax, sampling, grammar, signal } = generation;
  const { sequence } = engine;
  // The last token is always evaluated anew: its result is what the first new token comes from.
  const last = prompt.length - 1;
  await sequence.adaptStateToTokens(prompt.slice(0, last), false);
  const cachedTokens = sequence.nextTokenIndex;
  for (let at = cachedTokens; at < last; at += prefillTokens) {
    yield { kind: "reading", readTokens: at, cachedTokens };
    if (signal.aborted) return;
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(at, Math.min(at + prefillTokens, last)));
  }
  if (signal.aborted) return;
  yield { kind: "start", cachedTokens };

  let before: readonly Token[] = [];
  let held: Token[] = [];
  let tokens = 0;
  const options = {
    ...sampling,
    yieldEogToken: true,
    ...(grammar !== undefined && { grammarEvaluationState: await engine.constrain(grammar) }),
  };
  for await (const token of sequence.evaluate(prompt.slice(last), options)) {
    if (signal.aborted) return;
    tokens += 1;
    if (engine.isEnd(token)) {
      if (held.length > 0) yield { kind: "text", text: engine.detokenize(held, before) };
      yield { kind: "end", reason: "stop", tokens };
      return;
    }
    held.push(token);
    const text = engine.detokenize(held, before);
    if (!text.endsWith("\uFFFD") || held.length >= heldTokensMax) {
      if (text !== "") yield { kind: "text", text };
      before = held;
      held = [];
    }
    if (tokens >= tokensMax) break;
  }
  if (signal.aborted) return;
  if (held.length > 0) yield { kind: "text", text: engine.detokenize(held, before) };
  yield { kind: "end", reason: "length", tokens };
}

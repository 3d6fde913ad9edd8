/** What a terminal sends, as keys; a lone escape is one once nothing follows it. */
import { createKeyDecoder, type Input } from "./keys.ts";

/** Over a slow line the rest of a sequence comes later than its escape. */
const ESCAPE_MS = 30;

export interface Typed {
  feed(text: string): void;
  stop(): void;
}

/** @param after is told when all that came at once was taken; a long paste comes in thousands of pieces, and is one */
export function createTyped(take: (input: Input) => void, after: () => void): Typed {
  const decoder = createKeyDecoder();
  let waiting: NodeJS.Timeout | undefined;
  const all = (inputs: readonly Input[]): void => {
    for (const one of inputs) take(one);
    if (inputs.length > 0) after();
  };
  return {
    feed: (text) => {
      clearTimeout(waiting);
      const inputs = decoder.feed(text);
      if (decoder.isWaiting) waiting = setTimeout(() => all(decoder.flush()), ESCAPE_MS);
      all(inputs);
    },
    stop: () => clearTimeout(waiting),
  };
}

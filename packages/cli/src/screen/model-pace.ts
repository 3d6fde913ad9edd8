/** How fast each model answers, from what is told of its answers. */
import type { AgentEvent } from "@cloister/agent";

export interface ModelPace {
  /** Of answers whose first word came at a known time. */
  readonly answers: number;
  /** In the middle of all of them: one that had to read everything anew says little of the others. */
  readonly firstMs: number | undefined;
  /** Over all that it wrote, by the server's own count; undefined where it does not count. */
  readonly tokensPerSecond: number | undefined;
}

export interface ModelPaces {
  answered(model: string, turn: Extract<AgentEvent, { kind: "turn" }>): void;
  readonly all: ReadonlyMap<string, ModelPace>;
}

const MODELS_MAX = 100;
const FIRSTS_MAX = 1000;

interface Sum {
  readonly firsts: number[];
  tokens: number;
  seconds: number;
}

export function createModelPaces(): ModelPaces {
  const sums = new Map<string, Sum>();
  return {
    answered: (model, { usage, speed: { firstMs, tokensPerSecond } }) => {
      if (sums.size >= MODELS_MAX && !sums.has(model)) return;
      const sum = sums.get(model) ?? { firsts: [], tokens: 0, seconds: 0 };
      sums.set(model, sum);
      if (firstMs !== undefined) sum.firsts.push(firstMs);
      if (sum.firsts.length > FIRSTS_MAX) sum.firsts.shift();
      if (usage === undefined || tokensPerSecond === undefined || tokensPerSecond <= 0) return;
      sum.tokens += usage.completionTokens;
      sum.seconds += usage.completionTokens / tokensPerSecond;
    },
    get all() {
      return new Map([...sums].map(([model, sum]) => [model, toPace(sum)]));
    },
  };
}

function toPace({ firsts, tokens, seconds }: Sum): ModelPace {
  const sorted = firsts.toSorted((one, other) => one - other);
  return {
    answers: firsts.length,
    firstMs: sorted[Math.floor((sorted.length - 1) / 2)],
    tokensPerSecond: seconds > 0 ? tokens / seconds : undefined,
  };
}

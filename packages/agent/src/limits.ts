/** What a piece of work may use up: turns, tokens, time and money. A subagent's use counts for whoever started it. */
import type { Clock } from "@cloister/base";
import type { Usage } from "@cloister/wire";
import type { Ceiling, Trouble } from "./events.ts";

export interface Limits {
  readonly turnsMax?: number;
  /** Prompt and completion together. */
  readonly tokensMax?: number;
  readonly timeMsMax?: number;
  /** In the currency of the prices. What has no price is not counted. */
  readonly costMax?: number;
}

/** For a million tokens each. */
export interface Price {
  readonly prompt: number;
  /** Of the prompt's tokens that the server had in its cache; as any other where it is not given. */
  readonly cached?: number;
  readonly completion: number;
}

export interface Meter {
  readonly turns: number;
  readonly usage: Usage & { readonly cachedTokens: number };
  /** Undefined as long as nothing that was used has a price. */
  readonly cost: number | undefined;
  /** Tokens of models that nobody said the price of: they are not in the cost. */
  readonly unpricedTokens: number;
  /** One answer of this conversation; `by` another model, where it was not its own. */
  turn(usage: Usage | undefined, by?: string): void;
  /** Anything else that was asked of a model for it. */
  spend(usage: Usage | undefined, by?: string): void;
  /** What another meter below this one has counted. */
  add(spent: Spent): void;
  /** The first limit that is reached, or undefined. */
  reached(): Ceiling | undefined;
  /** Time that is left, in ms; undefined without a limit. */
  timeLeftMs(): number | undefined;
  describe(ceiling: Ceiling): Trouble;
}

export interface Spent {
  readonly usage: Usage | undefined;
  /** In millionths of the currency; undefined where the model has no price. */
  readonly cost: number | undefined;
  /** Whose tokens these are; undefined: the session's own model's. */
  readonly model: string | undefined;
}

export const TURNS_MAX_DEFAULT = 100;

export interface MeterOptions {
  readonly limits: Limits;
  /** Of the conversation's own model. */
  readonly price: Price | undefined;
  /** Where that is not the session's own. */
  readonly model?: string;
  /** Told of a model whose tokens are not in a cost that is counted. */
  readonly onUnpriced?: (model: string) => void;
  /** Of another model, by its name. */
  readonly priceOf?: (name: string) => Price | undefined;
  readonly clock: Clock;
  readonly parent?: Meter;
}

export function createMeter(options: MeterOptions): Meter {
  const { limits, price, priceOf, clock, parent } = options;
  const started = clock.now();
  const turnsMax = limits.turnsMax ?? TURNS_MAX_DEFAULT;
  let turns = 0;
  let usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  let cost = price === undefined ? undefined : 0;
  let unpriced = 0;
  const timeLeftMs = (): number | undefined =>
    limits.timeMsMax === undefined ? undefined : Math.max(0, started + limits.timeMsMax - clock.now());
  const add = (spent: Spent): void => {
    usage = addUsage(usage, spent.usage);
    if (spent.cost !== undefined) cost = (cost ?? 0) + spent.cost;
    else if (spent.usage !== undefined) {
      unpriced += spent.usage.promptTokens + spent.usage.completionTokens;
      if (cost !== undefined && spent.model !== undefined) options.onUnpriced?.(spent.model);
    }
    parent?.add(spent);
  };
  const spend = (more: Usage | undefined, by?: string): void => {
    const its = by === undefined ? price : priceOf?.(by);
    const model = by ?? options.model;
    add({ usage: more, cost: its === undefined ? undefined : costOf(more, its), model });
  };
  return {
    get turns() {
      return turns;
    },
    get usage() {
      return usage;
    },
    get cost() {
      return cost === undefined ? undefined : cost / TOKENS_PRICED;
    },
    get unpricedTokens() {
      return unpriced;
    },
    turn: (more, by) => {
      turns += 1;
      spend(more, by);
    },
    spend,
    add,
    reached: () => {
      if (turns >= turnsMax) return "max-turns";
      const tokens = usage.promptTokens + usage.completionTokens;
      if (limits.tokensMax !== undefined && tokens >= limits.tokensMax) return "max-tokens";
      if (timeLeftMs() === 0) return "max-time";
      if (limits.costMax !== undefined && (cost ?? 0) / TOKENS_PRICED >= limits.costMax) return "max-cost";
      const above = parent?.reached();
      // Whoever waits for a subagent is in the middle of a turn: that one is allowed to end.
      return above === "max-turns" ? undefined : above;
    },
    timeLeftMs,
    describe: (ceiling) => ({
      code: ceiling,
      message: `the task was not finished within ${allowance(ceiling, { ...limits, turnsMax })}; it took ${turns} turns, ${usage.promptTokens} prompt and ${usage.completionTokens} completion tokens`,
      next: `allow more with --${ceiling}, or ask for less at once`,
    }),
  };
}

function allowance(ceiling: Ceiling, limits: Limits): string {
  switch (ceiling) {
    case "max-turns":
      return `${limits.turnsMax} turns`;
    case "max-tokens":
      return `${limits.tokensMax} tokens`;
    case "max-time":
      return `${(limits.timeMsMax ?? 0) / 1000} seconds`;
    case "max-cost":
      return `a cost of ${limits.costMax}`;
  }
}

/** Prices are for so many; what is added up is divided once, at the end. */
const TOKENS_PRICED = 1_000_000;

function costOf(usage: Usage | undefined, price: Price): number {
  const { promptTokens = 0, cachedTokens = 0, completionTokens = 0 } = usage ?? {};
  // Some servers count what came from the cache apart.
  const fresh = Math.max(0, promptTokens - cachedTokens);
  const prompt = fresh * price.prompt + cachedTokens * (price.cached ?? price.prompt);
  return prompt + completionTokens * price.completion;
}

function addUsage(sum: Meter["usage"], usage: Usage | undefined): Meter["usage"] {
  if (usage === undefined) return sum;
  return {
    promptTokens: sum.promptTokens + usage.promptTokens,
    cachedTokens: sum.cachedTokens + (usage.cachedTokens ?? 0),
    completionTokens: sum.completionTokens + usage.completionTokens,
  };
}

/** What a piece of work may use up: turns, tokens, time and money. A subagent's use counts for whoever started it. */
import type { Clock } from "@cloister/base";
import type { Usage } from "@cloister/wire";
import type { Ceiling, Trouble } from "./events.ts";

export interface Limits {
  readonly turnsMax?: number;
  /** Prompt and completion together. */
  readonly tokensMax?: number;
  readonly timeMsMax?: number;
  /** In the currency of the price. Without a price nothing is counted. */
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
  readonly cost: number | undefined;
  /** One answer of this conversation. */
  turn(usage: Usage | undefined): void;
  /** Anything else that was asked of a model for it. */
  spend(usage: Usage | undefined): void;
  /** The first limit that is reached, or undefined. */
  reached(): Ceiling | undefined;
  /** Time that is left, in ms; undefined without a limit. */
  timeLeftMs(): number | undefined;
  describe(ceiling: Ceiling): Trouble;
}

export const TURNS_MAX_DEFAULT = 100;

export interface MeterOptions {
  readonly limits: Limits;
  readonly price: Price | undefined;
  readonly clock: Clock;
  readonly parent?: Meter;
}

export function createMeter({ limits, price, clock, parent }: MeterOptions): Meter {
  const started = clock.now();
  const turnsMax = limits.turnsMax ?? TURNS_MAX_DEFAULT;
  let turns = 0;
  let usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  const cost = (): number | undefined => (price === undefined ? undefined : costOf(usage, price));
  const timeLeftMs = (): number | undefined =>
    limits.timeMsMax === undefined ? undefined : Math.max(0, started + limits.timeMsMax - clock.now());
  const spend = (more: Usage | undefined): void => {
    usage = addUsage(usage, more);
    parent?.spend(more);
  };
  return {
    get turns() {
      return turns;
    },
    get usage() {
      return usage;
    },
    get cost() {
      return cost();
    },
    turn: (more) => {
      turns += 1;
      spend(more);
    },
    spend,
    reached: () => {
      if (turns >= turnsMax) return "max-turns";
      const tokens = usage.promptTokens + usage.completionTokens;
      if (limits.tokensMax !== undefined && tokens >= limits.tokensMax) return "max-tokens";
      if (timeLeftMs() === 0) return "max-time";
      if (limits.costMax !== undefined && (cost() ?? 0) >= limits.costMax) return "max-cost";
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

function costOf({ promptTokens, cachedTokens, completionTokens }: Meter["usage"], price: Price): number {
  const fresh = promptTokens - cachedTokens;
  const prompt = fresh * price.prompt + cachedTokens * (price.cached ?? price.prompt);
  return (prompt + completionTokens * price.completion) / 1_000_000;
}

function addUsage(sum: Meter["usage"], usage: Usage | undefined): Meter["usage"] {
  if (usage === undefined) return sum;
  return {
    promptTokens: sum.promptTokens + usage.promptTokens,
    cachedTokens: sum.cachedTokens + (usage.cachedTokens ?? 0),
    completionTokens: sum.completionTokens + usage.completionTokens,
  };
}

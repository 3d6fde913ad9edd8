/** Which model does a subagent's work: the session's own, or another of those that there are. */

import type { Price } from "./limits.ts";

/** A model that may be asked for beside the session's own. */
export interface ModelChoice {
  /** `MODEL` at the session's endpoint, `NAME` or `NAME/MODEL` at another. */
  readonly name: string;
  /** The name is an endpoint's: it may have models that are not listed here. */
  readonly isEndpoint?: boolean;
  /** Undefined: learned when its server complains. */
  readonly contextTokens?: number;
  /** Undefined: nobody said what its tokens cost. */
  readonly price?: Price;
}

export type ChosenModel =
  | { readonly kind: "own" }
  | { readonly kind: "other"; readonly model: string; readonly contextTokens: number | undefined }
  | { readonly kind: "unknown"; readonly why: string };

/** Of another vendor, or the word for the session's own: here the session's own does it. */
const ownNames = /^(?:|inherit|sonnet|opus|haiku|fable|best|default|opusplan)(?:\[\w+\])?$/u;
const NAMES_SHOWN_MAX = 20;

export function isOwnModel(name: string): boolean {
  return ownNames.test(name);
}

/** The keeper has the last word: whether an endpoint has such a model, and whether it may see this. */
export function chooseModel(
  wanted: string | undefined,
  own: string,
  choices: readonly ModelChoice[],
): ChosenModel {
  if (wanted === undefined || wanted === own || isOwnModel(wanted)) return { kind: "own" };
  const known = choices.find(({ name }) => name === wanted);
  if (known !== undefined) return { kind: "other", model: wanted, contextTokens: known.contextTokens };
  if (choices.some(({ name, isEndpoint }) => isEndpoint === true && wanted.startsWith(`${name}/`))) {
    return { kind: "other", model: wanted, contextTokens: undefined };
  }
  const names = [own, ...choices.map(({ name }) => name)].slice(0, NAMES_SHOWN_MAX).join(", ");
  return { kind: "unknown", why: `There is no model "${wanted}" here. There are: ${names}.` };
}

/** Of a name as the keeper knows it; undefined where nobody said. */
export function priceOf(name: string, choices: readonly ModelChoice[]): Price | undefined {
  const exact = choices.find((one) => one.name === name);
  if (exact !== undefined) return exact.price;
  return choices.find((one) => one.isEndpoint === true && name.startsWith(`${one.name}/`))?.price;
}

/** What the main conversation is told of them; nothing where no person named another endpoint. */
export function formatModels(choices: readonly ModelChoice[]): string | undefined {
  if (!choices.some(({ isEndpoint }) => isEndpoint === true)) return undefined;
  const names = choices.slice(0, NAMES_SHOWN_MAX).map(({ name }) => name);
  return `Task takes \`model\` too, for work that is better done by another than you: ${names.join(", ")}.`;
}

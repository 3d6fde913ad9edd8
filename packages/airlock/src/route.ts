import { familyOf, type Family, type FormatOptions, type Protocol } from "@cloister/wire";

/** From which protocol to which, for which model. */
export interface Route {
  readonly door: Protocol;
  readonly upstream: Protocol;
  /** The model's name at the upstream. */
  readonly model: string;
  readonly family: Family;
  readonly format: FormatOptions;
  /** The model's window, where it is known. */
  readonly contextTokens: number | undefined;
}

export function createRoute(
  door: Protocol,
  upstream: Protocol,
  model: string,
  contextTokens?: number,
): Route {
  const family = familyOf(model);
  const format: FormatOptions = {
    midSystem: family.systemRule === "anywhere" ? "keep" : "as-user",
    maxTokensDefault: answerTokens(contextTokens),
    ...reasoningOf(family, upstream),
  };
  return { door, upstream, model, family, format, contextTokens };
}

/** As plain text reasoning goes to Chat servers only: Messages and Responses take back what they have signed. */
function reasoningOf({ reasoning }: Family, upstream: Protocol): Partial<FormatOptions> {
  if (reasoning.echo === "never" || upstream.name !== "chat") return {};
  return { reasoningField: reasoning.field, reasoningEvenEmpty: reasoning.echo === "always-even-empty" };
}

/** For protocols that require a limit, when a client of another protocol gave none. */
const MAX_TOKENS_DEFAULT = 16_384;
/** Some servers refuse a prompt that leaves no room for all of the answer. */
const ANSWER_SHARE_MAX = 1 / 4;

function answerTokens(contextTokens = Infinity): number {
  return Math.min(MAX_TOKENS_DEFAULT, Math.floor(contextTokens * ANSWER_SHARE_MAX));
}

import type { JsonObject } from "@cloister/base";

/**
 * What a family of models needs that its neighbours do not: facts about its chat template, read from the template
 * itself where it was to be had. Facts only; `shape` and `neutralise` act on them.
 */
export interface Family {
  readonly name: string;
  /** Over the lower-cased model id. The first family of the list that has a match wins. */
  readonly matches: readonly RegExp[];
  readonly reasoning: FamilyReasoning;
  /**
   * `first-only`: a later system message is an error in the template, is dropped by it, or is moved to the front,
   * where it voids the cached prefix.
   */
  readonly systemRule: "first-only" | "anywhere";
  /** Whether the template refuses a conversation whose users and assistants (without calls) do not take turns. */
  readonly alternation: boolean;
  readonly callsPerMessage: "one" | "many";
  /** `dropped`: the template leaves the text out. `refused-with-reasoning`: it errors when both stand beside a call. */
  readonly textWithCalls: "kept" | "dropped" | "refused-with-reasoning";
  /** Names its models take for built-in tools, and what they are called on the wire instead. */
  readonly reservedToolNames: Readonly<Record<string, string>>;
  /** `kimi`: `functions.name:index`, counted over the history. `mistral`: nine alphanumerics. */
  readonly callIds: "any" | "kimi" | "mistral";
  /**
   * Strings that its tokeniser or template takes for control, and how prefixes of such strings begin. Those of the
   * forms `<|name|>` and `<｜…` may be left out: they are neutralised for every family.
   */
  readonly specialTokens: readonly string[];
  /** The window it was trained for. What the server says wins. */
  readonly contextTokens?: number;
  /** Known, and not to be mended from here. */
  readonly faults: readonly FamilyFault[];
}

export interface FamilyReasoning {
  /** When they turn up in the text, because the server has no parser for them. */
  readonly tags?: readonly [open: string, close: string];
  /**
   * Which reasoning of the history goes back: none; that after the last user item; all; all, and an empty field on
   * a turn with calls that has none (its API answers 400 when the field is missing).
   */
  readonly echo: "never" | "in-loop" | "always" | "always-even-empty";
  /** Of a Chat message; most servers read either. */
  readonly field: "reasoning_content" | "reasoning";
  /** What is added to a Chat request to switch thinking off. A server that is not named has no way. */
  readonly off?: Readonly<Partial<Record<ServerKind, JsonObject>>>;
}

export interface FamilyFault {
  /** Empty: wherever it is served. */
  readonly servers: readonly ServerKind[];
  readonly what: string;
}

export type ServerKind =
  | "llama.cpp"
  | "vllm"
  | "sglang"
  | "ollama"
  | "lmstudio"
  | "dashscope"
  | "deepseek"
  | "moonshot"
  | "zhipu"
  | "minimax";

/** Thinking is switched by a variable of the template; engines pass it on under one name, Ollama has its own. */
export function switchedOffBy(variable: JsonObject): Readonly<Partial<Record<ServerKind, JsonObject>>> {
  const fields = { chat_template_kwargs: variable };
  return { "llama.cpp": fields, vllm: fields, sglang: fields, ollama: { reasoning_effort: "none" } };
}

/** Nothing out of the ordinary. A family states what differs. */
export const ordinary: Pick<
  Family,
  | "systemRule"
  | "alternation"
  | "callsPerMessage"
  | "textWithCalls"
  | "reservedToolNames"
  | "callIds"
  | "faults"
> = {
  systemRule: "anywhere",
  alternation: false,
  callsPerMessage: "many",
  textWithCalls: "kept",
  reservedToolNames: {},
  callIds: "any",
  faults: [],
};

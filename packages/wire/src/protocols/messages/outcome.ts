/** How an answer of Anthropic Messages ended and what it cost, in its words and in ours. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { FinishReason } from "../../chat.ts";
import type { Usage } from "../../chat.ts";
import type { CloisterExtension } from "../../turn.ts";
import { tokenCount } from "../../token-count.ts";
import { formatNotices } from "../notices.ts";

/**
 * Stands where a provider would sign its thinking. A constant, so that equal turns are equal bytes, and so that
 * nobody can take it for another provider's signature.
 */
export const THINKING_SIGNATURE = "cloister";

/** What the client is told in the place of an end when a call is not one and no limit explains it. */
export const BAD_CALL = "the model's call was not complete, so the answer ends here; ask again";

/** Calls count, not the word: servers say `end_turn` although calls are there. */
export function toFinish(stopReason: string, calls: number): FinishReason {
  switch (stopReason) {
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "refusal":
      return "filter";
    case "tool_use":
      return "calls";
    default:
      return calls > 0 ? "calls" : "stop";
  }
}

/** `tool_use` is said only above a call: when all were refused, a client would look for blocks that are not there. */
export function toStopReason(
  finish: FinishReason,
  detail: { readonly calls: number; readonly stopSequence: string | undefined },
): string {
  if (finish === "length") return "max_tokens";
  if (finish === "filter") return "refusal";
  if (detail.calls > 0) return "tool_use";
  return detail.stopSequence === undefined ? "end_turn" : "stop_sequence";
}

/** Their `input_tokens` leaves out what came from the cache; our prompt is all input. */
export function formatUsage(usage: Usage): JsonObject {
  const cached = usage.cachedTokens;
  return {
    input_tokens: Math.max(0, usage.promptTokens - (cached ?? 0)),
    ...(cached !== undefined && { cache_creation_input_tokens: 0, cache_read_input_tokens: cached }),
    output_tokens: usage.completionTokens,
  };
}

export function formatExtension(extension: CloisterExtension | undefined): JsonObject {
  if (extension === undefined) return {};
  const { recovered, refused, retries, rerouted } = extension;
  return {
    cloister: {
      recovered: recovered.map(({ id, name, dialect }) => ({ id, name, dialect })),
      refused: refused.map(({ cause, detail }) => ({ cause, detail })),
      retries,
      ...(rerouted === undefined ? {} : { rerouted: { ...rerouted } }),
      ...formatNotices(extension),
    },
  };
}

/** Adds up the usage objects of one answer: the input stands in the first, the output in the last, or all in both. */
export class UsageReader {
  #fresh: number | undefined;
  #cacheRead: number | undefined;
  #cacheWrite: number | undefined;
  #output: number | undefined;

  add(value: unknown): void {
    if (!isRecord(value)) return;
    const fresh = tokenCount(value["input_tokens"]);
    const cacheRead = tokenCount(value["cache_read_input_tokens"]);
    const cacheWrite = tokenCount(value["cache_creation_input_tokens"]);
    // Some servers repeat the usage at the end with zeros for the input: only a group that says something replaces.
    if (this.#fresh === undefined || (fresh ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0) > 0) {
      this.#fresh = fresh ?? this.#fresh;
      this.#cacheRead = cacheRead ?? this.#cacheRead;
      this.#cacheWrite = cacheWrite ?? this.#cacheWrite;
    }
    this.#output = tokenCount(value["output_tokens"]) ?? this.#output;
  }

  finish(): Usage | undefined {
    if (this.#fresh === undefined && this.#output === undefined) return undefined;
    return {
      promptTokens: (this.#fresh ?? 0) + (this.#cacheRead ?? 0) + (this.#cacheWrite ?? 0),
      cachedTokens: this.#cacheRead,
      completionTokens: this.#output ?? 0,
    };
  }
}

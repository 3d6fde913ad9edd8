/** The neutral request as a Chat Completions request that open model servers take. Only what they know is sent. */
import type { Json, JsonObject } from "@cloister/base";
import type { AnswerFormat, Loss, Sampling, TurnRequest, TurnTool } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { Losses } from "./fields.ts";
import { formatMessages } from "./format-messages.ts";

/** Deterministic; the order of keys is fixed, and `messages` stands last, so that a longer conversation only adds bytes. */
export function formatChatRequest(
  turn: TurnRequest,
  options: FormatOptions,
): { readonly body: JsonObject; readonly losses: readonly Loss[] } {
  const losses = new Losses();
  const body = withoutUndefined({
    model: turn.model,
    ...formatSampling(turn.sampling, options),
    reasoning_effort: formatEffort(turn, losses),
    stream: turn.stream,
    // A server that is not asked reports no usage, and the meter would stand still (Q18).
    stream_options: turn.stream ? { include_usage: true } : undefined,
    response_format: turn.format === undefined ? undefined : formatAnswerFormat(turn.format),
    ...formatTools(turn, losses),
    messages: formatMessages(turn, options, losses),
  });
  return { body, losses: losses.list };
}

function formatSampling(sampling: Sampling, options: FormatOptions): Record<string, Json | undefined> {
  return {
    [options.maxTokensField ?? "max_tokens"]: sampling.maxTokens ?? options.maxTokensDefault,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    // Not OpenAI's, but known to vLLM, SGLang and llama.cpp (Q16).
    top_k: sampling.topK,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    stop: sampling.stop,
  };
}

const LOW_BUDGET_TOKENS = 4096;
const MEDIUM_BUDGET_TOKENS = 16_384;

/** A budget has no field of its own here: it becomes the nearest word (Q17). Never both. */
function formatEffort({ reasoning }: TurnRequest, losses: Losses): Json | undefined {
  const { effort, budgetTokens } = reasoning ?? {};
  if (budgetTokens === undefined) return effort;
  const near =
    budgetTokens < LOW_BUDGET_TOKENS ? "low" : budgetTokens < MEDIUM_BUDGET_TOKENS ? "medium" : "high";
  const word = effort ?? near;
  losses.add({ path: "reasoning.budgetTokens", reason: `sent as effort "${word}"`, severity: "cosmetic" });
  return word;
}

function formatAnswerFormat(format: AnswerFormat): JsonObject {
  switch (format.kind) {
    case "json":
      return { type: "json_object" };
    case "schema": {
      const { name, schema, strict } = format;
      return { type: "json_schema", json_schema: withoutUndefined({ name, schema, strict }) };
    }
  }
}

/** vLLM answers 400 to an empty list of tools, and to a choice among none. */
function formatTools(turn: TurnRequest, losses: Losses): Record<string, Json | undefined> {
  const { tools, toolChoice: choice } = turn;
  if (tools.length === 0) {
    if (choice !== undefined && choice !== "auto" && choice !== "none") {
      losses.add({ path: "toolChoice", reason: "there are no tools to choose from", severity: "semantic" });
    }
    return {};
  }
  return {
    tools: tools.map(formatTool),
    tool_choice: typeof choice === "object" ? { type: "function", function: { name: choice.name } } : choice,
    parallel_tool_calls: turn.parallelCalls,
  };
}

/** The schema goes through unchanged (G5). */
function formatTool({ name, description, parameters, strict }: TurnTool): Json {
  return { type: "function", function: withoutUndefined({ name, description, parameters, strict }) };
}

export function withoutUndefined(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}

/** The upstream side of Anthropic Messages: a turn becomes a request. */
import type { JsonObject } from "@cloister/base";
import type { Loss, TurnRequest, TurnTool } from "../../turn.ts";
import type { FormatOptions, Protocol } from "../protocol.ts";
import { formatItems } from "./conversation.ts";

/** The protocol demands a limit. Enough for a file in one call, and within the window of every model for code. */
const MAX_TOKENS_DEFAULT = 8192;

/** Others go to 2. */
const TEMPERATURE_MAX = 1;

/**
 * Cache breakpoints stand on the last tool and the last system text only. Those do not move while a session grows;
 * on the newest messages, as the vendor's own clients set them, they would change bytes that were sent before.
 */
export function formatMessagesRequest(
  turn: TurnRequest,
  options: FormatOptions,
): ReturnType<Protocol["formatRequest"]> {
  const losses: Loss[] = [];
  const system = turn.system.filter((text) => text.trim() !== "").map((text) => ({ type: "text", text }));
  const body: JsonObject = {
    model: turn.model,
    max_tokens: turn.sampling.maxTokens ?? options.maxTokensDefault ?? MAX_TOKENS_DEFAULT,
    stream: turn.stream,
    ...(system.length > 0 && { system: withBreakpoint(system) }),
    ...(turn.tools.length > 0 && { tools: withBreakpoint(turn.tools.map(formatTool)) }),
    ...formatToolChoice(turn, losses),
    ...formatSampling(turn, losses),
    ...formatReasoning(turn, losses),
    messages: formatItems(turn.items, options, losses),
  };
  return { body, losses };
}

function formatTool(tool: TurnTool): JsonObject {
  return {
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    input_schema: tool.parameters,
    ...(tool.strict !== undefined && { strict: tool.strict }),
  };
}

function withBreakpoint(blocks: readonly JsonObject[]): JsonObject[] {
  return blocks.map((block, index) =>
    index === blocks.length - 1 ? { ...block, cache_control: { type: "ephemeral" } } : block,
  );
}

/** Without tools a choice among them is refused upstream. */
function formatToolChoice(turn: TurnRequest, losses: Loss[]): JsonObject {
  const { toolChoice, parallelCalls } = turn;
  if (turn.tools.length === 0) {
    if (toolChoice === "required" || typeof toolChoice === "object") {
      losses.push({ path: "toolChoice", reason: "there is no tool to choose", severity: "semantic" });
    }
    return {};
  }
  // A call that may not be made has no neighbours: the switch is not allowed beside `none`.
  if (toolChoice === "none") return { tool_choice: { type: "none" } };
  const parallel = parallelCalls === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === undefined) {
    return parallelCalls === false ? { tool_choice: { type: "auto", ...parallel } } : {};
  }
  if (toolChoice === "auto") return { tool_choice: { type: "auto", ...parallel } };
  if (toolChoice === "required") return { tool_choice: { type: "any", ...parallel } };
  return { tool_choice: { type: "tool", name: toolChoice.name, ...parallel } };
}

function formatSampling({ sampling }: TurnRequest, losses: Loss[]): JsonObject {
  const { temperature, topP, topK, stop } = sampling;
  for (const name of ["seed", "presencePenalty", "frequencyPenalty"] as const) {
    if (sampling[name] === undefined) continue;
    losses.push({ path: `sampling.${name}`, reason: "Messages has no such field", severity: "semantic" });
  }
  if (temperature !== undefined && temperature > TEMPERATURE_MAX) {
    losses.push({
      path: "sampling.temperature",
      reason: `at most ${TEMPERATURE_MAX} in Messages`,
      severity: "semantic",
    });
  }
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, TEMPERATURE_MAX) }),
    ...(topP !== undefined && { top_p: topP }),
    ...(topK !== undefined && { top_k: topK }),
    ...(stop !== undefined && stop.length > 0 && { stop_sequences: stop }),
  };
}

function formatReasoning({ reasoning, format }: TurnRequest, losses: Loss[]): JsonObject {
  const effort = reasoning?.effort === "minimal" ? "low" : reasoning?.effort;
  if (effort !== reasoning?.effort) {
    losses.push({ path: "reasoning.effort", reason: "Messages starts at low", severity: "cosmetic" });
  }
  if (format?.kind === "json") {
    losses.push({ path: "format", reason: "Messages asks for a schema", severity: "semantic" });
  }
  const output: JsonObject = {
    ...(effort !== undefined && effort !== "none" && { effort }),
    ...(format?.kind === "schema" && { format: { type: "json_schema", schema: format.schema } }),
  };
  return {
    ...(reasoning !== undefined && { thinking: formatThinking(effort, reasoning.budgetTokens) }),
    ...(Object.keys(output).length > 0 && { output_config: output }),
  };
}

function formatThinking(effort: string | undefined, budgetTokens: number | undefined): JsonObject {
  if (effort === "none") return { type: "disabled" };
  if (budgetTokens !== undefined) return { type: "enabled", budget_tokens: budgetTokens };
  return { type: "adaptive" };
}

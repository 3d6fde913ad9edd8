/** The door of Anthropic Messages: a client's request becomes a turn. */
import type { JsonObject } from "@cloister/base";
import type { ParseOptions } from "../protocol.ts";
import type { Loss, ReasoningEffort, Sampling, TurnRequest, TurnTool } from "../../turn.ts";
import { parseMessage, textsOf, toBlocks } from "./content.ts";
import { badRequest, noteUnknown, optionalNumber, toFields, toList, toText, type Fields } from "./losses.ts";

/**
 * Claude Code writes such a line into its system prompt; a value in it used to change with every request, which
 * made the prompt a new one for every cache on the way.
 */
const BILLING_HEADER = "x-anthropic-billing-header:";

/** Stands in the tool list for tools that the client would load later. */
const TOOL_PLACEHOLDER = "DeferredToolPlaceholder";

/** The protocol gives the wanted form of an answer no name; others ask for one. */
const FORMAT_NAME = "answer";

const FIELDS = [
  "model",
  "max_tokens",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "stream",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "thinking",
  "output_config",
  "output_format",
];

/** @throws CloisterError `bad-request` naming the field. `max_tokens` may be absent: the upstream has a default. */
export function parseMessagesRequest(body: JsonObject, options: ParseOptions = {}): TurnRequest {
  if (body["safeguards"] !== undefined) {
    // The one refusal that clients expect for a field: they ask again without it.
    throw badRequest("safeguards", "not supported here", "send the request again without it");
  }
  const losses: Loss[] = [];
  noteUnknown(body, FIELDS, { path: "", losses });
  const model = toText(body["model"], "model");
  if (model === "") throw badRequest("model", "must not be empty");
  const output = toFields(body["output_config"] ?? {}, "output_config");
  noteUnknown(output, ["effort", "format"], { path: "output_config", losses });

  return {
    model,
    stream: body["stream"] === true,
    system: parseSystem(body["system"], losses),
    items: toList(body["messages"], "messages").flatMap((message, index) =>
      parseMessage(message, { path: `messages[${index}]`, losses, ...options }),
    ),
    tools: toList(body["tools"] ?? [], "tools").flatMap((tool, index) =>
      parseTool(tool, `tools[${index}]`, losses),
    ),
    ...parseToolChoice(body["tool_choice"], losses),
    sampling: parseSampling(body),
    ...parseReasoning(body["thinking"], output["effort"], losses),
    ...parseFormat(output["format"] ?? body["output_format"], losses),
    includeUsage: true,
    losses,
  };
}

/** Of `/v1/messages/count_tokens`: the same body without `max_tokens`. Errors as for a request. */
export function parseCountTokens(body: JsonObject): TurnRequest {
  return parseMessagesRequest(body);
}

export function writeCountTokens(tokens: number): JsonObject {
  return { input_tokens: tokens };
}

function parseSystem(system: unknown, losses: Loss[]): string[] {
  const texts = textsOf(toBlocks(system, "system"), losses);
  return texts.flatMap((text) => {
    if (!text.startsWith(BILLING_HEADER)) return [text];
    losses.push({ path: "system", reason: "a billing line, not a prompt", severity: "cosmetic" });
    // Before it had a block of its own, it was the first line of the prompt.
    const rest = typeof system === "string" ? text.slice(lineEnd(text)).trimStart() : "";
    return rest === "" ? [] : [rest];
  });
}

function lineEnd(text: string): number {
  const at = text.indexOf("\n");
  return at < 0 ? text.length : at;
}

function parseTool(value: unknown, path: string, losses: Loss[]): TurnTool[] {
  const tool = toFields(value, path);
  const type = toText(tool["type"] ?? "custom", `${path}.type`);
  if (type !== "custom") {
    losses.push({
      path,
      reason: `the tool ${type} runs at another provider`,
      severity: "semantic",
    });
    return [];
  }
  const name = toText(tool["name"], `${path}.name`);
  if (name === TOOL_PLACEHOLDER) {
    losses.push({ path, reason: "a place kept for tools, not a tool", severity: "cosmetic" });
    return [];
  }
  noteUnknown(tool, ["type", "name", "description", "input_schema", "strict"], { path, losses });
  return [
    {
      name,
      ...(typeof tool["description"] === "string" && { description: tool["description"] }),
      // Unchanged: the body was JSON, so what stands in it is.
      parameters: toFields(tool["input_schema"], `${path}.input_schema`) as JsonObject,
      ...(typeof tool["strict"] === "boolean" && { strict: tool["strict"] }),
    },
  ];
}

function parseToolChoice(value: unknown, losses: Loss[]): Pick<TurnRequest, "toolChoice" | "parallelCalls"> {
  if (value === undefined || value === null) return {};
  const choice = toFields(value, "tool_choice");
  noteUnknown(choice, ["type", "name", "disable_parallel_tool_use"], { path: "tool_choice", losses });
  // Calls in parallel are the protocol's default, so only the refusal is worth carrying.
  const parallel = choice["disable_parallel_tool_use"] === true ? { parallelCalls: false } : {};
  switch (choice["type"]) {
    case "auto":
    case "none":
      return { toolChoice: choice["type"], ...parallel };
    case "any":
      return { toolChoice: "required", ...parallel };
    case "tool":
      return { toolChoice: { name: toText(choice["name"], "tool_choice.name") }, ...parallel };
    default:
      throw badRequest("tool_choice.type", "must be auto, any, tool or none");
  }
}

function parseSampling(body: Fields): Sampling {
  const temperature = optionalNumber(body["temperature"], "temperature");
  const topP = optionalNumber(body["top_p"], "top_p");
  const topK = optionalNumber(body["top_k"], "top_k");
  const maxTokens = optionalNumber(body["max_tokens"], "max_tokens");
  const stop = toList(body["stop_sequences"] ?? [], "stop_sequences").map((text, index) =>
    toText(text, `stop_sequences[${index}]`),
  );
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(maxTokens !== undefined && { maxTokens }),
    ...(stop.length > 0 && { stop }),
  };
}

/** Above `high` the clients have two more words, which no open model knows. */
const EFFORTS: ReadonlyMap<unknown, ReasoningEffort> = new Map<unknown, ReasoningEffort>([
  ["low", "low"],
  ["medium", "medium"],
  ["high", "high"],
  ["xhigh", "high"],
  ["max", "high"],
]);

function parseReasoning(value: unknown, effortWord: unknown, losses: Loss[]): Pick<TurnRequest, "reasoning"> {
  const thinking = toFields(value ?? {}, "thinking");
  noteUnknown(thinking, ["type", "budget_tokens"], { path: "thinking", losses });
  const effort = EFFORTS.get(effortWord);
  if (effortWord !== undefined && effortWord !== null && effort !== effortWord) {
    const severity = effort === undefined ? "semantic" : "cosmetic";
    losses.push({ path: "output_config.effort", reason: "no other protocol has this effort", severity });
  }
  switch (thinking["type"]) {
    case "disabled":
      return { reasoning: { effort: "none" } };
    case "enabled": {
      const budgetTokens = optionalNumber(thinking["budget_tokens"], "thinking.budget_tokens");
      return {
        reasoning: {
          ...(effort !== undefined && { effort }),
          ...(budgetTokens !== undefined && { budgetTokens }),
        },
      };
    }
    case "adaptive":
      return { reasoning: effort === undefined ? {} : { effort } };
    case undefined:
      return effort === undefined ? {} : { reasoning: { effort } };
    default:
      losses.push({ path: "thinking.type", reason: "an unknown way of thinking", severity: "semantic" });
      return {};
  }
}

function parseFormat(value: unknown, losses: Loss[]): Pick<TurnRequest, "format"> {
  if (value === undefined || value === null) return {};
  const format = toFields(value, "output_config.format");
  if (format["type"] !== "json_schema") {
    losses.push({ path: "output_config.format", reason: "an unknown form of answer", severity: "semantic" });
    return {};
  }
  const schema = toFields(format["schema"], "output_config.format.schema") as JsonObject;
  return { format: { kind: "schema", name: FORMAT_NAME, schema } };
}

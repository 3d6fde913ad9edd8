/** A Chat Completions request, as clients send it, to the neutral one (API reference, "Create chat completion", 2026). */
import type { Json, JsonObject } from "@cloister/base";
import type { AnswerFormat, ReasoningEffort, Sampling, TurnRequest, TurnTool } from "../../turn.ts";
import { badRequest, Fields, Losses } from "./fields.ts";
import { parseMessages } from "./parse-messages.ts";

/** @throws CloisterError `bad-request` naming the field. Fields that cannot be carried are losses, never errors. */
export function parseChatRequest(body: JsonObject): TurnRequest {
  const losses = new Losses();
  const fields = new Fields(body, "");
  const model = fields.textNeeded("model");
  const { system, items } = parseMessages(fields, losses);
  const tools = [...parseTools(fields, losses), ...parseFunctions(fields, losses)];
  const toolChoice = parseToolChoice(fields, losses);
  const parallelCalls = fields.flag("parallel_tool_calls");
  const reasoning = parseReasoning(fields, losses);
  const format = parseFormat(fields, losses);
  const sampling = parseSampling(fields, losses);
  const streaming = fields.fields("stream_options");
  const includeUsage = streaming?.flag("include_usage") ?? false;
  streaming?.lose(losses, () => "cosmetic");
  const stream = fields.flag("stream") ?? false;
  if (fields.value("n") !== undefined && fields.value("n") !== 1) {
    losses.add({ path: "n", reason: "one answer is given", severity: "semantic" });
  }
  fields.lose(losses, (name) => (cosmeticFields.has(name) ? "cosmetic" : "semantic"));
  return {
    model,
    stream,
    system,
    items,
    tools,
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(parallelCalls === undefined ? {} : { parallelCalls }),
    sampling,
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(format === undefined ? {} : { format }),
    includeUsage,
    losses: losses.list,
  };
}

/** Fields that say who asks, or what to report beside the answer; a field not named here may change the answer. */
const cosmeticFields: ReadonlySet<string> = new Set([
  "cache_control",
  "logprobs",
  "metadata",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "store",
  "top_logprobs",
  "user",
]);

function parseTools(fields: Fields, losses: Losses): TurnTool[] {
  const tools: TurnTool[] = [];
  for (const [index, value] of (fields.list("tools") ?? []).entries()) {
    const tool = new Fields(value, `tools[${index}]`);
    const type = tool.text("type") ?? "function";
    if (type !== "function") {
      losses.add({
        path: tool.path,
        reason: `tools of type "${type.slice(0, 40)}" are not carried`,
        severity: "semantic",
      });
      continue;
    }
    tools.push(parseFunction(tool.value("function"), tool.at("function"), losses));
    tool.lose(losses, () => "cosmetic");
  }
  return tools;
}

/** What tools were called until 2023. */
function parseFunctions(fields: Fields, losses: Losses): TurnTool[] {
  return (fields.list("functions") ?? []).map((value, index) =>
    parseFunction(value, `functions[${index}]`, losses),
  );
}

function parseFunction(value: Json | undefined, path: string, losses: Losses): TurnTool {
  const fields = new Fields(value, path);
  const name = fields.textNeeded("name");
  const description = fields.text("description");
  const parameters = fields.record("parameters") ?? { type: "object", properties: {} };
  const strict = fields.flag("strict");
  fields.lose(losses, () => "cosmetic");
  return {
    name,
    ...(description === undefined ? {} : { description }),
    parameters,
    ...(strict === undefined ? {} : { strict }),
  };
}

function parseToolChoice(fields: Fields, losses: Losses): TurnRequest["toolChoice"] {
  const legacy = fields.value("function_call");
  const choice = fields.value("tool_choice");
  if (choice === undefined && legacy === undefined) return undefined;
  const path = choice === undefined ? "function_call" : "tool_choice";
  const value = choice ?? legacy;
  if (typeof value === "string") {
    if (value === "auto" || value === "none" || value === "required") return value;
    // Mistral's word for it; clients made for it send it everywhere.
    if (value === "any") return "required";
  } else {
    const named = new Fields(value, path);
    const name = (choice === undefined ? named : named.fields("function"))?.textNeeded("name");
    if (name !== undefined) return { name };
  }
  losses.add({ path, reason: "this choice is not carried", severity: "semantic" });
  return undefined;
}

const efforts: ReadonlySet<string> = new Set(["none", "minimal", "low", "medium", "high"]);

/** OpenAI's `reasoning_effort`, or the `reasoning` object of OpenRouter and those who follow it. */
function parseReasoning(fields: Fields, losses: Losses): TurnRequest["reasoning"] {
  const nested = fields.fields("reasoning");
  const word = fields.text("reasoning_effort") ?? nested?.text("effort");
  const budgetTokens = nested?.number("max_tokens");
  nested?.lose(losses, () => "semantic");
  let effort: ReasoningEffort | undefined;
  if (word !== undefined && efforts.has(word)) effort = word as ReasoningEffort;
  else if (word === "xhigh" || word === "max") effort = "high";
  if (word !== undefined && word !== effort) {
    const reason = effort === undefined ? "an unknown effort" : `carried as "${effort}"`;
    losses.add({ path: "reasoning_effort", reason, severity: "semantic" });
  }
  if (effort === undefined && budgetTokens === undefined) return undefined;
  return {
    ...(effort === undefined ? {} : { effort }),
    ...(budgetTokens === undefined ? {} : { budgetTokens }),
  };
}

function parseFormat(fields: Fields, losses: Losses): AnswerFormat | undefined {
  const format = fields.fields("response_format");
  const type = format?.text("type");
  if (format === undefined || type === "text") return undefined;
  if (type === "json_object") return { kind: "json" };
  const described = type === "json_schema" ? format.fields("json_schema") : undefined;
  const schema = described?.record("schema");
  if (described === undefined || schema === undefined) {
    losses.add({ path: format.path, reason: "this format is not carried", severity: "semantic" });
    return undefined;
  }
  const strict = described.flag("strict");
  const name = described.text("name") ?? "answer";
  described.lose(losses, () => "cosmetic");
  return { kind: "schema", name, schema, ...(strict === undefined ? {} : { strict }) };
}

function parseSampling(fields: Fields, losses: Losses): Sampling {
  const numbers = {
    temperature: fields.number("temperature"),
    topP: fields.number("top_p"),
    topK: fields.number("top_k"),
    maxTokens: parseMaxTokens(fields, losses),
    seed: fields.number("seed"),
    presencePenalty: fields.number("presence_penalty"),
    frequencyPenalty: fields.number("frequency_penalty"),
  };
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  const stop = parseStop(fields);
  return { ...(Object.fromEntries(given) as Sampling), ...(stop === undefined ? {} : { stop }) };
}

/** The new name wins over the old one. Some clients write -1 for "no limit". */
function parseMaxTokens(fields: Fields, losses: Losses): number | undefined {
  const old = fields.number("max_tokens");
  const value = fields.number("max_completion_tokens") ?? old;
  if (value === undefined || value > 0) return value;
  losses.add({ path: "max_tokens", reason: "read as no limit", severity: "cosmetic" });
  return undefined;
}

function parseStop(fields: Fields): readonly string[] | undefined {
  const value = fields.value("stop");
  if (value === undefined) return undefined;
  const list = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list) || !list.every((text) => typeof text === "string")) {
    throw badRequest("stop", "must be a string or a list of strings");
  }
  return list.length === 0 ? undefined : list;
}

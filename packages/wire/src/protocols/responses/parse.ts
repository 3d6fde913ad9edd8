/** Requests of the OpenAI Responses API ("Create a model response", 2026) as a door reads them. */
import { isRecord, type JsonObject } from "@cloister/base";
import type { AnswerFormat, ReasoningEffort, Sampling, TurnRequest, TurnTool } from "../../turn.ts";
import type { ParseOptions } from "../protocol.ts";
import { readEffort } from "./effort.ts";
import { readInput } from "./input.ts";
import { badRequest, LossList } from "./losses.ts";
import { addTools, flatName } from "./tools.ts";

/** @throws CloisterError `bad-request`, naming the field. */
export function parseRequest(body: JsonObject, options: ParseOptions = {}): TurnRequest {
  refuseStored(body);
  const losses = new LossList();
  const model = body["model"];
  if (typeof model !== "string" || model === "") throw badRequest("model", "must name a model");

  const tools = new Map<string, TurnTool>();
  addTools(body["tools"], "tools", tools, losses);
  const input = readInput(body["input"], { tools, losses, ...options });
  const instructions = optional(body, "instructions", "string");
  const parallel = optional(body, "parallel_tool_calls", "boolean");
  const toolChoice = readToolChoice(body["tool_choice"], losses);
  const effort = input.effort ?? readReasoning(body["reasoning"], losses);
  const format = readText(body["text"], losses);
  noteUncarried(body, losses);
  return {
    model,
    stream: body["stream"] === true,
    system: [...(instructions === undefined || instructions === "" ? [] : [instructions]), ...input.system],
    items: input.items,
    tools: [...tools.values()],
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(parallel === undefined ? {} : { parallelCalls: parallel }),
    sampling: readSampling(body),
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...(format === undefined ? {} : { format }),
    includeUsage: true,
    losses: losses.list(),
  };
}

/** R1: what points at something stored elsewhere would answer a conversation we have never seen. */
function refuseStored(body: JsonObject): void {
  const whole = "send the whole conversation in `input`, with `store: false`";
  for (const field of ["previous_response_id", "conversation"]) {
    if ((body[field] ?? null) !== null) {
      throw badRequest(field, "points at a stored conversation, and none is stored here", whole);
    }
  }
  if ((body["prompt"] ?? null) !== null) {
    throw badRequest("prompt", "points at a stored prompt, and none is stored here", whole);
  }
  if (body["background"] === true) {
    throw badRequest("background", "is not available", "leave it out and read the answer as a stream");
  }
}

function readSampling(body: JsonObject): Sampling {
  const temperature = optional(body, "temperature", "number");
  const topP = optional(body, "top_p", "number");
  const maxTokens = optional(body, "max_output_tokens", "number");
  const presencePenalty = optional(body, "presence_penalty", "number");
  const frequencyPenalty = optional(body, "frequency_penalty", "number");
  if (maxTokens !== undefined && !(Number.isSafeInteger(maxTokens) && maxTokens > 0)) {
    throw badRequest("max_output_tokens", "must be a whole number above 0");
  }
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(presencePenalty === undefined ? {} : { presencePenalty }),
    ...(frequencyPenalty === undefined ? {} : { frequencyPenalty }),
  };
}

function readToolChoice(value: unknown, losses: LossList): TurnRequest["toolChoice"] {
  if (value === undefined || value === null) return undefined;
  if (value === "auto" || value === "none" || value === "required") return value;
  if (!isRecord(value)) throw badRequest("tool_choice", "must be auto, none, required or name a tool");
  const { type, name, namespace, mode } = value;
  if ((type === "function" || type === "custom") && typeof name === "string") {
    return { name: flatName(namespace, name) };
  }
  if (type === "shell" || type === "local_shell" || type === "apply_patch") return { name: type };
  // The other tools stay visible: taking them out of the list would change the start of the prompt.
  losses.semantic("tool_choice", `a choice of type ${JSON.stringify(type)} cannot be carried`);
  return mode === "required" || mode === "auto" ? mode : undefined;
}

function readReasoning(value: unknown, losses: LossList): ReasoningEffort | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw badRequest("reasoning", "must be an object");
  return readEffort(value["effort"], "reasoning.effort", losses);
}

function readText(value: unknown, losses: LossList): AnswerFormat | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw badRequest("text", "must be an object");
  const { format, verbosity } = value;
  if (verbosity !== undefined && verbosity !== null && verbosity !== "medium") {
    losses.semantic("text.verbosity", "other protocols have no such setting");
  }
  if (!isRecord(format) || format["type"] === "text") return undefined;
  if (format["type"] === "json_object") return { kind: "json" };
  if (format["type"] !== "json_schema") {
    losses.semantic("text.format", `the format ${JSON.stringify(format["type"])} is not known`);
    return undefined;
  }
  const { name, schema, strict, description } = format;
  if (!isRecord(schema)) throw badRequest("text.format.schema", "must be a JSON Schema object");
  if (typeof description === "string") {
    losses.cosmetic("text.format.description", "other protocols have no room for it");
  }
  return {
    kind: "schema",
    name: typeof name === "string" ? name : "answer",
    schema: schema as JsonObject,
    ...(typeof strict === "boolean" ? { strict } : {}),
  };
}

const CARRIED: ReadonlySet<string> = new Set([
  ...["model", "stream", "instructions", "input", "tools", "tool_choice", "parallel_tool_calls"],
  ...["temperature", "top_p", "max_output_tokens", "presence_penalty", "frequency_penalty"],
  ...["reasoning", "text", "previous_response_id", "conversation", "prompt", "background"],
]);

/** Values that ask for what happens anyway. */
const NO_OPS: ReadonlyMap<string, readonly unknown[]> = new Map([
  ["store", [false]],
  ["truncation", ["disabled"]],
  ["service_tier", ["auto", "default"]],
  ["top_logprobs", [0]],
]);

const REASONS: ReadonlyMap<string, string> = new Map([
  ["store", "answers are not stored here"],
  ["include", "nothing can be added to the answer"],
  ["truncation", "a conversation that is too long is refused, never cut"],
  ["service_tier", "there are no tiers here"],
  ["prompt_cache_key", "it names the session, and stays here"],
  ["user", "it names a person, and stays here"],
  ["metadata", "it is not for the model"],
  ["client_metadata", "it is not for the model"],
  ["safety_identifier", "it names a person, and stays here"],
]);

/** Fields that would have changed what the model answers. */
const SEMANTIC: ReadonlySet<string> = new Set(["stop", "top_k", "min_p", "logit_bias"]);

function noteUncarried(body: JsonObject, losses: LossList): void {
  for (const [field, value] of Object.entries(body)) {
    if (CARRIED.has(field) || value === null || NO_OPS.get(field)?.includes(value) === true) continue;
    const reason = REASONS.get(field) ?? "this field is not known here";
    if (SEMANTIC.has(field)) losses.semantic(field, reason);
    else losses.cosmetic(field, reason);
  }
}

interface Primitives {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

function optional<T extends keyof Primitives>(
  body: JsonObject,
  field: string,
  type: T,
): Primitives[T] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== type) throw badRequest(field, `must be a ${type}`);
  return value as Primitives[T];
}

import type { JsonObject } from "@cloister/base";
import type { TurnRequest } from "../../turn.ts";
import type { AnswerContext } from "../protocol.ts";

/**
 * The response object with every field that typed clients require. Tools and instructions are not sent back: they
 * would stand in three events of every stream, and the client has them.
 */
export function responseObject(
  request: TurnRequest,
  { created, model }: AnswerContext,
  fields: JsonObject,
): JsonObject {
  const { sampling, reasoning, toolChoice, format } = request;
  return {
    id: "",
    object: "response",
    created_at: created,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: sampling.maxTokens ?? null,
    model,
    output: [],
    parallel_tool_calls: request.parallelCalls ?? true,
    previous_response_id: null,
    reasoning: { effort: reasoning?.effort ?? null, summary: null },
    store: false,
    temperature: sampling.temperature ?? null,
    text: { format: formatObject(format) },
    tool_choice:
      typeof toolChoice === "object" ? { type: "function", name: toolChoice.name } : (toolChoice ?? "auto"),
    tools: [],
    top_p: sampling.topP ?? null,
    truncation: "disabled",
    usage: null,
    metadata: {},
    ...fields,
  };
}

function formatObject(format: TurnRequest["format"]): JsonObject {
  if (format === undefined) return { type: "text" };
  if (format.kind === "json") return { type: "json_object" };
  const { name, schema, strict } = format;
  return { type: "json_schema", name, schema, strict: strict ?? null };
}

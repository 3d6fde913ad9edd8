// The parts of a Chat Completions request that a model file has a use for.

import { CloisterError, isRecord } from "@cloister/base";
import type { JsonObject } from "@cloister/base";
import type { CallableTool } from "./grammar.ts";
import type { PromptInput } from "./prompt.ts";

export interface EmbeddedRequest extends PromptInput {
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Tells how far it is with the prompt, as llama.cpp's server does when it is asked to. */
  readonly includeReading: boolean;
  readonly tokensMax: number;
  readonly sampling: Readonly<Record<string, number>>;
  readonly shape: AnswerShape;
}

/** What the answer has to be. */
export type AnswerShape =
  | { readonly kind: "any" }
  | { readonly kind: "call"; readonly tools: readonly CallableTool[] }
  | { readonly kind: "value"; readonly schema: JsonObject };

/** The values that llama.cpp itself starts from. */
const samplingDefaults = { temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05 };

/** @throws CloisterError `bad-request`. */
export function parseRequest(body: readonly Uint8Array[]): EmbeddedRequest {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(body).toString());
  } catch (cause) {
    throw new CloisterError("the body is not JSON", { code: "bad-request", cause });
  }
  if (!isRecord(value) || !Array.isArray(value.messages) || !value.messages.every(isRecord)) {
    throw new CloisterError("'messages' is missing, or is not a list of messages", { code: "bad-request" });
  }
  const { messages, tools, stream_options, chat_template_kwargs } = value;
  return {
    messages,
    tools: Array.isArray(tools) && tools.length > 0 ? tools : undefined,
    templateValues: isRecord(chat_template_kwargs) ? chat_template_kwargs : {},
    stream: value.stream === true,
    includeUsage: isRecord(stream_options) && stream_options.include_usage === true,
    includeReading: value.return_progress === true,
    tokensMax: positive(value.max_completion_tokens) ?? positive(value.max_tokens) ?? Infinity,
    sampling: {
      ...samplingDefaults,
      ...numbers({ temperature: value.temperature, topK: value.top_k, topP: value.top_p, minP: value.min_p }),
      ...numbers({ seed: value.seed }),
    },
    shape: toShape(value),
  };
}

/** A call that is demanded comes before a format: a format is for texts. */
function toShape({
  tools,
  tool_choice: choice,
  response_format: format,
}: Record<string, unknown>): AnswerShape {
  const name = isRecord(choice) && isRecord(choice.function) ? choice.function.name : undefined;
  if (choice === "required" || name !== undefined) {
    const callable = toCallable(tools).filter((tool) => name === undefined || tool.name === name);
    if (callable.length > 0) return { kind: "call", tools: callable };
    throw new CloisterError("'tool_choice' demands a call, and no such tool is offered", {
      code: "bad-request",
    });
  }
  if (!isRecord(format)) return { kind: "any" };
  if (format.type === "json_object") return { kind: "value", schema: { type: "object" } };
  if (format.type !== "json_schema") return { kind: "any" };
  const schema = isRecord(format.json_schema) ? format.json_schema.schema : undefined;
  if (!isRecord(schema)) {
    throw new CloisterError("'response_format' holds no schema", { code: "bad-request" });
  }
  return { kind: "value", schema: schema as JsonObject };
}

function toCallable(tools: unknown): CallableTool[] {
  return (Array.isArray(tools) ? tools : []).flatMap((tool: unknown) => {
    const body = isRecord(tool) && isRecord(tool.function) ? tool.function : {};
    if (typeof body.name !== "string") return [];
    const parameters = isRecord(body.parameters) ? (body.parameters as JsonObject) : undefined;
    return [{ name: body.name, parameters }];
  });
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && value >= 1 ? Math.floor(value) : undefined;
}

function numbers(values: Record<string, unknown>): Record<string, number> {
  const entries = Object.entries(values);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] >= 0),
  );
}

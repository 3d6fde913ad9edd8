/** Requests towards a server of the Responses API. */
import { isRecord, type Json, type JsonObject } from "@cloister/base";
import type { Loss, Part, Sampling, TurnItem, TurnRequest, TurnTool } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { LossList } from "./losses.ts";

const NO_RESULT = "There is no result for this call.";
/** Responses has no mark for a failed call, and real traffic is full of them (Q6). */
const ERROR_LINE = "Error:\n";

/**
 * Deterministic and append-only; `input` stands last. Tools go out as plain functions, for most servers of this
 * protocol know no others. Several system texts become one: templates of open models take one.
 */
export function formatRequest(
  turn: TurnRequest,
  options: FormatOptions,
): { readonly body: JsonObject; readonly losses: readonly Loss[] } {
  const losses = new LossList();
  const effort = toEffort(turn.reasoning);
  noteUncarried(turn.sampling, losses);
  const body: JsonObject = {
    model: turn.model,
    stream: turn.stream,
    // The vendor's default is to keep every answer.
    store: false,
    ...(turn.system.length === 0 ? {} : { instructions: turn.system.join("\n\n") }),
    ...formatTools(turn),
    ...(turn.sampling.temperature === undefined ? {} : { temperature: turn.sampling.temperature }),
    ...(turn.sampling.topP === undefined ? {} : { top_p: turn.sampling.topP }),
    ...(turn.sampling.maxTokens === undefined ? {} : { max_output_tokens: turn.sampling.maxTokens }),
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...formatFormat(turn),
    input: formatItems(turn.items, options, losses),
  };
  return { body, losses: losses.list() };
}

function formatTools(turn: TurnRequest): JsonObject {
  // Strict servers refuse a choice where there is nothing to choose from.
  if (turn.tools.length === 0) return {};
  const { toolChoice, parallelCalls } = turn;
  return {
    tools: turn.tools.map(formatTool),
    ...(toolChoice === undefined
      ? {}
      : {
          tool_choice:
            typeof toolChoice === "string" ? toolChoice : { type: "function", name: toolChoice.name },
        }),
    ...(parallelCalls === undefined ? {} : { parallel_tool_calls: parallelCalls }),
  };
}

function formatTool({ name, description, parameters, strict }: TurnTool): JsonObject {
  return {
    type: "function",
    name,
    ...(description === undefined ? {} : { description }),
    parameters,
    // Said always: this protocol alone takes silence for `true`, and then rewrites the schema.
    strict: strict ?? false,
  };
}

function formatFormat({ format }: TurnRequest): JsonObject {
  if (format === undefined) return {};
  if (format.kind === "json") return { text: { format: { type: "json_object" } } };
  const { name, schema, strict } = format;
  return {
    text: { format: { type: "json_schema", name, schema, ...(strict === undefined ? {} : { strict }) } },
  };
}

/** Q17: budgets in tokens become efforts. */
function toEffort(reasoning: TurnRequest["reasoning"]): string | undefined {
  if (reasoning?.effort !== undefined) return reasoning.effort;
  const budget = reasoning?.budgetTokens;
  if (budget === undefined) return undefined;
  return budget < 4096 ? "low" : budget < 16_384 ? "medium" : "high";
}

/** Servers of this protocol refuse fields that they do not know, so nothing is sent in hope. */
function noteUncarried(sampling: Sampling, losses: LossList): void {
  const { topK, stop, seed, presencePenalty, frequencyPenalty } = sampling;
  const reason = "Responses has no such field";
  if (stop !== undefined) losses.semantic("sampling.stop", reason);
  if (topK !== undefined) losses.semantic("sampling.topK", reason);
  if (seed !== undefined) losses.cosmetic("sampling.seed", reason);
  if (presencePenalty !== undefined) losses.semantic("sampling.presencePenalty", reason);
  if (frequencyPenalty !== undefined) losses.semantic("sampling.frequencyPenalty", reason);
}

function formatItems(items: readonly TurnItem[], options: FormatOptions, losses: LossList): Json[] {
  const out: Json[] = [];
  /** Calls without a result so far. Servers refuse a conversation that goes on past one. */
  let pending: string[] = [];
  const closePending = (path: string): void => {
    for (const callId of pending) {
      losses.semantic(path, `the call ${callId} before it has no result`);
      out.push({ type: "function_call_output", call_id: callId, output: NO_RESULT });
    }
    pending = [];
  };
  for (const [index, item] of items.entries()) {
    const path = `items[${index}]`;
    if (item.kind === "result") {
      const at = pending.indexOf(item.callId);
      if (at < 0) {
        closePending(path);
        losses.semantic(path, "a result without its call is carried as a user's message");
        out.push(message("user", item.parts));
      } else {
        pending.splice(at, 1);
        out.push({ type: "function_call_output", call_id: item.callId, output: formatOutput(item) });
      }
      continue;
    }
    closePending(path);
    switch (item.kind) {
      case "user":
        out.push(message("user", item.parts));
        break;
      case "system":
        out.push(formatSystem(item.text, options));
        break;
      case "assistant":
        out.push(...formatAnswer(item, { index, path, options, losses }));
        pending = item.calls.map(({ id }) => id);
        break;
    }
  }
  return out;
}

function formatSystem(text: string, options: FormatOptions): JsonObject {
  return options.midSystem === "keep"
    ? message("system", [{ kind: "text", text }])
    : message("user", [{ kind: "text", text: `<system>\n${text}\n</system>` }]);
}

interface Place {
  readonly index: number;
  readonly path: string;
  readonly options: FormatOptions;
  readonly losses: LossList;
}

/** Ids and status are there because some servers check items against the full schema; ids count, so they are stable. */
function formatAnswer(item: Extract<TurnItem, { kind: "assistant" }>, place: Place): Json[] {
  const out: Json[] = [...(item.thoughts ?? [])];
  if (item.reasoning !== "" && place.options.reasoningField !== undefined) {
    out.push({
      type: "reasoning",
      id: `rs_${place.index}`,
      summary: [],
      content: [{ type: "reasoning_text", text: item.reasoning }],
    });
  }
  if (item.text !== "") {
    out.push({
      type: "message",
      id: `msg_${place.index}`,
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: item.text, annotations: [] }],
    });
  }
  for (const { id, name, arguments: text } of item.calls) {
    out.push({ type: "function_call", call_id: id, name, arguments: validArguments(text, place) });
  }
  return out;
}

/** llama.cpp answers 500 to every request whose history holds a call with arguments that are no JSON. */
function validArguments(text: string, { path, losses }: Place): string {
  if (text.trim() === "") return "{}";
  try {
    if (isRecord(JSON.parse(text))) return text;
  } catch {
    // The loss below says it.
  }
  losses.semantic(path, "the arguments of a call are no JSON object and are carried as a text");
  return JSON.stringify({ invalid_arguments: text });
}

/** A text where it can be one: llama.cpp refuses images in a result, and older servers any list. */
function formatOutput({ parts, isError }: Extract<TurnItem, { kind: "result" }>): Json {
  const line = isError ? ERROR_LINE : "";
  const texts = parts.flatMap((part) => (part.kind === "text" ? [part.text] : []));
  if (texts.length === parts.length) return line + texts.join("\n");
  return (isError ? [{ kind: "text", text: ERROR_LINE } as const, ...parts] : parts).map(formatPart);
}

function message(role: "user" | "system", parts: readonly Part[]): JsonObject {
  return { type: "message", role, content: parts.map(formatPart) };
}

function formatPart(part: Part): JsonObject {
  if (part.kind === "text") return { type: "input_text", text: part.text };
  const url = part.url ?? `data:${part.mediaType ?? "image/png"};base64,${part.base64 ?? ""}`;
  return { type: "input_image", image_url: url, detail: "auto" };
}

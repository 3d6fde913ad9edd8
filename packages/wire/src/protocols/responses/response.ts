/** A response object of the Responses API, whole: in the last event of a stream, or alone. */
import { isRecord, sha256 } from "@cloister/base";
import type { RawCall } from "../../calls.ts";
import { errorText, type Usage } from "../../chat.ts";
import type { CloisterExtension, RefusalCause, TurnEvent } from "../../turn.ts";
import { tokenCount } from "../../token-count.ts";
import { parseNotices } from "../notices.ts";
import { BRIDGES, bridgedArguments } from "./bridges.ts";
import { partTexts } from "./parts.ts";
import { thoughtToken } from "./thoughts.ts";
import { flatName } from "./tools.ts";

export type Item = Record<string, unknown>;

export function readWhole(body: unknown): TurnEvent[] {
  if (!isRecord(body)) return [failedEvent("the server sent something that is not an answer")];
  const failure = failureOf(body);
  if (failure !== undefined) return [failure];
  if (!Array.isArray(body["output"])) return [failedEvent("the server sent an answer without an output")];
  const events: TurnEvent[] = [startEvent(body), ...outputEvents(body)];
  const calls = events.filter(({ kind }) => kind === "call").length;
  return [...events, lastEvent(body, { calls })];
}

export function startEvent(response: Item): TurnEvent {
  const { id, model } = response;
  return {
    kind: "start",
    ...(typeof id === "string" && id !== "" ? { id } : {}),
    ...(typeof model === "string" && model !== "" ? { model } : {}),
  };
}

export function outputEvents(response: Item): TurnEvent[] {
  return outputItems(response).flatMap((item, index): TurnEvent[] => {
    const text = messageText(item);
    if (text !== "") return [{ kind: "text", text }];
    const reasoning = reasoningText(item);
    const said: TurnEvent[] = reasoning === "" ? [] : [{ kind: "reasoning", text: reasoning }];
    if (item["type"] === "reasoning") return said.concat(thoughtOf(item));
    if (!isCallItem(item)) return [];
    return [{ kind: "call", call: toCall(item, { responseId: response["id"], index, arguments: "" }) }];
  });
}

export function outputItems(response: Item): Item[] {
  const output = response["output"];
  return Array.isArray(output) ? output.filter(isRecord) : [];
}

/** Refusals are words of the model like others. */
export function messageText(item: Item): string {
  const content = item["content"];
  if (item["type"] !== "message" || !Array.isArray(content)) return "";
  return content
    .filter(isRecord)
    .map((part) => part["text"] ?? part["refusal"])
    .filter((text) => typeof text === "string")
    .join("");
}

/** Of a finished item of reasoning, what its maker wants back: nothing where there is nothing but an id. */
export function thoughtOf(item: Item): TurnEvent[] {
  const token = thoughtToken(item);
  if (token === undefined) return [];
  return [{ kind: "thought", token, ...(reasoningText(item) === "" ? { hidden: true } : {}) }];
}

export function reasoningText(item: Item): string {
  if (item["type"] !== "reasoning") return "";
  const full = partTexts(item["content"]).join("\n\n");
  return full === "" ? partTexts(item["summary"]).join("\n\n") : full;
}

export function isCallItem(item: Item): boolean {
  const type = item["type"];
  return (
    type === "function_call" ||
    type === "custom_tool_call" ||
    BRIDGES.some(({ callType }) => callType === type)
  );
}

export interface CallContext {
  readonly responseId: unknown;
  readonly index: number;
  /** What came in pieces, for servers whose item has none. */
  readonly arguments: string;
}

export function toCall(item: Item, context: CallContext): RawCall {
  const bridge = BRIDGES.find(({ callType }) => callType === item["type"]);
  const name = bridge?.tool ?? flatName(item["namespace"], textOf(item["name"]));
  return {
    id: textOf(item["call_id"]) || textOf(item["id"]) || derivedId(context),
    name,
    arguments: bridge === undefined ? argumentsOf(item, context.arguments) : bridgedArguments(bridge, item),
  };
}

function argumentsOf(item: Item, pieces: string): string {
  if (item["type"] === "custom_tool_call") return JSON.stringify({ input: textOf(item["input"]) || pieces });
  const given = item["arguments"];
  return isRecord(given) ? JSON.stringify(given) : textOf(given) || pieces;
}

/** G3: ids of ours follow from the answer, so that history stays the same bytes. */
function derivedId({ responseId, index }: CallContext): string {
  return `call_${sha256(`${textOf(responseId)}/${index}`)
    .toString("hex")
    .slice(0, 24)}`;
}

/** 3.5: the calls count, not the word. */
export function lastEvent(response: Item, { calls }: { readonly calls: number }): TurnEvent {
  const failure = failureOf(response);
  if (failure !== undefined) return failure;
  const usage = readUsage(response["usage"]);
  const extension = readExtension(response["cloister"]);
  const details = response["incomplete_details"];
  const reason = isRecord(details) ? details["reason"] : undefined;
  const isCut = response["status"] === "incomplete";
  return {
    kind: "end",
    finish: isCut ? (reason === "content_filter" ? "filter" : "length") : calls > 0 ? "calls" : "stop",
    ...(usage === undefined ? {} : { usage }),
    ...(extension === undefined ? {} : { extension }),
  };
}

/** Our own name for what a code or a type of the server's means. */
const CODES: ReadonlyMap<string, string> = new Map([
  ["context_length_exceeded", "context-overflow"],
  ["exceed_context_size_error", "context-overflow"],
  ["rate_limit_exceeded", "rate-limited"],
  ["server_is_overloaded", "overloaded"],
  ["slow_down", "overloaded"],
]);

/** The failure that an error event, an error body or a failed response tells of. */
export function failureOf(value: Item): TurnEvent | undefined {
  const status = value["status"];
  const isFailed = status === "failed" || status === "cancelled" || value["type"] === "error";
  const isUnfinished = status === "in_progress" || status === "queued";
  const said = errorText(value);
  if (!isFailed && !isUnfinished && said === undefined) return undefined;
  const error = isRecord(value["error"]) ? value["error"] : value;
  const message = said ?? textOf(error["message"]);
  const httpStatus = [error["code"], error["status"], status].find(
    (code) => typeof code === "number" && code >= 400 && code < 600,
  );
  return {
    kind: "failed",
    code: CODES.get(textOf(error["code"])) ?? CODES.get(textOf(error["type"])) ?? "upstream-error",
    message: message === "" ? `the server ended the answer as ${textOf(status) || "failed"}` : message,
    ...(typeof httpStatus === "number" ? { status: httpStatus } : {}),
  };
}

export function failedEvent(message: string): TurnEvent {
  return { kind: "failed", code: "upstream-broken", message };
}

/** 3.6: this protocol counts what came from the cache as input, as we do. */
function readUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const promptTokens = tokenCount(value["input_tokens"]);
  if (promptTokens === undefined) return undefined;
  const details = isRecord(value["input_tokens_details"]) ? value["input_tokens_details"] : {};
  return {
    promptTokens,
    cachedTokens: tokenCount(details["cached_tokens"]),
    completionTokens: tokenCount(value["output_tokens"]) ?? 0,
  };
}

/** Ours, from an airlock behind this one. */
function readExtension(value: unknown): CloisterExtension | undefined {
  if (!isRecord(value) || typeof value["retries"] !== "number") return undefined;
  const { recovered, refused, retries } = value;
  return {
    recovered: records(recovered).map(({ id, name, dialect }) => ({
      id: textOf(id),
      name: textOf(name),
      dialect: textOf(dialect),
    })),
    refused: records(refused).map(({ cause, detail }) => ({
      cause: textOf(cause) as RefusalCause,
      detail: textOf(detail),
    })),
    retries,
    ...parseNotices(value),
  };
}

function records(value: unknown): Item[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

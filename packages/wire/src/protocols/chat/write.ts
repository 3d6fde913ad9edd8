/** Neutral events as a Chat answer: chunks of a stream, or one object. */
import type { Json, JsonObject } from "@cloister/base";
import type { FinishReason } from "../../chat.ts";
import type { RawCall } from "../../calls.ts";
import type { Usage } from "../../chat.ts";
import { formatSse } from "../../sse.ts";
import type { CloisterExtension, TurnEvent, TurnRequest } from "../../turn.ts";
import type { AnswerContext, StreamWriter } from "../protocol.ts";
import { withoutUndefined } from "./format.ts";
import { writeJudgingComment } from "./judging.ts";
import { writeReadingComment } from "./reading.ts";
import { writeThoughtComment } from "./thoughts.ts";

const NOTHING = Buffer.alloc(0);
const PING = Buffer.from(": ping\n\n");

/** Any order of events gives a legal stream. Nothing is written after `end` or `failed`. */
export function createChatWriter(request: TurnRequest, context: AnswerContext): StreamWriter {
  let isStarted = false;
  let isOver = false;
  let calls = 0;

  const chunk = (fields: JsonObject): Buffer =>
    formatSse(JSON.stringify({ ...envelope(context, "chat.completion.chunk"), ...fields }));
  const delta = (fields: JsonObject): Buffer =>
    chunk({ choices: [{ index: 0, delta: fields, finish_reason: null }] });
  const start = (): Buffer => {
    if (isStarted) return NOTHING;
    isStarted = true;
    return delta({ role: "assistant", content: "" });
  };
  const close = ({ finish, usage, extension }: Extract<TurnEvent, { kind: "end" }>): Buffer => {
    isOver = true;
    const choice = { index: 0, delta: {}, finish_reason: finishWords[finish] };
    const parts = [start(), chunk({ choices: [choice], ...extensionField(extension) })];
    if (request.includeUsage && usage !== undefined) {
      parts.push(chunk({ choices: [], usage: formatUsage(usage) }));
    }
    return Buffer.concat([...parts, formatSse("[DONE]")]);
  };

  return {
    write(event) {
      if (isOver) return NOTHING;
      switch (event.kind) {
        case "start":
          return start();
        case "text":
          return event.text === "" ? NOTHING : Buffer.concat([start(), delta({ content: event.text })]);
        case "reasoning":
          if (event.text === "") return NOTHING;
          return Buffer.concat([start(), delta({ reasoning_content: event.text })]);
        case "call":
          return Buffer.concat([
            start(),
            delta({ tool_calls: [{ index: calls++, ...formatCall(event.call) }] }),
          ]);
        case "reading":
          return writeReadingComment(event);
        case "judging":
          return writeJudgingComment(event.calls);
        case "thought": {
          const { token, text = "", hidden } = event;
          if (token === undefined) return NOTHING;
          return writeThoughtComment({ text, token, ...(hidden === undefined ? {} : { hidden }) });
        }
        case "refused":
          return NOTHING;
        case "end":
          return close(event);
        case "failed":
          isOver = true;
          // No [DONE] after it: clients would take what came before for an answer.
          return formatSse(JSON.stringify(formatFailure(event)));
      }
    },
    ping: () => (isOver ? NOTHING : PING),
  };
}

/** The answer in one piece, or the error in its place. Events without an `end` are a failure as well. */
export function writeChatWhole(events: readonly TurnEvent[], context: AnswerContext): JsonObject {
  const end = events.find((event) => event.kind === "end" || event.kind === "failed");
  if (end?.kind !== "end") {
    const failure = { kind: "failed", code: "upstream-broken", message: "the answer has no end" } as const;
    return formatFailure(end ?? failure);
  }
  const said = (kind: "text" | "reasoning"): string =>
    events.map((event) => (event.kind === kind ? event.text : "")).join("");
  const calls = events.flatMap((event) => (event.kind === "call" ? [formatCall(event.call)] : []));
  const [text, reasoning] = [said("text"), said("reasoning")];
  const message = withoutUndefined({
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    reasoning_content: reasoning === "" ? undefined : reasoning,
    tool_calls: calls.length === 0 ? undefined : calls,
  });
  return {
    ...envelope(context, "chat.completion"),
    choices: [{ index: 0, message, finish_reason: finishWords[end.finish] }],
    ...(end.usage === undefined ? {} : { usage: formatUsage(end.usage) }),
    ...extensionField(end.extension),
  };
}

const finishWords: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  calls: "tool_calls",
  length: "length",
  filter: "content_filter",
};

function envelope({ id, created, model }: AnswerContext, object: string): JsonObject {
  return { id, object, created, model };
}

function formatCall({ id, name, arguments: text }: RawCall): JsonObject {
  return { id, type: "function", function: { name, arguments: text } };
}

function formatUsage({ promptTokens, cachedTokens, completionTokens }: Usage): JsonObject {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    ...(cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
  };
}

function extensionField(extension: CloisterExtension | undefined): JsonObject {
  return extension === undefined ? {} : { cloister: extension as unknown as Json };
}

function formatFailure({ code, message }: Extract<TurnEvent, { kind: "failed" }>): JsonObject {
  return { error: { message, type: "server_error", param: null, code } };
}

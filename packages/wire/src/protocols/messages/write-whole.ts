/** The door's answer in one piece. */
import type { JsonObject } from "@cloister/base";
import type { TurnEvent, TurnRequest } from "../../turn.ts";
import type { AnswerContext } from "../protocol.ts";
import { parseArguments } from "./conversation.ts";
import { errorEnvelope, failedEnvelope } from "./errors.ts";
import { BAD_CALL, formatExtension, formatUsage, THINKING_SIGNATURE, toStopReason } from "./outcome.ts";

type Block =
  | { readonly type: "text"; text: string }
  | { readonly type: "thinking"; thinking: string; signature: string }
  | { readonly type: "redacted_thinking"; readonly data: string }
  | { readonly type: "tool_use"; readonly id: string; readonly name: string; readonly input: JsonObject };

/** One that failed becomes the error's envelope, never an answer. */
export function writeMessagesWhole(
  _request: TurnRequest,
  events: readonly TurnEvent[],
  context: AnswerContext,
): JsonObject {
  const content: Block[] = [];
  let isSigned = false;
  let calls = 0;
  let badCalls = 0;
  for (const event of events) {
    switch (event.kind) {
      case "text":
      case "reasoning":
        append(content, event, isSigned);
        isSigned = false;
        break;
      case "thought": {
        const last = content.at(-1);
        if (event.hidden === true && event.token !== undefined) {
          content.push({ type: "redacted_thinking", data: event.token });
        } else if (last?.type === "thinking" && !isSigned) {
          last.signature = event.token ?? THINKING_SIGNATURE;
          isSigned = true;
        }
        break;
      }
      case "call": {
        const { id, name, arguments: text } = event.call;
        const input = parseArguments(text);
        calls += 1;
        // Half an object cannot be written; an empty one in its place might run.
        if (input === undefined) badCalls += 1;
        else content.push({ type: "tool_use", id, name, input });
        break;
      }
      case "end": {
        if (badCalls > 0 && (event.finish === "stop" || event.finish === "calls")) {
          return errorEnvelope("api_error", BAD_CALL);
        }
        return {
          id: context.id,
          type: "message",
          role: "assistant",
          model: context.model,
          content,
          stop_reason: toStopReason(event.finish, { calls, stopSequence: event.stopSequence }),
          stop_sequence: event.stopSequence ?? null,
          usage: event.usage === undefined ? { input_tokens: 0, output_tokens: 0 } : formatUsage(event.usage),
          ...formatExtension(event.extension),
        };
      }
      case "failed":
        return failedEnvelope(event);
      case "start":
      case "reading":
      case "judging":
      case "refused":
        break;
    }
  }
  return errorEnvelope("api_error", "the answer stopped without an end");
}

/** Adds to the last block when it is of the kind and not signed, and opens one otherwise. */
function append(
  content: Block[],
  { kind, text }: { readonly kind: "text" | "reasoning"; readonly text: string },
  isSigned: boolean,
): void {
  if (text === "") return;
  const last = content.at(-1);
  if (kind === "text") {
    if (last?.type === "text") last.text += text;
    else content.push({ type: "text", text });
  } else if (last?.type === "thinking" && !isSigned) last.thinking += text;
  else content.push({ type: "thinking", thinking: text, signature: THINKING_SIGNATURE });
}

/** From a stream of chunks to one assistant turn: events as they come, and exactly one `end` or `failed`. */
import { messageOf } from "@cloister/base";
import { CallAssembler, type RawCall } from "./calls.ts";
import { parseChatChunk, type Usage } from "./chat.ts";
import { readSse } from "./sse.ts";

export type FinishReason = "stop" | "calls" | "length" | "filter";

export type AnswerEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "status"; readonly text: string }
  | {
      readonly kind: "end";
      readonly finish: FinishReason;
      readonly calls: readonly RawCall[];
      readonly usage: Usage | undefined;
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly next?: string };

const EVENT_BYTES_MAX = 16 * 1024 * 1024;
/** A comment line of ours: `: cloister-status …`. Clients that do not know it skip it, as the format demands. */
export const STATUS_COMMENT = ": cloister-status ";

/** Never throws: a broken stream ends with `failed`, and a stream that just stops is broken. */
export async function* readAnswer(source: AsyncIterable<Uint8Array>): AsyncGenerator<AnswerEvent> {
  const calls = new CallAssembler();
  let finish: string | undefined;
  let usage: Usage | undefined;
  try {
    for await (const event of readSse(source, { eventBytesMax: EVENT_BYTES_MAX })) {
      if (event.data === undefined) {
        const comment = Buffer.from(event.bytes).toString();
        if (comment.startsWith(STATUS_COMMENT)) {
          yield { kind: "status", text: comment.slice(STATUS_COMMENT.length).trim() };
        }
        continue;
      }
      if (event.data === "[DONE]") break;
      const chunk = parseChatChunk(event.data);
      if (chunk === undefined) {
        yield broken("the server sent something that is not a chunk of an answer");
        return;
      }
      if (chunk.error !== undefined) {
        yield { kind: "failed", code: "upstream-error", message: chunk.error };
        return;
      }
      if (chunk.reasoning !== "") yield { kind: "reasoning", text: chunk.reasoning };
      if (chunk.text !== "") yield { kind: "text", text: chunk.text };
      for (const fragment of chunk.calls) calls.add(fragment);
      finish = chunk.finish ?? finish;
      usage = chunk.usage ?? usage;
    }
  } catch (error) {
    yield broken(messageOf(error));
    return;
  }
  if (finish === undefined) {
    yield broken("the stream stopped without an end");
    return;
  }
  yield { kind: "end", finish: toFinish(finish, calls.count), calls: calls.finish(), usage };
}

function broken(message: string): AnswerEvent {
  return {
    kind: "failed",
    code: "upstream-broken",
    message,
    next: "ask again; if it happens again, the model server's own log says more",
  };
}

/** Servers say `stop` although calls are there (SGLang, Ollama), so the calls count, not the word. */
function toFinish(reason: string, calls: number): FinishReason {
  if (reason === "length") return "length";
  if (reason === "content_filter") return "filter";
  return calls > 0 ? "calls" : "stop";
}

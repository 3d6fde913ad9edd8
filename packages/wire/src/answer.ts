/** An answer as our own agent reads it from the keeper: events as they come, and exactly one `end` or `failed`. */
import type { RawCall } from "./calls.ts";
import type { FinishReason, Usage } from "./chat.ts";
import { chatProtocol } from "./protocols/chat/chat.ts";
import { REQUEST_TIMEOUT } from "./protocols/chat/chunk.ts";
import { readJudgingComment } from "./protocols/chat/judging.ts";
import { readReadingComment } from "./protocols/chat/reading.ts";
import { readThoughtComment } from "./protocols/chat/thoughts.ts";
import type { CloisterExtension, Frame, ReadingProgress, SignedThought } from "./turn.ts";

export type AnswerEvent =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  /** The reasoning before it, to go back with the history, as it is. */
  | { readonly kind: "thought"; readonly thought: SignedThought }
  /** `isNews`: worth more than a moment's look, such as that another model answers now. */
  | { readonly kind: "status"; readonly text: string; readonly isNews?: true }
  | ({ readonly kind: "reading" } & ReadingProgress)
  /** All that is said before these calls has come; a person may be asked about them now. */
  | { readonly kind: "judging"; readonly calls: readonly string[] }
  | {
      readonly kind: "end";
      readonly finish: FinishReason;
      readonly calls: readonly RawCall[];
      readonly usage: Usage | undefined;
      /** What the airlock mended in this answer, and what it could not. */
      readonly extension?: CloisterExtension;
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly next?: string };

/** A comment line of ours: `: cloister-status …`. Clients that do not know it skip it, as the format demands. */
export const STATUS_COMMENT = ": cloister-status ";
/** As one of those, of what a person should still see later. */
export const NEWS_COMMENT = ": cloister-news ";

/** Never throws: a broken stream ends with `failed`, and a stream that just stops is broken. */
export async function* readAnswer(source: AsyncIterable<Uint8Array>): AsyncGenerator<AnswerEvent> {
  const calls: RawCall[] = [];
  for await (const frame of chatProtocol.readStream(source)) {
    if (frame.events.length === 0) yield* newsOf(frame);
    for (const event of frame.events) {
      switch (event.kind) {
        case "text":
        case "reasoning":
        case "reading":
        case "judging":
          yield event;
          break;
        case "call":
          calls.push(event.call);
          break;
        case "end": {
          const { finish, usage, extension } = event;
          yield { kind: "end", finish, calls, usage, ...(extension === undefined ? {} : { extension }) };
          break;
        }
        case "failed":
          yield { ...event, next: nextAfter(event.code) };
          break;
        case "start":
        case "thought":
        case "refused":
          break;
      }
    }
  }
}

function nextAfter(code: string): string {
  return code === REQUEST_TIMEOUT
    ? 'raise "timeoutSeconds" in ~/.cloister/settings.json, or take it out; or ask for less at once'
    : "ask again; if it happens again, the model server's own log says more";
}

/** What the airlock says beside the answer, in comments. */
function* newsOf({ raw }: Frame): Generator<AnswerEvent> {
  const comment = Buffer.from(raw).toString("utf8");
  const reading = readReadingComment(comment);
  if (reading !== undefined) yield { kind: "reading", ...reading };
  const calls = readJudgingComment(comment);
  if (calls !== undefined) yield { kind: "judging", calls };
  const thought = readThoughtComment(comment);
  if (thought !== undefined) yield { kind: "thought", thought };
  const text = comment.startsWith(STATUS_COMMENT) ? comment.slice(STATUS_COMMENT.length).trim() : "";
  if (text !== "") yield { kind: "status", text };
  const news = comment.startsWith(NEWS_COMMENT) ? comment.slice(NEWS_COMMENT.length).trim() : "";
  if (news !== "") yield { kind: "status", text: news, isNews: true };
}

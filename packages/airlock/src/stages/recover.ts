/** A stream that just stops is not an end: the client is told, in the stream, that the answer is broken. */
import { CloisterError } from "@cloister/base";
import { formatSse, type SseEvent } from "@cloister/wire";
import { failureText, type Dispatched } from "./dispatch.ts";

export type Recovered = Dispatched;

export function recover(dispatched: Dispatched): Recovered {
  const { answer } = dispatched;
  if (answer.form === "whole") return dispatched;
  return { ...dispatched, answer: { ...answer, events: withHonestEnd(answer.events) } };
}

async function* withHonestEnd(events: AsyncIterable<SseEvent>): AsyncGenerator<SseEvent> {
  let ended = false;
  try {
    for await (const event of events) {
      // Looked for in the text, not parsed: this runs for every token of every answer.
      ended ||= event.data !== undefined && (event.data === "[DONE]" || endsTurn(event.data));
      yield event;
    }
  } catch (error) {
    yield failure(error);
    return;
  }
  if (!ended) {
    yield failure(
      new CloisterError("the model server broke off in the middle of its answer", {
        code: "upstream-broken",
      }),
    );
  }
}

function endsTurn(data: string): boolean {
  return (
    data.includes('"finish_reason":"') || data.includes('"finish_reason": "') || data.startsWith('{"error"')
  );
}

function failure(error: unknown): SseEvent {
  const data = failureText(error);
  return { bytes: formatSse(data), data };
}

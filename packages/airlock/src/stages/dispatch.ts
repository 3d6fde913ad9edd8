/** Sends the recorded request, and turns whatever comes back into events. */
import { CloisterError, messageOf } from "@cloister/base";
import type { Answer, BackendStatus } from "@cloister/backend";
import { formatSse, readSse, STATUS_COMMENT, type SseEvent } from "@cloister/wire";
import type { Recorded } from "./record.ts";

export interface Dispatched extends Recorded {
  readonly answer: AnswerStream;
}

export interface AnswerStream {
  readonly status: number;
  readonly contentType: string;
  /** `stream`: server-sent events. `whole`: one event that is the body. */
  readonly form: "stream" | "whole";
  readonly events: AsyncIterable<SseEvent>;
}

const EVENT_BYTES_MAX = 16 * 1024 * 1024;
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** @throws CloisterError `endpoint-unreachable`, `cancelled` while nothing has been answered yet */
export async function dispatch(recorded: Recorded): Promise<Dispatched> {
  const { session, outgoing, signal, turn } = recorded;
  const statuses = new StatusFeed();
  const sending = session.endpoint.backend.send("/chat/completions", outgoing, {
    signal,
    onStatus: (status) => statuses.push(status),
  });
  // While a server loads its model there is news but no answer: then the stream to the client begins without it.
  const first = turn.stream ? await Promise.race([sending, statuses.next()]) : await sending;
  const answer = first === "status" ? waitingAnswer(sending, statuses) : await toAnswer(first);
  return { ...recorded, answer };
}

async function toAnswer(answer: Answer): Promise<AnswerStream> {
  const contentType = answer.headers["content-type"] ?? "application/json";
  if (answer.status === 200 && contentType.startsWith("text/event-stream")) {
    const events = readSse(answer.body, { eventBytesMax: EVENT_BYTES_MAX });
    return { status: 200, contentType, form: "stream", events };
  }
  const bytes = await collect(answer.body);
  return {
    status: answer.status,
    contentType,
    form: "whole",
    events: once({ bytes, data: bytes.toString("utf8") }),
  };
}

function waitingAnswer(sending: Promise<Answer>, statuses: StatusFeed): AnswerStream {
  const events = async function* (): AsyncGenerator<SseEvent> {
    for (;;) {
      for (const status of statuses.take()) yield comment(describe(status));
      const first = await Promise.race([sending, statuses.next()]);
      if (first === "status") continue;
      const answer = await toAnswer(first);
      if (answer.form === "stream") yield* answer.events;
      else yield* asStreamEvents(answer.events);
      return;
    }
  };
  return { status: 200, contentType: "text/event-stream", form: "stream", events: events() };
}

async function* asStreamEvents(events: AsyncIterable<SseEvent>): AsyncGenerator<SseEvent> {
  for await (const event of events) {
    const data = oneLine(event);
    yield { bytes: formatSse(data), data };
  }
}

/** An error body in the middle of a stream becomes an event, which must not hold line ends. */
function oneLine(event: SseEvent): string {
  try {
    return JSON.stringify(JSON.parse(event.data ?? ""));
  } catch {
    return JSON.stringify({ error: { message: event.data ?? "", type: "upstream_error" } });
  }
}

function describe(status: BackendStatus): string {
  switch (status.kind) {
    case "loading":
      return `the server is loading its model (${Math.round(status.waitedMs / 1000)} s)`;
    case "retrying":
      return `asking again: ${status.cause}`;
  }
}

function comment(text: string): SseEvent {
  return { bytes: Buffer.from(`${STATUS_COMMENT}${text}\n\n`), data: undefined };
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      throw new CloisterError(`the answer is longer than ${BODY_BYTES_MAX} bytes`, {
        code: "answer-too-long",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* once(event: SseEvent): AsyncGenerator<SseEvent> {
  yield event;
}

const STATUSES_MAX = 1000;

/** Status reports on their way from a callback to a stream. */
class StatusFeed {
  #waiting: BackendStatus[] = [];
  #wake: (() => void) | undefined;

  push(status: BackendStatus): void {
    if (this.#waiting.length < STATUSES_MAX) this.#waiting.push(status);
    this.#wake?.();
  }

  /** Resolves when there is at least one report. */
  async next(): Promise<"status"> {
    if (this.#waiting.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return "status";
  }

  take(): BackendStatus[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}

export function failureText(error: unknown): string {
  const detail = error instanceof CloisterError ? error : undefined;
  const { code = "upstream-broken", rule, next } = detail ?? {};
  return JSON.stringify({ error: { message: messageOf(error), type: "cloister_error", code, rule, next } });
}

/** Sends the recorded request, and turns whatever comes back into frames of events. */
import { CloisterError, messageOf, parseJson } from "@cloister/base";
import type { Answer, BackendStatus } from "@cloister/backend";
import {
  errorText,
  STATUS_COMMENT,
  type Frame,
  type Protocol,
  type TurnEvent,
  type Usage,
} from "@cloister/wire";
import { gathered } from "../answer-bytes.ts";
import { passing } from "../passing.ts";
import type { Recorded } from "./record.ts";

export interface Dispatched extends Recorded {
  readonly upstream: UpstreamAnswer;
  readonly observed: Observation;
}

export type UpstreamAnswer =
  | { readonly kind: "answer"; readonly frames: AsyncIterable<Frame> }
  /** The server would not: nothing of an answer came. */
  | UpstreamError;

export interface UpstreamError {
  readonly kind: "error";
  readonly status: number;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** What is known of an answer so far; filled while it passes, read when it is settled. */
export interface Observation {
  status: number | undefined;
  bytesIn: number;
  usage: Usage | undefined;
  /** It came to its own end. */
  ended: boolean;
  failed: boolean;
}

/** Of an attempt of which nothing is known yet. */
export function startObservation(): Observation {
  return { status: undefined, bytesIn: 0, usage: undefined, ended: false, failed: false };
}

const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** @throws CloisterError `endpoint-unreachable`, `cancelled` while nothing has been answered yet */
export async function dispatch(recorded: Recorded): Promise<Dispatched> {
  const { endpoint, route, outgoing, turn } = recorded;
  const observed = startObservation();
  const statuses = new StatusFeed();
  const connection = following(recorded.signal);
  const sending = endpoint.backend.send(route.upstream.path, outgoing, {
    signal: connection.signal,
    headers: route.upstream.headers,
    onStatus: (status) => statuses.push(status),
    ...(recorded.patienceMs === undefined ? {} : { waitMsMax: recorded.patienceMs }),
  });
  sending.catch(() => {
    observed.failed = true; // said in the record; whoever waits for the answer hears of it by the same promise
  });
  // While a server loads its model there is news but no answer: then the stream to the client begins without it.
  const first = turn.request.stream ? await Promise.race([sending, statuses.next()]) : await sending;
  const upstream: UpstreamAnswer =
    first === "status"
      ? { kind: "answer", frames: waiting(sending, statuses, { recorded, observed, connection }) }
      : await toUpstream(first, { recorded, observed, connection });
  return { ...recorded, upstream, observed };
}

/** What a dispatched request is about. */
interface Exchange {
  readonly recorded: Recorded;
  readonly observed: Observation;
  /** Ends the connection to the server: when the client is gone, or nothing more is wanted of the answer. */
  readonly connection: AbortController;
}

/** Aborted with the signal, and able to be aborted without it. */
function following(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  return controller;
}

async function toUpstream(answer: Answer, exchange: Exchange): Promise<UpstreamAnswer> {
  const { observed } = exchange;
  observed.status = answer.status;
  if (answer.status !== 200) {
    observed.failed = true;
    const body = await collect(answer.body);
    observed.bytesIn += body.length;
    return toError(answer, body.toString("utf8"));
  }
  return { kind: "answer", frames: passing(framesOf(answer, exchange), (frame) => observe(frame, observed)) };
}

function framesOf(answer: Answer, { recorded, observed, connection }: Exchange): AsyncIterable<Frame> {
  const { route, session } = recorded;
  if (answer.headers["content-type"]?.startsWith("text/event-stream") !== true) {
    return wholeFrame(answer, route.upstream);
  }
  const body = gathered(answer.body, {
    clock: session.clock,
    isOver: () => observed.ended,
    breakOff: () => connection.abort(new CloisterError("the answer is over", { code: "cancelled" })),
  });
  return route.upstream.readStream(body);
}

async function* wholeFrame(answer: Answer, protocol: Protocol): AsyncGenerator<Frame> {
  const events = await wholeEvents(answer, protocol);
  yield { raw: Buffer.alloc(0), events, fragment: true };
}

async function wholeEvents(answer: Answer, protocol: Protocol): Promise<TurnEvent[]> {
  try {
    const body = await collect(answer.body);
    return protocol.readWhole(parseJson(body.toString("utf8"), "the model server's answer"));
  } catch (error) {
    return [{ kind: "failed", code: "upstream-broken", message: messageOf(error) }];
  }
}

async function* waiting(
  sending: Promise<Answer>,
  statuses: StatusFeed,
  exchange: Exchange,
): AsyncGenerator<Frame> {
  for (;;) {
    for (const status of statuses.take()) yield comment(describe(status));
    const first = await Promise.race([sending, statuses.next()]);
    if (first === "status") continue;
    const upstream = await toUpstream(first, exchange);
    if (upstream.kind === "answer") {
      yield* upstream.frames;
    } else {
      const { message, status } = upstream;
      exchange.observed.failed = true;
      yield {
        raw: Buffer.alloc(0),
        events: [{ kind: "failed", code: `upstream-${status}`, message, status }],
        fragment: true,
      };
    }
    return;
  }
}

/** Notes what passes of the answer. */
function observe(frame: Frame, observed: Observation): Frame {
  observed.bytesIn += frame.raw.length;
  for (const event of frame.events) {
    if (event.kind === "failed") observed.failed = true;
    if (event.kind !== "end") continue;
    observed.ended = true;
    observed.usage = event.usage;
  }
  return frame;
}

export function toError(answer: Answer, body: string): UpstreamError {
  const retryAfter = Number(answer.headers["retry-after"]);
  return {
    kind: "error",
    status: answer.status,
    message: errorMessage(body) || `the model server answered ${answer.status}`,
    ...(Number.isFinite(retryAfter) && retryAfter > 0 ? { retryAfterSeconds: retryAfter } : {}),
  };
}

const ERROR_CHARS_MAX = 4000;

function errorMessage(body: string): string {
  try {
    return errorText(JSON.parse(body)) ?? body.slice(0, ERROR_CHARS_MAX);
  } catch {
    return pageTitle(body) ?? body.slice(0, ERROR_CHARS_MAX); // a server's plain text says more than nothing
  }
}

/** Of a proxy or a sign-in that stands before the server; undefined for what is no page. */
function pageTitle(body: string): string | undefined {
  if (!/^\s*<(?:!doctype html|html)\b/i.test(body)) return undefined;
  const [, title = ""] = /<title>([^<]{1,200})<\/title>/i.exec(body.slice(0, ERROR_CHARS_MAX)) ?? [];
  return `a web page answered instead of the model server${title === "" ? "" : `: ${title.trim()}`}`;
}

function describe(status: BackendStatus): string {
  switch (status.kind) {
    case "loading":
      return `the server is loading its model (${Math.round(status.waitedMs / 1000)} s)`;
    case "retrying":
      return `asking again: ${status.cause}`;
  }
}

function comment(text: string): Frame {
  return { raw: Buffer.from(`${STATUS_COMMENT}${text}\n\n`), events: [], fragment: false };
}

/** A word of ours about the waiting, not of the answer. */
export function isStatus(frame: Frame): boolean {
  return (
    frame.events.length === 0 &&
    Buffer.from(frame.raw.subarray(0, STATUS_COMMENT.length)).toString() === STATUS_COMMENT
  );
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
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
    if (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return "status";
  }

  take(): BackendStatus[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}

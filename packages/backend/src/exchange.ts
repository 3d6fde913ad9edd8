// One request, one answer: the bytes out as they stand, the bytes back as they come.

import type { Clock } from "@cloister/base";
import type { Connections } from "./connections.ts";
import { cancelled, toEndpointError } from "./errors.ts";
import { RequestFailure, sendRequest } from "./request.ts";
import type { IncomingAnswer, OutgoingRequest } from "./request.ts";

export interface Answer {
  readonly status: number;
  /** Names in lower case; repeated headers are joined by ", " (RFC 9110, section 5.3). */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The bytes as they arrive, once; at most about 64 kB wait unread. Ends, or throws CloisterError `upstream-broken` or
   * `cancelled`. The connection is busy until the end is reached, the loop is left or the request's signal fires.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ExchangeRequest {
  readonly url: URL;
  /** The path as it stands on the request line. */
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
  /** Of silence before the headers, and between two pieces of the body. 0 waits for ever. */
  readonly silenceMs: number;
  /** By which silence is measured. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** @throws CloisterError `endpoint-unreachable`, `upstream-broken`, `bad-header` or `cancelled`. */
export async function exchange(connections: Connections, request: ExchangeRequest): Promise<Answer> {
  const { url, path, method, headers, body, silenceMs, clock } = request;
  const isOver = (): boolean => request.signal.aborted || connections.closing.aborted;
  const toError = (error: unknown): Error => (isOver() ? cancelled(error) : toEndpointError(error, url));
  const outgoing = {
    ...{ to: url, path, method, headers, body, signal: request.signal },
    ...(silenceMs > 0 && { silence: { ms: silenceMs, clock } }),
  };
  try {
    const answer = await sendTwice(connections, outgoing);
    return { status: answer.status, headers: joined(answer.headers), body: relay(answer.body, toError) };
  } catch (error) {
    throw toError(error);
  }
}

async function sendTwice(connections: Connections, outgoing: OutgoingRequest): Promise<IncomingAnswer> {
  try {
    return await sendRequest(connections.shared, outgoing);
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.kind !== "stale" || outgoing.signal.aborted) throw error;
    // On a new connection, because the next one of the pool may be as stale as this one was.
    return await sendRequest(connections.fresh, outgoing);
  }
}

async function* relay(
  body: AsyncIterable<Uint8Array>,
  toError: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toError(error);
  }
}

function joined(headers: IncomingAnswer["headers"]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(", ")]));
}

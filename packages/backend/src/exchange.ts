// One request, one answer: the bytes out as they stand, the bytes back as they come.

import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import send from "undici/lib/api/api-request.js";
import type { Connections } from "./connections.ts";
import { toEndpointError } from "./errors.ts";

export interface Answer {
  readonly status: number;
  /** Names in lower case; repeated headers are joined by ", " (RFC 9110, section 5.3). */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The bytes as they arrive, once; at most 64 kB wait unread. Ends, or throws CloisterError `upstream-broken` or
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
  readonly signal: AbortSignal;
}

/** @throws CloisterError `endpoint-unreachable`, `upstream-broken` or `cancelled`. */
export async function exchange(connections: Connections, request: ExchangeRequest): Promise<Answer> {
  const { url, signal } = request;
  try {
    const response = await dispatchTwice(connections, request);
    const body = relay(response.body, (error) => toEndpointError(error, { url, connections, signal }));
    return { status: response.statusCode, headers: joined(response.headers), body };
  } catch (error) {
    throw toEndpointError(error, { url, connections, signal });
  }
}

async function dispatchTwice(
  connections: Connections,
  request: ExchangeRequest,
): Promise<Dispatcher.ResponseData> {
  try {
    return await dispatch(connections.shared, request);
  } catch (error) {
    if (request.signal.aborted || !connections.isStaleSocket(error)) throw error;
    // On a new connection, because the next one of the pool may be as stale as this one was.
    return await dispatch(connections.fresh, request);
  }
}

function dispatch(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Dispatcher.ResponseData> {
  const { signal, silenceMs } = request;
  const length = request.body.reduce((sum, part) => sum + part.length, 0);
  const posting = request.method === "POST";
  return new Promise((resolve, reject) => {
    // undici looks at the signal only once it is connected, which to a dead address takes many seconds.
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    void send
      .call(dispatcher, {
        origin: request.url.origin,
        path: request.path,
        method: request.method,
        headers: posting ? { ...request.headers, "content-length": String(length) } : request.headers,
        body: posting ? toBody(request.body) : null,
        signal,
        headersTimeout: silenceMs,
        bodyTimeout: silenceMs,
      })
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** The parts are not joined: a long history stays where it is, and is not copied for each attempt. */
function toBody(parts: readonly Uint8Array[]): Uint8Array | Readable {
  const [first, ...others] = parts;
  if (first === undefined) return new Uint8Array(0);
  return others.length === 0 ? first : Readable.from(parts);
}

async function* relay(body: Readable, toError: (error: unknown) => Error): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toError(error);
  }
}

function joined(headers: Dispatcher.ResponseData["headers"]): Record<string, string> {
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) entries.push([name, typeof value === "string" ? value : value.join(", ")]);
  }
  return Object.fromEntries(entries);
}

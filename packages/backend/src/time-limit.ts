// A limit on whole requests, for houses that want one. Without it a request lives as long as its server works on it.

import { CloisterError } from "@cloister/base";
import type { Clock } from "@cloister/base";
import type { Backend, SendOptions } from "./backend.ts";
import type { Answer } from "./exchange.ts";

export interface TimeLimit {
  readonly clock: Clock;
  /** From the moment a request is sent to the last byte of its answer, waiting for a server that loads included. */
  readonly requestMsMax: number;
}

/**
 * The same backend, whose requests live so long and no longer: then the connection is closed, so that the server stops,
 * and `send` or its body throws CloisterError `request-timeout`. A request that ends before is left alone.
 */
export function limitTime(backend: Backend, limit: TimeLimit): Backend {
  return {
    ...backend,
    send: (path, body, options) =>
      sendWithin(limit, options, (signal) => backend.send(path, body, { ...options, signal })),
  };
}

async function sendWithin(
  { clock, requestMsMax }: TimeLimit,
  { signal }: SendOptions,
  send: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const late = new AbortController();
  const ended = new AbortController();
  clock.sleep(requestMsMax, ended.signal).then(
    () => late.abort(timedOut(requestMsMax)),
    () => undefined, // the request ended first, and with it the waiting
  );
  // What the connection says when it is cut is our own doing.
  const toError = (error: unknown): unknown => (late.signal.aborted ? late.signal.reason : error);
  try {
    const answer = await send(AbortSignal.any([signal, late.signal]));
    return { ...answer, body: relay(answer.body, toError, ended) };
  } catch (error) {
    ended.abort();
    throw toError(error);
  }
}

async function* relay(
  body: AsyncIterable<Uint8Array>,
  toError: (error: unknown) => unknown,
  ended: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw toError(error);
  } finally {
    ended.abort();
  }
}

function timedOut(requestMsMax: number): CloisterError {
  return new CloisterError(
    `the request took longer than ${requestMsMax / 1000} seconds ("timeoutSeconds" in the settings)`,
    {
      code: "request-timeout",
      next: "raise it in ~/.cloister/settings.json, or take it out: then a request may take as long as it needs",
    },
  );
}

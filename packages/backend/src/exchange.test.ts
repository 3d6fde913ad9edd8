import assert from "node:assert/strict";
import { test } from "node:test";
import { Dispatcher } from "undici";
import { openConnections } from "./connections.ts";
import { exchange } from "./exchange.ts";

/** Answers nothing itself: notes what it was asked to send, and how patiently. */
class Recorder extends Dispatcher {
  readonly seen: Dispatcher.DispatchOptions[] = [];

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.seen.push(options);
    const error = Object.assign(new Error("closed"), { code: "ECONNRESET" });
    queueMicrotask(() => handler.onResponseError?.(controller, error));
    return true;
  }
}

const controller: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: null,
  rawTrailers: null,
  abort: () => {},
  pause: () => {},
  resume: () => {},
};

const request = {
  url: new URL("http://127.0.0.1:9/v1"),
  path: "/v1/chat/completions",
  method: "POST",
  headers: {},
  body: [Buffer.from("{}")],
  silenceMs: 0,
} as const;

test("neither headers nor body of an answer have a time limit, on either dispatcher", async () => {
  const shared = new Recorder();
  const fresh = new Recorder();
  const connections = {
    shared,
    fresh,
    isConnectFailure: () => false,
    isStaleSocket: () => true,
    firstFailureOf: (error: unknown) => error,
    close: async () => {},
  };
  const { signal } = new AbortController();
  await assert.rejects(exchange(connections, { ...request, signal }), { code: "upstream-broken" });
  assert.deepEqual([shared.seen.length, fresh.seen.length], [1, 1]);
  for (const options of [...shared.seen, ...fresh.seen]) {
    assert.equal(options.headersTimeout, 0);
    assert.equal(options.bodyTimeout, 0);
  }
});

test("a connection that broke without ever having carried an answer is not tried again", async () => {
  const shared = new Recorder();
  const fresh = new Recorder();
  const connections = {
    shared,
    fresh,
    isConnectFailure: () => false,
    isStaleSocket: () => false,
    firstFailureOf: (error: unknown) => error,
    close: async () => {},
  };
  const { signal } = new AbortController();
  await assert.rejects(exchange(connections, { ...request, signal }), { code: "upstream-broken" });
  assert.deepEqual([shared.seen.length, fresh.seen.length], [1, 0]);
});

test("a signal that has fired already keeps everything at home", async () => {
  const shared = new Recorder();
  const connections = { ...openConnections(), shared, fresh: shared };
  await assert.rejects(exchange(connections, { ...request, signal: AbortSignal.abort() }), {
    code: "cancelled",
  });
  assert.equal(shared.seen.length, 0);
});

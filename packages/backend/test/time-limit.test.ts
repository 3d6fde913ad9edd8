import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError, systemClock } from "@cloister/base";
import { createBackend, limitTime } from "../src/index.ts";
import type { Backend } from "../src/index.ts";
import { listenHttp } from "./loopback.ts";
import type { Listening } from "./loopback.ts";
import { createSlowClock } from "./slow-clock.ts";
import type { SlowClock } from "./slow-clock.ts";

const LIMIT_MS = 960_000;

interface Limited {
  readonly clock: SlowClock;
  readonly backend: Backend;
}

async function open(stack: AsyncDisposableStack, server: Listening): Promise<Limited> {
  const clock = createSlowClock();
  const backend = limitTime(createBackend({ baseUrl: server.url, clock: systemClock }), {
    clock,
    requestMsMax: LIMIT_MS,
  });
  stack.defer(async () => {
    await backend.close();
    await server.close();
  });
  return { clock, backend };
}

const ask = (backend: Backend, signal = new AbortController().signal): ReturnType<Backend["send"]> =>
  backend.send("/chat/completions", [Buffer.from("{}")], { signal });

test("BS-14: with a limit of 960 s a request lives 950 s, and its answer is taken", async () => {
  await using stack = new AsyncDisposableStack();
  const { promise: arrived, resolve: onArrival } = Promise.withResolvers<() => void>();
  const server = await listenHttp((request, response) => {
    request.resume().on("end", () => onArrival(() => response.end("late, and welcome")));
  });
  const { clock, backend } = await open(stack, server);
  const sent = ask(backend);
  const answer = await arrived;
  clock.pass(950_000);
  answer();
  const { body } = await sent;
  assert.equal(Buffer.concat(await Array.fromAsync(body)).toString(), "late, and welcome");
  assert.equal(clock.waiting, 0, "nothing waits for a request that is over");
});

test("BS-14: at 960 s it dies, before the first byte or after it, and the server is told at once", async () => {
  for (const speaks of [false, true]) {
    await using stack = new AsyncDisposableStack();
    const { promise: arrived, resolve: onArrival } = Promise.withResolvers<void>();
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    const server = await listenHttp((request, response) => {
      response.on("close", onClosed);
      request.resume().on("end", () => {
        if (speaks) response.write("a beginning");
        onArrival();
      });
    });
    const { clock, backend } = await open(stack, server);
    const whole = ask(backend).then(({ body }) => {
      onArrival();
      return Array.fromAsync(body, (chunk) => (clock.pass(LIMIT_MS), chunk));
    });
    await arrived;
    if (!speaks) clock.pass(LIMIT_MS);
    await assert.rejects(whole, (error) => {
      assert.ok(error instanceof CloisterError);
      assert.equal(error.code, "request-timeout");
      assert.match(error.message, /960 seconds/);
      return true;
    });
    await closed;
  }
});

test("one who cancels is told that, not that time was up", async () => {
  await using stack = new AsyncDisposableStack();
  const { promise: arrived, resolve: onArrival } = Promise.withResolvers<void>();
  const server = await listenHttp((request) => void request.resume().on("end", onArrival));
  const { clock, backend } = await open(stack, server);
  const stop = new AbortController();
  const sent = ask(backend, stop.signal);
  await arrived;
  stop.abort();
  await assert.rejects(sent, { code: "cancelled" });
  assert.equal(clock.waiting, 0);
});

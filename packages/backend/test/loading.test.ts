import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@cloister/base";
import { createBackend } from "../src/index.ts";
import type { BackendStatus } from "../src/index.ts";
import { listenHttp } from "./loopback.ts";

const loading = { error: { message: "Loading model", type: "unavailable_error", code: 503 } };

test("BS-15: a server that loads for two minutes is waited for, and answers the one request it was sent", async (t) => {
  const slept: number[] = [];
  const clock: Clock = {
    now: () => 0,
    // Every wait is over at once, and is noted.
    sleep: async (ms) => void slept.push(ms),
  };
  let answered = 0;
  const waited = (): number => slept.reduce((sum, ms) => sum + ms, 0);
  const server = await listenHttp((_, response) => {
    const isReady = waited() >= 120_000;
    if (isReady) answered += 1;
    response.writeHead(isReady ? 200 : 503).end(isReady ? "ready" : JSON.stringify(loading));
  });
  const backend = createBackend({ baseUrl: server.url, clock });
  t.after(async () => {
    await backend.close();
    await server.close();
  });
  const statuses: BackendStatus[] = [];
  const { signal } = new AbortController();
  const answer = await backend.send("/chat/completions", [Buffer.from("{}")], {
    signal,
    onStatus: (status) => statuses.push(status),
  });
  assert.equal(Buffer.concat(await Array.fromAsync(answer.body)).toString(), "ready");
  assert.equal(answered, 1);
  assert.ok(statuses.some(({ waitedMs }) => waitedMs > 110_000));
});

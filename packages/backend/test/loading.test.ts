import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock, type Clock } from "@cloister/base";
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

test("a request that may not wait as long says so, and leaves the next one its patience", async (t) => {
  let slept = 0;
  const clock: Clock = { now: () => 0, sleep: async (ms) => void (slept += ms) };
  const server = await listenHttp((_, response) => {
    response.writeHead(slept >= 20_000 ? 200 : 503).end(JSON.stringify(loading));
  });
  const backend = createBackend({ baseUrl: server.url, clock });
  t.after(async () => {
    await backend.close();
    await server.close();
  });
  const { signal } = new AbortController();
  const send = (more: object): Promise<unknown> => backend.send("/x", [], { signal, ...more });
  await assert.rejects(send({ waitMsMax: 0 }), { code: "endpoint-loading" });
  assert.equal(slept, 0);
  await assert.rejects(send({ waitMsMax: 5000 }), { code: "endpoint-loading" });
  assert.ok(slept <= 5000, String(slept));
  await send({});
  assert.ok(slept >= 20_000);
});

test("what a protocol asks for goes with every request, and the key where it is looked for", async (t) => {
  const heads: Record<string, unknown>[] = [];
  const server = await listenHttp((request, response) => {
    heads.push(request.headers);
    response.end("{}");
  });
  const key = ["made", "up", "key"].join("-");
  const options = { baseUrl: server.url, clock: systemClock, apiKey: key };
  const plain = createBackend(options);
  const both = createBackend({ ...options, headers: { "anthropic-version": "1" }, sendsXApiKey: true });
  t.after(async () => {
    await Promise.all([plain.close(), both.close()]);
    await server.close();
  });
  const { signal } = new AbortController();
  await plain.describe(signal);
  assert.ok(heads.length > 0 && heads.every((head) => head["x-api-key"] === undefined));
  heads.length = 0;
  await both.describe(signal);
  await both.send("/messages", [Buffer.from("{}")], { signal });
  for (const head of heads) {
    assert.deepEqual(
      [head["authorization"], head["x-api-key"], head["anthropic-version"]],
      [`Bearer ${key}`, key, "1"],
    );
  }
});

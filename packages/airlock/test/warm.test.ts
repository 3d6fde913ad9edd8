/** The warm-up, over HTTP, against a model server that says what it got. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createBackend } from "@cloister/backend";
import { systemClock, type JsonObject } from "@cloister/base";
import { chatProtocol } from "@cloister/wire";
import { createRoute } from "../src/route.ts";
import type { Endpoint } from "../src/endpoint.ts";
import { warmsByDefault, warmUp } from "../src/warm.ts";
import { createWorld, request, user, type World } from "./world.ts";

const prompt = { role: "system", content: "You are an agent." };
const prefix: JsonObject = { ...request(), messages: [prompt] };
const route = createRoute(chatProtocol, chatProtocol, "m");

test("the server is shown the beginning that the first request has too, for one token, and it is on record", async () => {
  await using world = await createWorld();
  await using at = where(world);
  assert.equal(await warmUp(at, prefix).ended, "warmed");
  await world.ask(request(prompt, user("hi")));
  const [warm = "", first = ""] = world.sent();
  const [warmBody, firstBody] = [JSON.parse(warm), JSON.parse(first)] as [JsonObject, JsonObject];
  assert.equal(warmBody["max_tokens"], 1);
  assert.deepEqual(warmBody["tools"], firstBody["tools"]);
  assert.deepEqual((warmBody["messages"] as JsonObject[])[0], (firstBody["messages"] as JsonObject[])[0]);
  const [intent] = await world.recorded("exposure.intent");
  assert.equal(intent?.["purpose"], "warm-up");
});

test("the conversation's own requests are the same bytes with a warm-up and without", async () => {
  const sent: string[][] = [];
  for (const isWarmed of [false, true]) {
    await using world = await createWorld({ turns: [{ text: "one" }, { text: "two" }] });
    await using at = where(world);
    if (isWarmed) await warmUp(at, prefix).ended;
    await world.ask(request(prompt, user("hi")));
    await world.ask(request(prompt, user("hi"), { role: "assistant", content: "one" }, user("go on")));
    sent.push(world.sent().slice(-2));
  }
  assert.deepEqual(sent[1], sent[0]);
});

test("it is cancelled at once when the real request is here, and nothing of it is left at the server", async () => {
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const server = createServer((_, response) => {
    response.on("close", () => left.resolve());
    asked.resolve();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  await using world = await createWorld();
  await using at = where(world, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` });
  const warming = warmUp(at, prefix);
  await asked.promise;
  warming.cancel();
  assert.equal(await warming.ended, "cancelled");
  await left.promise;
  server.close();
  const [result] = await world.recorded("exposure.result");
  assert.equal(result?.["outcome"], "cancelled");
});

test("a warm-up that was cancelled before it left is not sent", async () => {
  await using world = await createWorld();
  await using at = where(world);
  const warming = warmUp(at, prefix);
  warming.cancel();
  assert.equal(await warming.ended, "cancelled");
  assert.deepEqual(world.sent(), []);
});

test("what the endpoint may not see is not shown for warmth either, and a server that is not there harms nobody", async () => {
  await using world = await createWorld({ label: "restricted" });
  await using at = where(world, { clearance: "public" });
  assert.equal(await warmUp(at, prefix).ended, "refused");
  assert.deepEqual(world.sent(), []);
  await using gone = where(world, { url: "http://127.0.0.1:1/v1" });
  assert.equal(await warmUp(gone, prefix).ended, "failed");
  assert.deepEqual(world.troubles, []);
});

test("a keeper warms up when it opens, and the session goes on whatever became of it", async () => {
  await using world = await createWorld({ warmUp: prefix });
  const [result] = await world.recorded("exposure.result");
  assert.equal(result?.["outcome"], "answered");
  assert.equal((await world.ask(request(prompt, user("hi")))).at(-1)?.kind, "end");
  assert.equal(world.sent().length, 2);

  const asked = Promise.withResolvers<void>();
  const server = createServer((received, response) => {
    received.resume();
    if (received.url?.endsWith("/chat/completions") === true) asked.resolve();
    response.on("close", () => asked.resolve());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  await using slow = await createWorld({ warmUp: prefix, url });
  await asked.promise;
  const stop = new AbortController();
  const asking = slow.ask(request(prompt, user("hi")), stop.signal);
  const [cancelled] = await slow.recorded("exposure.result");
  assert.equal(cancelled?.["outcome"], "cancelled");
  stop.abort();
  assert.equal((await asking).at(-1)?.kind, "failed");
  server.closeAllConnections();
  server.close();
});

test("by default only servers on this machine that keep a prefix are warmed", () => {
  const endpoint = { operator: "this machine", server: "llama.cpp" } as Endpoint;
  assert.equal(warmsByDefault(endpoint), true);
  assert.equal(warmsByDefault({ ...endpoint, operator: "llm.test" }), false);
  assert.equal(warmsByDefault({ ...endpoint, server: "rehearsal" }), false);
  assert.equal(warmsByDefault({ ...endpoint, server: "unknown" }), false);
});

function where(
  { session, rehearsal }: World,
  more: Partial<Endpoint> = {},
): Parameters<typeof warmUp>[0] & AsyncDisposable {
  const url = more.url ?? rehearsal.url;
  const backend = createBackend({ baseUrl: url, clock: systemClock });
  const endpoint: Endpoint = {
    id: "home",
    protocol: chatProtocol,
    clearance: "core",
    operator: "this machine",
    ...more,
    url,
    backend,
  };
  return { session, endpoint, route, [Symbol.asyncDispose]: () => backend.close() };
}

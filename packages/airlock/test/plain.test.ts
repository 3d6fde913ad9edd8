/** Embeddings, completions and the list of models, over HTTP. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock, type JsonObject } from "@cloister/base";
import { messagesProtocol } from "@cloister/wire";
import { createServerWorld, sendJson } from "./server-world.ts";

const key = "AK" + "IA" + "Q3EGRIXMPLU7V2WZ";
const vector = '{"object":"list",  "data":[{"embedding":[0.25,1e-3],"index":0}],"model":"m"}\n';

test("embeddings: sealed, recorded before they leave, and the answer comes back as it was, byte for byte", async () => {
  await using world = await createServerWorld([
    {
      play: async (_, response) => {
        intentsAtArrival = (await world.entries("exposure.intent")).length;
        response.writeHead(200, { "content-type": "application/json" }).end(vector);
      },
    },
  ]);
  let intentsAtArrival = 0;
  const response = await world.post("/v1/embeddings", {
    model: "m",
    input: ["text", `id = ${key}`],
    dimensions: 2,
  });
  assert.equal(await response.text(), vector);
  assert.equal(intentsAtArrival, 1);
  const [sent] = world.received;
  assert.equal(sent?.path, "/v1/embeddings");
  assert.equal(sent.text.includes(key), false);
  const input = sent.body["input"] as string[];
  assert.equal(input[0], "text");
  assert.match(input[1] ?? "", /^id = \S+$/);
  assert.deepEqual([sent.body["model"], sent.body["dimensions"]], ["m", 2]);
  const [intent] = await world.entries("exposure.intent");
  assert.equal(intent?.["purpose"], "embeddings");
  assert.equal(intent["bytes"], sent.text.length);
  assert.equal(world.contents(intent), sent.text.slice(0, -1));
  const [result] = await world.recorded("exposure.result");
  assert.deepEqual(
    [result?.["outcome"], result?.["status"], result?.["bytesIn"]],
    ["answered", 200, vector.length],
  );
  assert.equal(JSON.stringify(await world.entries()).includes(key), false);
});

test("token ids pass as they are, and the same secret has the same placeholder in the next batch", async () => {
  await using world = await createServerWorld([{ play: (_, response) => void response.end(vector) }]);
  await world.post("/v1/embeddings", { model: "m", input: [[1, 2], [3]] });
  await world.post("/v1/embeddings", { model: "m", input: key });
  await world.post("/v1/embeddings", { model: "m", input: key });
  const [ids, one, two] = world.received.map(({ body }) => body["input"]);
  assert.deepEqual(ids, [[1, 2], [3]]);
  assert.equal(one, two);
  assert.notEqual(one, key);
});

test("a streamed completion arrives piece by piece; its control tokens and placeholders are left alone", async () => {
  const release = Promise.withResolvers<void>();
  await using world = await createServerWorld([
    {
      play: async ({ body }, response) => {
        const [, placeholder] = /key ([^\s"\\]+)/.exec(JSON.stringify(body["prompt"])) ?? [];
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(`data: {"choices":[{"text":"${placeholder}"}]}\n\n`);
        await release.promise;
        response.end("data: [DONE]\n\n");
      },
    },
  ]);
  const prompt = `<|fim_prefix|>key ${key}\n<|fim_suffix|>`;
  const response = await world.post("/v1/completions", { model: "m", prompt, suffix: "end", stream: true });
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const first = Buffer.from((await reader.read()).value ?? []).toString();
  release.resolve();
  const sent = world.received[0]?.body["prompt"];
  assert.ok(typeof sent === "string");
  assert.match(sent, /^<\|fim_prefix\|>key (\S+)\n<\|fim_suffix\|>$/);
  assert.equal(sent.includes(key), false);
  assert.equal(first.includes(key), false);
  assert.ok(first.includes(/key (\S+)/.exec(sent)?.[1] ?? "nothing"));
  const rest = Buffer.from((await reader.read()).value ?? []).toString();
  assert.equal(rest, "data: [DONE]\n\n");
});

test("what the endpoint is not cleared for does not leave, in the envelope of the API, and the refusal is recorded", async () => {
  await using world = await createServerWorld([
    { clearance: "public", play: (_, response) => void response.end() },
  ]);
  for (const [path, field] of [
    ["/v1/embeddings", "input"],
    ["/v1/completions", "prompt"],
  ] as const) {
    const response = await world.post(path, { model: "m", [field]: "x" });
    assert.equal(response.status, 403);
    const { error } = (await response.json()) as { error: JsonObject };
    assert.equal(error["rule"], "label-within-clearance");
  }
  assert.deepEqual(world.received, []);
  assert.equal((await world.recorded("decision", 2)).length, 2);
  assert.deepEqual(await world.entries("exposure.intent"), []);
});

test("what cannot be recorded is not sent", async () => {
  await using world = await createServerWorld([{ play: (_, response) => void response.end(vector) }], {
    wrapLedger: (ledger) => ({
      ...ledger,
      append: (entry) =>
        entry.type === "exposure.intent" ? Promise.reject(new Error("no space left")) : ledger.append(entry),
    }),
  });
  const response = await world.post("/v1/embeddings", { model: "m", input: "x" });
  assert.equal(response.status, 403);
  assert.match(await response.text(), /record-before-dispatch/);
  assert.deepEqual(world.received, []);
});

test("a server without the route says so clearly; one without the model says that", async () => {
  let status = 404;
  let message = "File Not Found";
  await using world = await createServerWorld([
    { play: (_, response) => sendJson(response, { error: { message } }, status) },
  ]);
  const ask = async (): Promise<{ status: number; error: JsonObject }> => {
    const response = await world.post("/v1/embeddings", { model: "m", input: "x" });
    return { status: response.status, error: ((await response.json()) as { error: JsonObject }).error };
  };
  const none = await ask();
  assert.equal(none.status, 404);
  assert.equal(none.error["code"], "no-such-route");
  assert.match(JSON.stringify(none.error), /no \/v1\/embeddings/);
  status = 501;
  message = "This server does not support embeddings";
  assert.equal((await ask()).error["code"], "no-such-route");
  status = 404;
  message = 'model "m" not found, try pulling it first';
  assert.equal((await ask()).error["code"], "model_not_found");
  status = 429;
  assert.equal((await ask()).status, 429);
  const outcomes = (await world.recorded("exposure.result", 4)).map(({ outcome }) => outcome);
  assert.deepEqual(
    outcomes,
    Array.from({ length: 4 }, () => "refused-by-server"),
  );
});

test("an endpoint of another protocol has no such route, and hears nothing", async () => {
  await using world = await createServerWorld([
    { protocol: messagesProtocol, play: (_, response) => void response.end() },
  ]);
  const response = await world.post("/v1/embeddings", { model: "m", input: "x" });
  assert.equal(response.status, 501);
  assert.match(await response.text(), /messages protocol, which has no \/v1\/embeddings/);
  assert.deepEqual(world.received, []);
});

test("a server that goes away in the middle is on record, and the client's connection breaks off", async () => {
  await using world = await createServerWorld([
    {
      play: async (_, response) => {
        response.writeHead(200, { "content-length": "100" }).write("half");
        await systemClock.sleep(20);
        response.destroy();
      },
    },
  ]);
  const response = await world.post("/v1/embeddings", { model: "m", input: "x" });
  await assert.rejects(response.text());
  const [result] = await world.recorded("exposure.result");
  assert.equal(result?.["outcome"], "failed");
});

test("a name of nothing, no model and no object are refused", async () => {
  await using world = await createServerWorld([{ play: (_, response) => void response.end() }]);
  assert.equal((await world.post("/v1/embeddings", { model: "other", input: "x" })).status, 404);
  assert.equal((await world.post("/v1/embeddings", { input: "x" })).status, 400);
  assert.equal((await world.post("/v1/completions", [])).status, 400);
});

test("models that may not be shown anything from here are not offered, in a list or by name", async () => {
  await using world = await createServerWorld([
    { name: "home", models: ["a", "b/c"], play: (_, response) => void response.end() },
    { name: "cloud", models: ["a"], clearance: "public", play: (_, response) => void response.end() },
  ]);
  const list = (await (await world.get("/v1/models")).json()) as { data: { id: string }[] };
  assert.deepEqual(
    list.data.map(({ id }) => id),
    ["home/a", "home/b/c"],
  );
  for (const path of ["home/a", "home/b/c", "home%2Fb%2Fc"]) {
    const response = await world.get(`/v1/models/${path}`);
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as JsonObject)["id"], decodeURIComponent(path));
  }
  const anthropic = await world.get("/v1/models/home%2Fa", { "anthropic-version": "2023-06-01" });
  assert.equal(((await anthropic.json()) as JsonObject)["type"], "model");
  for (const path of ["cloud/a", "nothing", "%E4%"]) {
    const response = await world.get(`/v1/models/${path}`);
    assert.equal(response.status, 404);
    assert.match(await response.text(), /model_not_found/);
  }
});

test("with a public workspace all are offered", async () => {
  await using world = await createServerWorld(
    [{ name: "cloud", models: ["a"], clearance: "public", play: (_, response) => void response.end() }],
    { label: "public" },
  );
  const list = (await (await world.get("/v1/models")).json()) as { data: { id: string }[] };
  assert.deepEqual(
    list.data.map(({ id }) => id),
    ["a"],
  );
});

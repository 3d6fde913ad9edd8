/** POST /v1/messages/count_tokens: by the server where it may be asked, else by estimate, never without an answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { messagesProtocol } from "@cloister/wire";
import {
  chatAnswer,
  createServerWorld,
  messagesAnswer,
  sendJson,
  type ServerWorld,
  type Upstream,
} from "./server-world.ts";

const key = "AK" + "IA" + "Q3EGRIXMPLU7V2WZ";
const count = { model: "m", system: "Be brief.", messages: [{ role: "user", content: `key ${key}` }] };

test("a Messages server counts itself, and what it is shown for that is sealed and on record first", async () => {
  let intents: JsonObject[] = [];
  await using world = await createServerWorld([
    {
      protocol: messagesProtocol,
      play: async (_, response) => {
        intents = await world.entries("exposure.intent");
        sendJson(response, { input_tokens: 42 });
      },
    },
  ]);
  const { tokens, isEstimate } = await ask(world);
  assert.deepEqual([tokens, isEstimate], [42, false]);
  assert.equal(world.received[0]?.path, "/v1/messages/count_tokens");
  assert.equal(world.received[0].text.includes(key), false);
  assert.equal(intents[0]?.["purpose"], "count");
  assert.ok(world.contents(intents[0]).includes("Be brief."));
  const [result] = await world.recorded("exposure.result");
  assert.equal(result?.["outcome"], "answered");
});

test("vLLM and SGLang are asked by /tokenize beside /v1, in their own protocol", async () => {
  for (const server of ["vllm", "sglang"] as const) {
    await using world = await createServerWorld([
      { server, play: (_, response) => sendJson(response, { count: 7, max_model_len: 10, tokens: [1] }) },
    ]);
    assert.deepEqual(await ask(world), { tokens: 7, isEstimate: false });
    const [sent] = world.received;
    assert.equal(sent?.path, "/tokenize");
    const roles = (sent.body["messages"] as JsonObject[]).map(({ role }) => role);
    assert.deepEqual(roles, ["system", "user"]);
  }
});

test("llama.cpp counts a Chat request; an older one fills the template and counts that, on record too", async () => {
  let isOld = false;
  await using world = await createServerWorld([
    {
      server: "llama.cpp",
      play: ({ path, body }, response) => {
        const isThere = path !== "/v1/chat/completions/input_tokens" || !isOld;
        if (!isThere) return sendJson(response, { error: { message: "File Not Found" } }, 404);
        if (path === "/apply-template") return sendJson(response, { prompt: "<|user|>hi" });
        const tokens = body["content"] === "<|user|>hi" ? [1, 2, 3] : [];
        return sendJson(response, path === "/tokenize" ? { tokens } : { input_tokens: 5 });
      },
    },
  ]);
  assert.deepEqual(await ask(world), { tokens: 5, isEstimate: false });
  isOld = true;
  assert.deepEqual(await ask(world), { tokens: 3, isEstimate: false });
  const [contact] = await world.entries("contact");
  assert.deepEqual([contact?.["method"], contact?.["path"]], ["POST", "/tokenize"]);
});

test("a server that is not cleared is not asked, and the client has an estimate all the same", async () => {
  await using world = await createServerWorld([
    { server: "vllm", clearance: "public", play: (_, response) => sendJson(response, { count: 7 }) },
  ]);
  const { tokens, isEstimate } = await ask(world);
  assert.ok(isEstimate && tokens > 0);
  assert.deepEqual(world.received, []);
});

test("what cannot be recorded is not shown for counting either", async () => {
  await using world = await createServerWorld(
    [{ server: "vllm", play: (_, response) => sendJson(response, { count: 7 }) }],
    {
      wrapLedger: (ledger) => ({
        ...ledger,
        append: (entry) =>
          entry.type === "exposure.intent"
            ? Promise.reject(new Error("no space left"))
            : ledger.append(entry),
      }),
    },
  );
  assert.ok((await ask(world)).isEstimate);
  assert.deepEqual(world.received, []);
});

test("a server that fails, answers nonsense or is slow is replaced by the estimate, and left alone for a while", async () => {
  const plays: ((response: Parameters<typeof sendJson>[0]) => void | Promise<void>)[] = [
    (response) => sendJson(response, { error: { message: "no" } }, 500),
    (response) => sendJson(response, { count: -1 }),
    (response) => void response.end("<html>"),
    (response) => void response.destroy(),
    // Never, so whoever waited for it would not come back.
    () => new Promise(() => {}),
  ];
  for (const play of plays) {
    const slow = play === plays.at(-1) ? { countWaitMsMax: 300 } : {};
    await using world = await createServerWorld(
      [{ server: "vllm", play: (_, response) => play(response) }],
      slow,
    );
    assert.ok((await ask(world)).isEstimate);
    assert.ok((await ask(world)).isEstimate);
    assert.equal(world.received.length, 1);
    const [result] = await world.recorded("exposure.result");
    assert.notEqual(result?.["outcome"], "answered");
  }
});

test("a server that was too slow for a long prompt is still asked about a short one", async () => {
  // The short one is answered at once, which on a busy machine takes a while; the long one never.
  const slow = { countWaitMsMax: 3000 };
  const upstream: Upstream = {
    server: "vllm",
    play: ({ text }, response) => {
      if (text.length <= 10_000) sendJson(response, { count: 7 });
    },
  };
  await using world = await createServerWorld([upstream], slow);
  const long = { ...count, messages: [{ role: "user", content: "word ".repeat(4000) }] };
  assert.ok((await ask(world, long)).isEstimate);
  assert.equal((await ask(world)).isEstimate, false);
  assert.ok((await ask(world, long)).isEstimate);
  assert.equal(world.received.length, 2);
});

test("an estimate learns from what the server counted for the requests before", async () => {
  const content = "The quick brown fox jumps over the lazy dog. ".repeat(200);
  await using world = await createServerWorld([
    { play: (_, response) => sendJson(response, chatAnswer("ok", 5000)) },
  ]);
  const messages = [{ role: "user", content }];
  const before = await ask(world, { model: "m", messages });
  assert.equal(before.isEstimate, true);
  await world.post("/v1/messages", { model: "m", max_tokens: 5, messages });
  await world.recorded("exposure.result");
  const { tokens } = await ask(world, { model: "m", messages });
  assert.ok(Math.abs(tokens - 5000) < 100, `${tokens}, before ${before.tokens}`);
});

test("counting within a conversation uses its placeholders, and leaves its bytes alone", async () => {
  await using world = await createServerWorld([
    {
      protocol: messagesProtocol,
      play: ({ path }, response) =>
        sendJson(response, path.endsWith("count_tokens") ? { input_tokens: 3 } : messagesAnswer("ok")),
    },
  ]);
  const headers = { "x-claude-code-session-id": "one" };
  const say = (...messages: JsonObject[]): Promise<unknown> =>
    world
      .post("/v1/messages", { model: "m", max_tokens: 5, messages }, headers)
      .then((response) => response.text());
  const user = { role: "user", content: `key ${key}` };
  await say(user);
  await ask(world, { model: "m", messages: [user, { role: "assistant", content: "ok" }] }, headers);
  await say(user, { role: "assistant", content: "ok" }, { role: "user", content: "go" });
  const [first, counted, second] = world.received.map(({ body }) => (body["messages"] as JsonObject[])[0]);
  assert.deepEqual(counted, first);
  assert.deepEqual(second, first);
  const sessions = new Set((await world.entries("exposure.intent")).map(({ session }) => session));
  assert.equal(sessions.size, 1);
  const [, intent] = await world.entries("exposure.intent");
  assert.equal(intent?.["known"], 1);
});

test("what is no request is told so, in the words of the protocol", async () => {
  await using world = await createServerWorld([{ play: (_, response) => sendJson(response, {}) }]);
  const response = await world.post("/v1/messages/count_tokens", { model: "m" });
  assert.equal(response.status, 400);
  assert.equal(((await response.json()) as JsonObject)["type"], "error");
});

async function ask(
  world: ServerWorld,
  body: JsonObject = count,
  headers = {},
): Promise<{ tokens: number; isEstimate: boolean }> {
  const response = await world.post("/v1/messages/count_tokens", body, headers);
  assert.equal(response.status, 200);
  const { input_tokens: tokens } = (await response.json()) as { input_tokens: number };
  return { tokens, isEstimate: response.headers.get("x-cloister-estimate") === "1" };
}

/** How far the server is with the prompt: asked only of those who know, and told only to our own agent. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { startLlamaServer, type LlamaServer, type LlamaServerOptions } from "@cloister/fakes";
import type { JsonObject } from "@cloister/base";
import type { AnswerEvent } from "@cloister/wire";
import { createServerWorld } from "./server-world.ts";
import { createWorld, request, user, type WorldOptions } from "./world.ts";

const usage = { promptTokens: 31_000, completionTokens: 2 };

async function answered(
  options: WorldOptions & { readonly llama?: LlamaServerOptions },
): Promise<{ events: AnswerEvent[]; body: Record<string, unknown>; entries: string }> {
  const server = await startLlamaServer(options.llama);
  await using world = await createWorld({ url: server.url, ...options });
  const [events, body] = await Promise.all([world.ask(request(user("hi"))), playOnce(server)]);
  await world.recorded("exposure.result");
  const entries = JSON.stringify(await world.entries());
  await server.close();
  return { events, body, entries };
}

async function playOnce(server: LlamaServer): Promise<Record<string, unknown>> {
  const answer = await server.next();
  answer.reads({ read: 4000, total: 31_000, cached: 4000, ms: 0 });
  answer.reads({ read: 12_400, total: 31_000, cached: 4000, ms: 11_000 });
  answer.says("Hello");
  answer.says(" there");
  answer.ends(usage);
  return answer.body;
}

test("a llama.cpp server is asked for its progress, and the agent is told it before the first word", async () => {
  const { events, body } = await answered({ server: "llama.cpp" });
  assert.equal(body.return_progress, true);
  assert.deepEqual(events.slice(0, 2), [
    { kind: "reading", total: 31_000, cached: 4000, read: 4000, ms: 0 },
    { kind: "reading", total: 31_000, cached: 4000, read: 12_400, ms: 11_000 },
  ]);
  assert.equal(events.at(-1)?.kind, "end");
  assert.equal(events.map((event) => (event.kind === "text" ? event.text : "")).join(""), "Hello there");
});

test("the question is a field like others: it stands before the conversation, whose bytes go on as they were", async () => {
  const server = await startLlamaServer();
  await using world = await createWorld({ url: server.url, server: "llama.cpp" });
  const bodies: string[] = [];
  const said = { role: "assistant", content: "a" };
  const talks: JsonObject[][] = [[user("hi")], [user("hi"), said, user("go on")]];
  for (const messages of talks) {
    const [, body] = await Promise.all([world.ask(request(...messages)), playOnce(server)]);
    bodies.push(JSON.stringify(body));
  }
  const [first = "", second = ""] = bodies;
  assert.equal(second.slice(0, first.length - "]}".length), first.slice(0, -"]}".length));
  assert.ok(first.indexOf("return_progress") < first.indexOf('"messages"'));
  await server.close();
});

test("no other server is asked: one that would refuse the field answers", async () => {
  for (const server of ["vllm", "sglang", "ollama", "lmstudio", "unknown", undefined] as const) {
    const { events, body } = await answered({
      ...(server === undefined ? {} : { server }),
      llama: { owner: "somebody" },
    });
    assert.equal("return_progress" in body, false, String(server));
    assert.equal(events.at(-1)?.kind, "end", String(server));
  }
});

test("of a client that is not ours nothing is asked, and it is told nothing, not even what comes unasked", async () => {
  const { body, events } = await answered({ server: "llama.cpp", evidence: "claimed" });
  assert.equal("return_progress" in body, false);
  assert.deepEqual(new Set(events.map(({ kind }) => kind)), new Set(["text", "end"]));

  const chunk = { id: "a", model: "m", object: "chat.completion.chunk", created: 1 };
  const progress = { total: 9, cache: 0, processed: 4, time_ms: 1 };
  const choice = (delta: object, finish: string | null = null): object => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const chunks = [
    { ...chunk, ...choice({ role: "assistant", content: null }), prompt_progress: progress },
    { ...chunk, ...choice({ content: "Hi" }), prompt_progress: progress },
    { ...chunk, ...choice({ content: " you" }) },
    { ...chunk, ...choice({}, "stop") },
  ];
  const play = (_: unknown, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const each of [...chunks.map((one) => JSON.stringify(one)), "[DONE]"]) {
      response.write(`data: ${each}\n\n`);
    }
    response.end();
  };
  await using world = await createServerWorld([{ server: "llama.cpp", play }]);
  for (const path of ["/v1/chat/completions", "/v1/responses", "/v1/messages"]) {
    const items = { messages: [user("hi")], input: "hi" };
    const said = await (await world.post(path, { model: "m", stream: true, max_tokens: 9, ...items })).text();
    assert.match(said, /Hi/, path);
    assert.doesNotMatch(said, /prompt_progress|cloister-reading|"processed"/, path);
  }
  assert.ok(world.received.every(({ text }) => !text.includes("return_progress")));
});

test("what does not add up is no progress, and spoils nothing", async () => {
  const server = await startLlamaServer();
  await using world = await createWorld({ url: server.url, server: "llama.cpp" });
  const play = async (): Promise<void> => {
    const answer = await server.next();
    answer.reads({ read: 5, total: 4, ms: 1 });
    answer.reads({ read: -1, total: 4, ms: 1 });
    answer.reads({ read: 1, total: 0, ms: 1 });
    answer.reads({ read: Number.NaN, total: 4, ms: 1 });
    answer.says("Hi");
    answer.ends(usage);
  };
  const [events] = await Promise.all([world.ask(request(user("hi"))), play()]);
  assert.equal(
    events.some(({ kind }) => kind === "reading"),
    false,
  );
  assert.equal(events.at(-1)?.kind, "end");
  await server.close();
});

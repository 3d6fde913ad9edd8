// The engine server itself, with a model of our own in it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRecord } from "@cloister/base";
import { buildTinyModel } from "@cloister/fakes";
import { startEngine } from "./engine-server.ts";
import type { TinyScript } from "@cloister/fakes";
import type { EngineServer } from "./engine-server.ts";

const READ = { name: "Read", arguments: { file_path: "src/add.ts", note: 'ünï — 中文 " \\ \n' } };
const script: TinyScript = {
  turns: [
    { reasoning: "I should look at the file first.", text: "Let me read 文件.", toolCalls: [READ] },
    { text: "Fixed: `add` subtracted. The tests pass now." },
    { raw: '<tool_call>\n{"name": "Read", "arguments": {"file_path": ' },
  ],
  rules: [{ when: "make a title", turn: { text: "Repairing add" } }],
};
const tools = [{ type: "function", function: { name: "Read", parameters: { type: "object" } } }];
// Long, so that the share of a prompt that is reused can be told from the share that is new.
const system = { role: "system", content: "You are a coding agent that works with tools. ".repeat(40) };
const question = { role: "user", content: "Why does add fail?" };

let scripted: EngineServer;
let endless: EngineServer;

before(async () => {
  scripted = await startEngine({ gguf: buildTinyModel({ script }).gguf, contextSize: 8192 });
  endless = await startEngine({ gguf: buildTinyModel({ meanTokens: Infinity }).gguf, contextSize: 1024 });
});

after(async () => {
  await scripted.close();
  await endless.close();
});

test("every route says that the model is loading until it is", async () => {
  const server = await startEngine({ gguf: buildTinyModel().gguf, contextSize: 512 });
  try {
    for (const path of ["/health", "/v1/models"]) {
      const response = await fetch(server.url + path);
      assert.equal(response.status, 503);
      assert.deepEqual(await response.json(), {
        error: { message: "Loading model", type: "unavailable_error", code: 503 },
      });
    }
    await server.ready;
    const response = await fetch(`${server.url}/health`);
    assert.deepEqual([response.status, await response.json()], [200, { status: "ok" }]);
  } finally {
    await server.close();
  }
});

test("a bad model file fails the loading, and the server still closes", async () => {
  const server = await startEngine({ gguf: Buffer.from("not a model"), contextSize: 512 });
  await assert.rejects(server.ready);
  await server.close();
});

test("the script comes through a stream exactly, and the second turn reuses the first prompt", async () => {
  await scripted.ready;
  const first = await stream(scripted, { messages: [system, question], tools });
  assert.equal(first.reasoning, "I should look at the file first.\n");
  assert.equal(first.content, "Let me read 文件.\n");
  assert.deepEqual(
    first.calls.map(({ name }) => name),
    ["Read"],
  );
  assert.deepEqual(JSON.parse(first.calls[0]?.arguments ?? ""), READ.arguments);
  assert.equal(first.finishReason, "tool_calls");

  const call = { id: first.calls[0]?.id, type: "function", function: first.calls[0] };
  const assistant = { role: "assistant", content: first.content, tool_calls: [call] };
  const result = { role: "tool", tool_call_id: call.id, content: "export const add = (a, b) => a - b;" };
  const second = await stream(scripted, { messages: [system, question, assistant, result], tools });
  assert.equal(second.content, "Fixed: `add` subtracted. The tests pass now.");
  assert.equal(second.finishReason, "stop");
  const reused = second.usage.cached / first.usage.prompt;
  assert.ok(reused >= 0.95, `${second.usage.cached} of ${first.usage.prompt} prompt tokens reused`);
  assert.ok(second.usage.prompt > first.usage.prompt);
});

test("an answer in one piece says the same as a stream", async () => {
  await scripted.ready;
  const response = await post(scripted, { messages: [system, question], tools, temperature: 1.5 });
  const body = record(await response.json());
  const choice = record(list(body["choices"])[0]);
  const message = record(choice["message"]);
  assert.equal(message["content"], "Let me read 文件.\n");
  assert.equal(message["reasoning_content"], "I should look at the file first.\n");
  const call = record(record(list(message["tool_calls"])[0])["function"]);
  assert.deepEqual(JSON.parse(String(call["arguments"])), READ.arguments);
  assert.equal(choice["finish_reason"], "tool_calls");
  const usage = record(body["usage"]);
  assert.equal(usage["total_tokens"], Number(usage["prompt_tokens"]) + Number(usage["completion_tokens"]));
});

test("the same request again is answered from the cache but for its last token", async () => {
  await scripted.ready;
  const body = { messages: [system, { role: "user", content: "please make a title" }] };
  const first = await stream(scripted, body);
  const again = await stream(scripted, body);
  assert.deepEqual([first.content, first.finishReason], ["Repairing add", "stop"]);
  assert.equal(again.content, first.content);
  assert.equal(again.usage.cached, again.usage.prompt - 1);
});

test("a call that is not closed stays text", async () => {
  await scripted.ready;
  const said = { role: "assistant", content: "x" };
  const answer = await stream(scripted, { messages: [question, said, question, said, question] });
  assert.equal(answer.content, '<tool_call>\n{"name": "Read", "arguments": {"file_path": ');
  assert.deepEqual([answer.calls, answer.finishReason], [[], "stop"]);
});

test("a length limit ends with its own reason", async () => {
  await scripted.ready;
  const answer = await stream(scripted, { messages: [system, question], max_tokens: 3 });
  assert.deepEqual([answer.finishReason, answer.usage.completion], ["length", 3]);
});

test("a full context ends with the same reason", async () => {
  await endless.ready;
  const { usage, finishReason } = await stream(endless, { messages: [question] });
  assert.equal(finishReason, "length");
  assert.equal(usage.prompt + usage.completion, await contextOf(endless));
});

test("a prompt beyond the context is refused before any byte of an answer", async () => {
  await endless.ready;
  const messages = [{ role: "user", content: "0123456789 ".repeat(500) }];
  const response = await post(endless, { messages, stream: true });
  const error = record(record(await response.json())["error"]);
  assert.equal(response.status, 400);
  assert.equal(error["type"], "exceed_context_size_error");
  assert.equal(error["n_ctx"], await contextOf(endless));
  assert.ok(Number(error["n_prompt_tokens"]) > 1024);
});

test("a disconnect stops the generation and lets the next request in", async () => {
  await endless.ready;
  const first = new AbortController();
  const response = await post(endless, { messages: [question], stream: true }, first.signal);
  const reader = response.body?.getReader();
  await reader?.read();
  const second = new AbortController();
  const next = post(endless, { messages: [question], stream: true, max_tokens: 5 }, second.signal);
  await until(() => endless.waiting === 1);
  assert.equal(endless.generating, 1);
  first.abort();
  assert.equal((await next).status, 200);
  assert.match(await (await next).text(), /\[DONE\]\n\n$/);
  await until(() => endless.generating === 0);
});

test("a request that went away while it waited takes no turn", async () => {
  await endless.ready;
  const first = new AbortController();
  await post(endless, { messages: [question], stream: true }, first.signal);
  const second = new AbortController();
  const next = assert.rejects(post(endless, { messages: [question] }, second.signal));
  await until(() => endless.waiting === 1);
  second.abort();
  await next;
  await until(() => endless.waiting === 0);
  first.abort();
  await until(() => endless.generating === 0);
});

test("a request without messages is refused", async () => {
  await scripted.ready;
  assert.equal((await post(scripted, {})).status, 400);
  assert.equal((await fetch(`${scripted.url}/v1/nothing`)).status, 404);
});

interface Streamed {
  content: string;
  reasoning: string;
  readonly calls: { id: string; name: string; arguments: string }[];
  finishReason: unknown;
  readonly usage: { prompt: number; completion: number; cached: number };
}

function post(server: EngineServer, body: object, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify(body), signal });
}

/** The parts of a streamed answer put together again; its order is checked on the way. */
async function stream(server: EngineServer, body: object): Promise<Streamed> {
  const response = await post(server, { ...body, stream: true, stream_options: { include_usage: true } });
  const frames = (await response.text()).split("\n\n");
  assert.deepEqual(frames.splice(-2), ["data: [DONE]", ""]);
  const chunks = frames.map((frame) => record(JSON.parse(frame.replace(/^data: /, ""))));
  const usage = record(chunks.pop()?.["usage"]);
  const whole: Streamed = {
    content: "",
    reasoning: "",
    calls: [],
    finishReason: undefined,
    usage: {
      prompt: Number(usage["prompt_tokens"]),
      completion: Number(usage["completion_tokens"]),
      cached: Number(record(usage["prompt_tokens_details"])["cached_tokens"]),
    },
  };
  const choices = chunks.map((chunk) => record(list(chunk["choices"])[0]));
  assert.deepEqual(choices[0]?.["delta"], { role: "assistant", content: null });
  for (const { delta, finish_reason } of choices.slice(1)) addDelta(whole, record(delta), finish_reason);
  return whole;
}

function addDelta(whole: Streamed, delta: Record<string, unknown>, finishReason: unknown): void {
  assert.equal(whole.finishReason, undefined, "nothing comes after the finish reason");
  whole.finishReason = finishReason ?? undefined;
  whole.content += typeof delta["content"] === "string" ? delta["content"] : "";
  whole.reasoning += typeof delta["reasoning_content"] === "string" ? delta["reasoning_content"] : "";
  for (const part of list(delta["tool_calls"] ?? []).map(record)) {
    const { name, arguments: args } = record(part["function"]);
    if (typeof name === "string") whole.calls.push({ id: String(part["id"]), name, arguments: "" });
    const call = whole.calls[Number(part["index"])];
    assert.ok(call !== undefined, "a call begins with its name");
    call.arguments += String(args);
  }
}

async function contextOf(server: EngineServer): Promise<number> {
  const body = record(await (await fetch(`${server.url}/v1/models`)).json());
  return Number(record(record(list(body["data"])[0])["meta"])["n_ctx"]);
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    assert.ok(tries < 12_000, "waited for too long");
    await sleep(5);
  }
}

function record(value: unknown): Record<string, unknown> {
  assert.ok(isRecord(value), `not an object: ${JSON.stringify(value)}`);
  return value;
}

function list(value: unknown): unknown[] {
  assert.ok(Array.isArray(value), `not a list: ${JSON.stringify(value)}`);
  return value;
}

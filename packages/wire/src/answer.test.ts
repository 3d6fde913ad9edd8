import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer, type AnswerEvent } from "./index.ts";

test("text, reasoning, a call in fragments and the usage become events and one end", async () => {
  const events = await read([
    delta({ role: "assistant", content: null }),
    delta({ reasoning_content: "Hm." }),
    delta({ content: "Loo" }),
    delta({ content: "king." }),
    delta({
      tool_calls: [{ index: 0, id: "c1", type: "function", function: { name: "Read", arguments: "" } }],
    }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '{"file_' } }] }),
    delta({ tool_calls: [{ index: 0, function: { arguments: 'path":"a"}' } }] }),
    { choices: [{ delta: {}, finish_reason: "tool_calls" }] },
    {
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } },
    },
    "[DONE]",
  ]);
  assert.deepEqual(events, [
    { kind: "reasoning", text: "Hm." },
    { kind: "text", text: "Loo" },
    { kind: "text", text: "king." },
    {
      kind: "end",
      finish: "calls",
      calls: [{ id: "c1", name: "Read", arguments: '{"file_path":"a"}' }],
      usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 3 },
    },
  ]);
});

test("a stream that just stops is a failure, never an end", async () => {
  const events = await read([delta({ content: "half an ans" })]);
  assert.deepEqual(kinds(events), ["text", "failed"]);
});

test("a reset in the middle is a failure", async () => {
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from(`data: ${JSON.stringify(delta({ content: "x" }))}\n\n`);
    throw new Error("ECONNRESET");
  };
  const events = await Array.fromAsync(readAnswer(broken()));
  assert.deepEqual(kinds(events), ["text", "failed"]);
});

test("an error frame inside a stream with status 200 is a failure with the server's words", async () => {
  for (const frame of [
    { error: { message: "does not match" } },
    { object: "error", message: "does not match" },
    { error: "does not match" },
  ]) {
    const [event] = await read([frame]);
    assert.ok(event?.kind === "failed" && event.message === "does not match");
  }
});

test("BS-29: calls are told apart by id when a server gives every call the index 0", async () => {
  const calls = await callsOf([
    delta({ tool_calls: [{ index: 0, id: "a", function: { name: "Read", arguments: '{"n":1}' } }] }),
    delta({ tool_calls: [{ index: 0, id: "b", function: { name: "Read", arguments: '{"n":2}' } }] }),
  ]);
  assert.deepEqual(
    calls.map(({ id, arguments: text }) => [id, text]),
    [
      ["a", '{"n":1}'],
      ["b", '{"n":2}'],
    ],
  );
});

test("calls without ids are told apart by index, also when it counts from 1", async () => {
  const calls = await callsOf([
    delta({ tool_calls: [{ index: 1, function: { name: "Read", arguments: '{"n"' } }] }),
    delta({ tool_calls: [{ index: 1, id: null, function: { name: null, arguments: ":1}" } }] }),
    delta({ tool_calls: [{ index: 2, function: { name: "Read", arguments: '{"n":2}' } }] }),
  ]);
  assert.deepEqual(
    calls.map(({ arguments: text }) => text),
    ['{"n":1}', '{"n":2}'],
  );
  assert.equal(new Set(calls.map(({ id }) => id)).size, 2);
});

test("calls count, not the word: a stop with a call in it is a call", async () => {
  const events = await read([
    delta({ tool_calls: [{ index: 0, id: "a", function: { name: "Read", arguments: "{}" } }] }),
    { choices: [{ delta: {}, finish_reason: "stop" }] },
  ]);
  assert.ok(events[0]?.kind === "end" && events[0].finish === "calls");
});

async function callsOf(chunks: readonly object[]): Promise<Extract<AnswerEvent, { kind: "end" }>["calls"]> {
  const end = (await read([...chunks, { choices: [{ delta: {}, finish_reason: "tool_calls" }] }])).at(-1);
  assert.ok(end?.kind === "end");
  return end.calls;
}

function read(chunks: readonly (object | string)[]): Promise<AnswerEvent[]> {
  const text = chunks
    .map((chunk) => `data: ${typeof chunk === "string" ? chunk : JSON.stringify(chunk)}\n\n`)
    .join("");
  return Array.fromAsync(readAnswer(once(Buffer.from(text))));
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function delta(fields: object): object {
  return { choices: [{ index: 0, delta: fields, finish_reason: null }] };
}

function kinds(events: readonly AnswerEvent[]): string[] {
  return events.map(({ kind }) => kind);
}

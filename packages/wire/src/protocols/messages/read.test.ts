import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame, TurnEvent } from "../../turn.ts";
import { readMessagesStream, readMessagesWhole } from "./read.ts";

const start = {
  type: "message_start",
  message: { id: "msg_1", model: "m", content: [], usage: { input_tokens: 11, output_tokens: 1 } },
};
const textBlock = [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
  { type: "content_block_stop", index: 0 },
];
const toolStart = (index: number, id: string, input: object = {}): object => ({
  type: "content_block_start",
  index,
  content_block: { type: "tool_use", id, name: "Read", input },
});
const json = (index: number, partial_json: string): object => ({
  type: "content_block_delta",
  index,
  delta: { type: "input_json_delta", partial_json },
});
const stop = (index: number): object => ({ type: "content_block_stop", index });
const outcome = (stop_reason: string | null, more: object = {}): object => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null, ...more },
  usage: { output_tokens: 57 },
});
const over = { type: "message_stop" };

test("thinking, text, a call in pieces and the usage become events, the call whole and one end", async () => {
  const frames = await read([
    start,
    { type: "ping" },
    { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "abc" } },
    stop(0),
    { type: "content_block_start", index: 1, content_block: { type: "redacted_thinking", data: "zzz" } },
    stop(1),
    { type: "content_block_start", index: 2, content_block: { type: "text", text: "Lo" } },
    { type: "content_block_delta", index: 2, delta: { type: "text_delta", text: "ok." } },
    stop(2),
    toolStart(3, "t1"),
    json(3, ""),
    json(3, '{"file_'),
    json(3, 'path":"a"}'),
    stop(3),
    outcome("tool_use"),
    over,
  ]);
  assert.deepEqual(eventsOf(frames), [
    { kind: "start", id: "msg_1", model: "m" },
    { kind: "reasoning", text: "Hm." },
    { kind: "thought", token: "abc" },
    { kind: "thought", token: "zzz", hidden: true },
    { kind: "text", text: "Lo" },
    { kind: "text", text: "ok." },
    { kind: "call", call: { id: "t1", name: "Read", arguments: '{"file_path":"a"}' } },
    {
      kind: "end",
      finish: "calls",
      usage: { promptTokens: 11, cachedTokens: undefined, completionTokens: 57 },
    },
  ]);
  assert.deepEqual(
    frames.flatMap(({ fragment }, index) => (fragment ? [index] : [])),
    [11, 12, 13, 14, 15],
  );
});

test("every byte of the stream is in some frame, in order", async () => {
  const events = [start, ...textBlock, outcome("end_turn"), over];
  const frames = await read(events);
  assert.equal(Buffer.concat(frames.map(({ raw }) => raw)).toString(), streamOf(events));
});

test("blocks that are all closed at the end, as llama.cpp does, give whole calls in order", async () => {
  const frames = await read([
    start,
    toolStart(0, "a"),
    json(0, '{"n":1}'),
    { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "b", name: "Read" } },
    json(1, '{"n":'),
    json(1, "2}"),
    stop(0),
    stop(1),
    outcome("tool_use"),
    over,
  ]);
  assert.deepEqual(callsOf(frames), [
    ["a", '{"n":1}'],
    ["b", '{"n":2}'],
  ]);
});

test("T5: interleaved pieces go to their own calls", async () => {
  const frames = await read([
    start,
    toolStart(0, "a"),
    toolStart(1, "b"),
    json(1, '{"n":2'),
    json(0, '{"n":1'),
    json(1, "}"),
    json(0, "}"),
    outcome("tool_use"),
    over,
  ]);
  assert.deepEqual(callsOf(frames), [
    ["a", '{"n":1}'],
    ["b", '{"n":2}'],
  ]);
});

test("T6: input in the start of a block counts when no pieces follow, and lost pieces stay lost", async () => {
  const whole = await read([start, toolStart(0, "a", { n: 1 }), stop(0), outcome("tool_use"), over]);
  assert.deepEqual(callsOf(whole), [["a", '{"n":1}']]);
  const lost = await read([start, toolStart(0, "a"), stop(0), outcome("tool_use"), over]);
  assert.deepEqual(callsOf(lost), [["a", ""]]);
});

test("a call without an id gets one that is the same for the same answer", async () => {
  const events = [start, toolStart(0, ""), stop(0), toolStart(1, ""), stop(1), outcome("tool_use"), over];
  const [first, second] = [callsOf(await read(events)), callsOf(await read(events))];
  assert.deepEqual(first, second);
  assert.notEqual(first[0]?.[0], first[1]?.[0]);
});

test("pieces of a tool that the provider ran itself are no call", async () => {
  const frames = await read([
    start,
    {
      type: "content_block_start",
      index: 0,
      content_block: { type: "server_tool_use", id: "s", name: "web_search" },
    },
    json(0, '{"query":"x"}'),
    stop(0),
    outcome("end_turn"),
    over,
  ]);
  assert.deepEqual(kindsOf(frames), ["start", "end"]);
});

test("3.5: every reason to stop has its finish, and calls count more than the word", async () => {
  const reasons = {
    end_turn: "stop",
    stop_sequence: "stop",
    max_tokens: "length",
    model_context_window_exceeded: "length",
    tool_use: "calls",
    refusal: "filter",
    pause_turn: "stop",
    novel: "stop",
  };
  for (const [reason, finish] of Object.entries(reasons)) {
    assert.equal(endOf(await read([start, outcome(reason), over])).finish, finish, reason);
  }
  const called = await read([start, toolStart(0, "a"), stop(0), outcome("end_turn"), over]);
  assert.equal(endOf(called).finish, "calls");
  const cut = await read([start, toolStart(0, "a"), json(0, '{"n'), stop(0), outcome("max_tokens"), over]);
  assert.deepEqual([endOf(cut).finish, callsOf(cut)], ["length", [["a", '{"n']]]);
});

test("the sequence that stopped the answer is kept", async () => {
  const end = endOf(await read([start, outcome("stop_sequence", { stop_sequence: "END" }), over]));
  assert.equal(end.stopSequence, "END");
});

test("3.6: all input is the prompt, cached and written included, wherever it was said", async () => {
  const usage = { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 5 };
  const expected = { promptTokens: 115, cachedTokens: 100, completionTokens: 57 };
  const first = { ...start, message: { ...start.message, usage } };
  assert.deepEqual(endOf(await read([first, outcome("end_turn"), over])).usage, expected);
  // At the end again, as the vendor does; and zeros at the end, which say nothing.
  for (const last of [usage, { input_tokens: 0, cache_read_input_tokens: 0 }]) {
    const delta = {
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: { ...last, output_tokens: 57 },
    };
    assert.deepEqual(endOf(await read([first, delta, over])).usage, expected);
  }
  const late = {
    type: "message_delta",
    delta: { stop_reason: "end_turn" },
    usage: { ...usage, output_tokens: 57 },
  };
  assert.deepEqual(endOf(await read([start, late, over])).usage, expected);
});

test("T8: usage that follows the reason to stop is still counted", async () => {
  const usage = { type: "message_delta", delta: {}, usage: { output_tokens: 60 } };
  assert.equal(endOf(await read([start, outcome("end_turn"), usage, over])).usage?.completionTokens, 60);
});

test("a stream with a reason to stop and no last frame is whole, one without a reason is not", async () => {
  assert.deepEqual(kindsOf(await read([start, ...textBlock, outcome("end_turn")])), ["start", "text", "end"]);
  assert.deepEqual(kindsOf(await read([start, ...textBlock, outcome("end_turn"), "[DONE]"])), [
    "start",
    "text",
    "end",
  ]);
  for (const events of [
    [start, ...textBlock],
    [start, ...textBlock, over],
    [start, ...textBlock, "[DONE]"],
    [],
  ]) {
    assert.equal(kindsOf(await read(events)).at(-1), "failed");
  }
});

test("a call whose block was never closed does not come out of a stream that stopped", async () => {
  const frames = await read([start, toolStart(0, "a"), json(0, '{"n":1}')]);
  assert.deepEqual(kindsOf(frames), ["start", "failed"]);
});

test("an error frame is a failure with the server's words and status, in any shape", async () => {
  const shapes = [
    [{ type: "error", error: { type: "overloaded_error", message: "busy" } }, 529],
    [{ type: "error", error: { type: "rate_limit_error", message: "busy" } }, 429],
    [{ error: { message: "busy", code: 503 } }, 503],
    [{ object: "error", message: "busy" }, undefined],
  ] as const;
  for (const [shape, status] of shapes) {
    const events = eventsOf(await read([start, shape, outcome("end_turn"), over]));
    const failed = events.at(-1);
    assert.ok(failed?.kind === "failed" && failed.message === "busy", JSON.stringify(shape));
    assert.equal(failed.status, status);
    assert.equal(events.length, 2);
  }
  assert.equal(kindsOf(await read([{ type: "error" }])).at(-1), "failed");
});

test("what is not JSON, and a reset in the middle, are failures", async () => {
  assert.deepEqual(kindsOf(await read([start, "<html>"])), ["start", "failed"]);
  assert.deepEqual(kindsOf(await read([start, "[1]"])), ["start", "failed"]);
  const reset = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(streamOf([start, ...textBlock]));
    throw new Error("ECONNRESET");
  };
  const frames = await Array.fromAsync(readMessagesStream(reset()));
  assert.deepEqual(kindsOf(frames), ["start", "text", "failed"]);
  assert.equal(frames.at(-1)?.raw.length, 0);
});

test("a message that starts twice started once", async () => {
  assert.deepEqual(kindsOf(await read([start, start, outcome("end_turn"), over])), ["start", "end"]);
});

test("a frame that lets out a call whose block stayed open is never passed on as it came", async () => {
  const frames = await read([start, toolStart(0, "a"), json(0, "{}"), outcome("tool_use"), over]);
  const letOut = frames.filter(({ events }) => events.some(({ kind }) => kind === "call"));
  assert.deepEqual(
    letOut.map(({ fragment }) => fragment),
    [true],
  );
});

test("nothing is read after the end", async () => {
  const frames = await read([start, outcome("end_turn"), over, ...textBlock]);
  assert.deepEqual(kindsOf(frames), ["start", "end"]);
});

test("the event line names the type when the data do not", async () => {
  const text = [start, ...textBlock, outcome("end_turn"), over]
    .map(({ type, ...rest }: { type?: string }) => `event: ${type ?? ""}\ndata: ${JSON.stringify(rest)}\n\n`)
    .join("");
  const frames = await Array.fromAsync(readMessagesStream(once(text)));
  assert.deepEqual(kindsOf(frames), ["start", "text", "end"]);
});

test("calls opened without end break the answer off", async () => {
  const flood = Array.from({ length: 1001 }, (_, index) => toolStart(index, `t${index}`));
  assert.deepEqual(kindsOf(await read([start, ...flood, outcome("tool_use"), over])), ["start", "failed"]);
});

test("an index that is used again does not swallow the call before", async () => {
  const frames = await read([
    start,
    toolStart(0, "a"),
    json(0, '{"n":1}'),
    toolStart(0, "b"),
    json(0, '{"n":2}'),
    outcome("tool_use"),
    over,
  ]);
  assert.deepEqual(callsOf(frames), [
    ["a", '{"n":1}'],
    ["b", '{"n":2}'],
  ]);
});

test("an answer in one piece gives the same events", () => {
  const events = readMessagesWhole({
    id: "msg_1",
    type: "message",
    model: "m",
    content: [
      { type: "thinking", thinking: "Hm.", signature: "x" },
      { type: "text", text: "Look." },
      { type: "tool_use", id: "a", name: "Read", input: { n: 1 } },
      { type: "tool_use", id: "b", name: "List", input: {} },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 1, cache_read_input_tokens: 2, output_tokens: 3 },
  });
  assert.deepEqual(events, [
    { kind: "start", id: "msg_1", model: "m" },
    { kind: "reasoning", text: "Hm." },
    { kind: "thought", token: "x" },
    { kind: "text", text: "Look." },
    { kind: "call", call: { id: "a", name: "Read", arguments: '{"n":1}' } },
    { kind: "call", call: { id: "b", name: "List", arguments: "{}" } },
    { kind: "end", finish: "calls", usage: { promptTokens: 3, cachedTokens: 2, completionTokens: 3 } },
  ]);
});

test("an error in one piece, and what is no answer, are failures and never throw", () => {
  const [busy] = readMessagesWhole({ type: "error", error: { type: "overloaded_error", message: "busy" } });
  assert.deepEqual(busy, { kind: "failed", code: "upstream-error", message: "busy", status: 529 });
  for (const body of [null, "x", [], {}, { content: "text" }]) {
    assert.equal(readMessagesWhole(body)[0]?.kind, "failed");
  }
  assert.deepEqual(
    readMessagesWhole({ content: [null, 7, { type: "text", text: 7 }] }).map(({ kind }) => kind),
    ["start", "end"],
  );
});

function read(events: readonly (object | string)[]): Promise<Frame[]> {
  return Array.fromAsync(readMessagesStream(once(streamOf(events))));
}

function streamOf(events: readonly (object | string)[]): string {
  return events
    .map((event) =>
      typeof event === "string"
        ? `data: ${event}\n\n`
        : `event: ${"type" in event ? (event.type as string) : "x"}\ndata: ${JSON.stringify(event)}\n\n`,
    )
    .join("");
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function eventsOf(frames: readonly Frame[]): TurnEvent[] {
  return frames.flatMap(({ events }) => events);
}

function kindsOf(frames: readonly Frame[]): string[] {
  return eventsOf(frames).map(({ kind }) => kind);
}

function callsOf(frames: readonly Frame[]): [string, string][] {
  return eventsOf(frames).flatMap((event) =>
    event.kind === "call" ? [[event.call.id, event.call.arguments]] : [],
  );
}

function endOf(frames: readonly Frame[]): Extract<TurnEvent, { kind: "end" }> {
  const end = eventsOf(frames).at(-1);
  assert.ok(end?.kind === "end");
  return end;
}

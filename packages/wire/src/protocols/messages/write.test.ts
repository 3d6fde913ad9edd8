import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import type { TurnEvent, TurnRequest } from "../../turn.ts";
import { assertLegal, framesOf } from "./legal-answer.ts";
import { writeMessagesWhole } from "./write-whole.ts";
import { createMessagesWriter } from "./write.ts";

const request: TurnRequest = {
  model: "m",
  stream: true,
  system: ["12345678"],
  items: [],
  tools: [],
  sampling: {},
  includeUsage: true,
  losses: [],
};
const context = { id: "msg_1", model: "m", created: 0 };
const usage = { promptTokens: 10, cachedTokens: 4, completionTokens: 3 };
const call = (id: string, text = '{"n":1}'): TurnEvent => ({
  kind: "call",
  call: { id, name: "Read", arguments: text },
});

test("T1: the first event of any kind opens the message once, with numbers for usage, and a ping", () => {
  const frames = write([{ kind: "text", text: "x" }, { kind: "start" }, { kind: "end", finish: "stop" }]);
  assert.deepEqual(frames.slice(0, 2), [
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 2, output_tokens: 0 },
      },
    },
    { type: "ping" },
  ]);
  assert.equal(frames.filter(({ type }) => type === "message_start").length, 1);
});

test("T2 and T10: a block of thinking is signed and closed only when something follows", () => {
  const writer = createMessagesWriter(request, context);
  const thinking = writer.write({ kind: "reasoning", text: "Hm." }).toString();
  assert.ok(!thinking.includes("content_block_stop"));
  const after = framesOf(writer.write({ kind: "text", text: "x" }));
  assert.deepEqual(after.slice(0, 2), [
    { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "cloister" } },
    { type: "content_block_stop", index: 0 },
  ]);
});

test("T3: text after a call opens a block of its own", () => {
  const frames = write([
    { kind: "text", text: "a" },
    call("t1"),
    { kind: "text", text: "b" },
    { kind: "text", text: "c" },
    { kind: "reasoning", text: "d" },
    { kind: "end", finish: "calls", usage },
  ]);
  const starts = frames.filter(({ type }) => type === "content_block_start");
  assert.deepEqual(
    starts.map(({ content_block: block }) => (isRecord(block) ? block["type"] : undefined)),
    ["text", "tool_use", "text", "thinking"],
  );
});

test("T4 to T6: calls stand in blocks of their own with the arguments unchanged", () => {
  const odd = '{ "path" : "a\\u0000b",\n"n":12345678901234567890 }';
  const frames = write([call("t1", odd), call("t2", ""), { kind: "end", finish: "calls", usage }]);
  const deltas = frames.flatMap(({ delta }) =>
    isRecord(delta) && "partial_json" in delta ? [delta["partial_json"]] : [],
  );
  assert.deepEqual(deltas, [odd, ""]);
});

test("T7: empty pieces open no block", () => {
  const frames = write([
    { kind: "text", text: "" },
    { kind: "reasoning", text: "" },
    { kind: "end", finish: "stop", usage },
  ]);
  assert.deepEqual(
    frames.map(({ type }) => type),
    ["message_start", "ping", "message_delta", "message_stop"],
  );
});

test("T8: one message_delta carries the reason, the usage and our extension, and nothing follows the end", () => {
  const extension = {
    recovered: [{ id: "t1", name: "Read", dialect: "qwen" }],
    refused: [{ cause: "syntax" as const, detail: "no" }],
    retries: 1,
  };
  const writer = createMessagesWriter(request, context);
  const bytes = writer.write({ kind: "end", finish: "stop", usage, stopSequence: "END", extension });
  assert.deepEqual(framesOf(bytes).slice(2), [
    {
      type: "message_delta",
      delta: { stop_reason: "stop_sequence", stop_sequence: "END" },
      usage: {
        input_tokens: 6,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 4,
        output_tokens: 3,
      },
      cloister: extension,
    },
    { type: "message_stop" },
  ]);
  for (const event of [{ kind: "text", text: "late" }, { kind: "end", finish: "stop" }, call("t")] as const) {
    assert.equal(writer.write(event).length, 0);
  }
  assert.equal(writer.ping().length, 0);
});

test("T9: half a call is left as it is under a token limit, and is an error otherwise", () => {
  const half = call("t1", '{"n":');
  const cut = write([half, { kind: "end", finish: "length", usage }]);
  assert.deepEqual(reasonOf(cut), "max_tokens");
  for (const text of ['{"n":', "[1]", '"x"']) {
    const last = write([call("t1", text), { kind: "end", finish: "calls", usage }]).at(-1);
    assert.equal(last?.["type"], "error");
  }
});

test("T10: a failure is an error event and never an end, and names no address", () => {
  const failures: [string, number | undefined, string][] = [
    ["connect ECONNREFUSED 10.1.2.3:8000", undefined, "api_error"],
    ["connect ECONNREFUSED ::1:8000", undefined, "api_error"],
    ["getaddrinfo ENOTFOUND models.house.test", undefined, "api_error"],
    ["POST http://models.house.test:8000/v1 gave 503", 503, "overloaded_error"],
    ["upstream vllm-3.models:8000 is busy", 429, "rate_limit_error"],
  ];
  for (const [message, status, type] of failures) {
    const failed: TurnEvent = {
      kind: "failed",
      code: "upstream-broken",
      message,
      ...(status !== undefined && { status }),
    };
    const frames = write([{ kind: "reasoning", text: "Hm." }, failed, { kind: "end", finish: "stop" }]);
    const last = frames.at(-1)?.["error"];
    assert.ok(isRecord(last) && last["type"] === type, message);
    assert.doesNotMatch(last["message"] as string, /house|10\.1|8000|::1|vllm/);
    assert.ok(!frames.some(({ type: name }) => name === "message_stop" || name === "content_block_stop"));
  }
});

test("T12 and T13: a ping is an event, and every event's name is its type", () => {
  const writer = createMessagesWriter(request, context);
  assert.equal(writer.ping().toString(), 'event: ping\ndata: {"type":"ping"}\n\n');
  const text = writer.write({ kind: "end", finish: "stop", usage }).toString();
  for (const block of text.trimEnd().split("\n\n")) {
    assert.match(block, /^event: (\w+)\ndata: \{"type":"\1"/);
  }
});

test("3.5: a call makes it tool_use whatever the server said, and none makes it a turn's end", () => {
  const reason = (...events: TurnEvent[]): unknown => reasonOf(write(events));
  assert.equal(reason(call("a"), { kind: "end", finish: "stop" }), "tool_use");
  assert.equal(reason({ kind: "end", finish: "calls" }), "end_turn");
  assert.equal(reason({ kind: "end", finish: "filter" }), "refusal");
  assert.equal(reason(call("a"), { kind: "end", finish: "length" }), "max_tokens");
});

test("a refused call is not shown, and breaks nothing", () => {
  const refused: TurnEvent = { kind: "refused", cause: "unknown-tool", detail: "no" };
  const frames = write([
    { kind: "text", text: "a" },
    refused,
    { kind: "text", text: "b" },
    { kind: "end", finish: "stop" },
  ]);
  assert.equal(frames.filter(({ type }) => type === "content_block_start").length, 1);
});

test("an answer in one piece holds the same blocks", () => {
  const events: TurnEvent[] = [
    { kind: "start" },
    { kind: "reasoning", text: "H" },
    { kind: "reasoning", text: "m." },
    { kind: "text", text: "Lo" },
    { kind: "text", text: "ok." },
    call("t1"),
    { kind: "text", text: "After." },
    { kind: "end", finish: "calls", usage },
  ];
  assert.deepEqual(writeMessagesWhole(request, events, context), {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [
      { type: "thinking", thinking: "Hm.", signature: "cloister" },
      { type: "text", text: "Look." },
      { type: "tool_use", id: "t1", name: "Read", input: { n: 1 } },
      { type: "text", text: "After." },
    ],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 6, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 3 },
  });
});

test("a failed answer, one without an end, and one with half a call are errors in one piece, too", () => {
  for (const events of [
    [
      { kind: "text", text: "x" },
      { kind: "failed", code: "upstream-broken", message: "reset" },
    ],
    [{ kind: "text", text: "x" }],
    [call("a", "{"), { kind: "end", finish: "calls" }],
  ] as TurnEvent[][]) {
    assert.equal(writeMessagesWhole(request, events, context)["type"], "error");
  }
  const cut = writeMessagesWhole(request, [call("a", "{"), { kind: "end", finish: "length" }], context);
  assert.deepEqual([cut["stop_reason"], cut["content"]], ["max_tokens", []]);
});

function write(events: readonly TurnEvent[]): JsonObject[] {
  const writer = createMessagesWriter(request, context);
  const frames = events.flatMap((event) => framesOf(writer.write(event)));
  assertLegal(frames);
  return frames;
}

function reasonOf(frames: readonly JsonObject[]): unknown {
  const delta = frames.find(({ type }) => type === "message_delta")?.["delta"];
  return isRecord(delta) ? delta["stop_reason"] : undefined;
}

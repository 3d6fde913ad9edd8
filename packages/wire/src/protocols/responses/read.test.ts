import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "@cloister/base";
import type { Frame, TurnEvent } from "../../turn.ts";
import { readStream } from "./read.ts";
import { readWhole } from "./response.ts";

const DONE = {
  type: "response.completed",
  response: {
    id: "resp_1",
    status: "completed",
    output: [],
    usage: { input_tokens: 9, input_tokens_details: { cached_tokens: 4 }, output_tokens: 3 },
  },
};
const END: TurnEvent = {
  kind: "end",
  finish: "stop",
  usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 3 },
};
const CREATED = { type: "response.created", response: { id: "resp_1", model: "m", status: "in_progress" } };
const START: TurnEvent = { kind: "start", id: "resp_1", model: "m" };

test("reasoning, text and calls become events, and the finished item makes the call", async () => {
  const frames = await read([
    CREATED,
    { type: "response.in_progress", response: {} },
    added(0, { type: "reasoning", id: "rs_1", summary: [] }),
    { type: "response.reasoning_summary_text.delta", item_id: "rs_1", summary_index: 0, delta: "Hm" },
    { type: "response.reasoning_summary_text.delta", item_id: "rs_1", summary_index: 1, delta: "so" },
    done(0, { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm" }] }),
    added(1, { type: "message", id: "msg_1" }),
    { type: "response.output_text.delta", item_id: "msg_1", output_index: 1, delta: "Look" },
    done(1, messageItem("msg_1", "Look")),
    added(2, { type: "function_call", id: "fc_1", call_id: "c1", name: "Read", arguments: "" }),
    { type: "response.function_call_arguments.delta", item_id: "fc_1", output_index: 2, delta: '{"a"' },
    { type: "response.function_call_arguments.done", item_id: "fc_1", output_index: 2, arguments: '{"a":1}' },
    done(2, { type: "function_call", id: "fc_1", call_id: "c1", name: "Read", arguments: '{"a":1}' }),
    DONE,
  ]);
  assert.deepEqual(eventsOf(frames), [
    START,
    { kind: "reasoning", text: "Hm" },
    { kind: "reasoning", text: "\n\nso" },
    { kind: "text", text: "Look" },
    { kind: "call", call: { id: "c1", name: "Read", arguments: '{"a":1}' } },
    { ...END, finish: "calls" },
  ]);
  assert.deepEqual(
    frames.map(({ fragment }) => fragment),
    [...Array<boolean>(9).fill(false), true, true, true, true, true],
    "nothing that holds a call may be passed on raw, the last event included",
  );
});

test("llama.cpp: no index, no sequence, full reasoning, the item's id on deltas only", async () => {
  const events = eventsOf(
    await read([
      CREATED,
      { type: "response.output_item.added", item: { type: "reasoning", id: "rs_1", summary: [] } },
      { type: "response.reasoning_text.delta", item_id: "rs_1", delta: "Hm" },
      { type: "response.output_item.added", item: { type: "message", id: "msg_1", content: [] } },
      { type: "response.output_text.delta", item_id: "msg_1", delta: "Hi" },
      { type: "response.output_item.added", item: fnItem({ call_id: "fc_a", arguments: "" }) },
      { type: "response.function_call_arguments.delta", item_id: "fc_a", delta: '{"a":1}' },
      { type: "response.output_item.added", item: fnItem({ call_id: "fc_b", arguments: "" }) },
      { type: "response.function_call_arguments.delta", item_id: "fc_b", delta: '{"b":2}' },
      {
        type: "response.output_item.done",
        item: { type: "reasoning", content: [{ type: "reasoning_text", text: "Hm" }] },
      },
      { type: "response.output_item.done", item: messageItem("msg_1", "Hi") },
      { type: "response.output_item.done", item: fnItem({ call_id: "fc_a", arguments: '{"a":1}' }) },
      { type: "response.output_item.done", item: fnItem({ call_id: "fc_b", arguments: '{"b":2}' }) },
      DONE,
    ]),
  );
  assert.deepEqual(events, [
    START,
    { kind: "reasoning", text: "Hm" },
    { kind: "text", text: "Hi" },
    { kind: "thought", token: '{"type":"reasoning","content":[{"type":"reasoning_text","text":"Hm"}]}' },
    { kind: "call", call: { id: "fc_a", name: "Read", arguments: '{"a":1}' } },
    { kind: "call", call: { id: "fc_b", name: "Read", arguments: '{"b":2}' } },
    { ...END, finish: "calls" },
  ]);
});

test("calls whose pieces interleave are put together by their items", async () => {
  const piece = (index: number, delta: string): Json => ({
    type: "response.function_call_arguments.delta",
    output_index: index,
    delta,
  });
  const events = eventsOf(
    await read([
      added(0, fnItem({ call_id: "a", arguments: "" })),
      added(1, fnItem({ call_id: "b", arguments: "" })),
      piece(0, '{"a":'),
      piece(1, '{"b":'),
      piece(0, "1}"),
      piece(1, "2}"),
      // Without arguments of their own, so that the pieces count.
      done(1, { type: "function_call", call_id: "b", name: "Read" }),
      done(0, { type: "function_call", call_id: "a", name: "Read" }),
      DONE,
    ]),
  );
  assert.deepEqual(callsOf(events), ['b Read {"b":2}', 'a Read {"a":1}']);
});

test("an answer without pieces is read from its items, and without items from its end", async () => {
  const output = [
    { type: "reasoning", summary: [{ type: "summary_text", text: "r" }] },
    messageItem("m", "t"),
    fnItem({ call_id: "c", arguments: "{}" }),
  ];
  const wanted = ["start", "reasoning", "text", "call", "end"];
  const fromItems = await read([CREATED, ...output.map((item, index) => done(index, item)), DONE]);
  assert.deepEqual(kinds(eventsOf(fromItems)), wanted);
  const fromEnd = await read([
    CREATED,
    { type: "response.completed", response: { ...DONE.response, output } },
  ]);
  assert.deepEqual(kinds(eventsOf(fromEnd)), wanted);
  assert.equal(fromEnd.at(-1)?.fragment, true);
});

test("a finished message adds what its pieces left out, once", async () => {
  const events = eventsOf(
    await read([
      { type: "response.output_text.delta", item_id: "x", delta: "Hel" },
      done(0, messageItem("other", "Hello")),
      { type: "response.output_text.delta", item_id: "y", delta: "World" },
      done(1, messageItem("y", "World")),
      done(2, messageItem("z", "Bye")),
      DONE,
    ]),
  );
  assert.deepEqual(
    events.flatMap((event) => (event.kind === "text" ? [event.text] : [])),
    ["Hel", "lo", "World", "Bye"],
  );
});

test("a call that its server shows twice, under two ids, is one call", async () => {
  const item = fnItem({ call_id: "first", arguments: '{"a":1}' });
  const again = { ...item, call_id: "second" };
  const events = eventsOf(
    await read([
      done(0, item),
      { type: "response.completed", response: { ...DONE.response, output: [again] } },
    ]),
  );
  assert.deepEqual(callsOf(events), ['first Read {"a":1}']);
});

test("a finished call that is sent again is no second call", async () => {
  const event = done(0, fnItem({ call_id: "c", arguments: "{}" }));
  assert.deepEqual(callsOf(eventsOf(await read([event, event, DONE]))), ["c Read {}"]);
});

test("a call that was never finished comes out with the end, and a cut one says that it was cut", async () => {
  const events = eventsOf(
    await read([
      added(0, fnItem({ call_id: "c", arguments: "" })),
      { type: "response.function_call_arguments.delta", output_index: 0, delta: '{"a":' },
      {
        type: "response.incomplete",
        response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
      },
    ]),
  );
  assert.deepEqual(callsOf(events), ['c Read {"a":']);
  const last = events.at(-1);
  assert.ok(last?.kind === "end" && last.finish === "length");
});

test("3.5: the ends of an answer", () => {
  const ends: [Json, string][] = [
    [{ status: "completed" }, "stop"],
    [{ status: "incomplete", incomplete_details: { reason: "content_filter" } }, "filter"],
    [{ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } }, "length"],
    [{ status: "incomplete" }, "length"],
    [{ status: "completed", output: [fnItem({ call_id: "c", arguments: "{}" })] }, "calls"],
  ];
  for (const [response, finish] of ends) {
    const last = readWhole({ output: [], ...(response as object) }).at(-1);
    assert.ok(last?.kind === "end");
    assert.equal(last.finish, finish);
  }
});

test("a custom call is a call with one text, and an id that is missing follows from the answer", () => {
  const body = { id: "resp_1", output: [{ type: "custom_tool_call", name: "p", input: "x" }] };
  const [, first] = readWhole(body);
  const [, second] = readWhole(body);
  assert.ok(first?.kind === "call");
  assert.equal(first.call.arguments, '{"input":"x"}');
  assert.match(first.call.id, /^call_[0-9a-f]{24}$/);
  assert.deepEqual(first, second);
});

test("every way to fail is one failure and nothing after it", async () => {
  const failed = { code: "context_length_exceeded", message: "too long" };
  const cases: [Json, string][] = [
    [{ type: "response.failed", response: { status: "failed", error: failed } }, "context-overflow"],
    [{ type: "response.failed", response: { error: null } }, "upstream-error"],
    [{ type: "response.completed", response: { status: "failed", error: failed } }, "context-overflow"],
    [{ type: "error", code: "rate_limit_exceeded", message: "slow" }, "rate-limited"],
    [{ type: "error", error: { type: "server_error", message: "boom" } }, "upstream-error"],
    [{ error: { code: 500, message: "peg-native", type: "server_error" } }, "upstream-error"],
    [["not an object"], "upstream-broken"],
  ];
  for (const [event, code] of cases) {
    const events = eventsOf(await read([CREATED, event, DONE]));
    assert.deepEqual(kinds(events), ["start", "failed"], JSON.stringify(event));
    const last = events.at(-1);
    assert.ok(last?.kind === "failed" && last.code === code, JSON.stringify(event));
  }
});

test("a stream that just stops, or is reset, is a failure in a frame without bytes", async () => {
  const stopped = await read([CREATED, { type: "response.output_text.delta", delta: "half" }, "[DONE]"]);
  assert.deepEqual(kinds(eventsOf(stopped)), ["start", "text", "failed"]);
  assert.equal(stopped.at(-1)?.raw.length, 0);

  const reset = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from(`data: ${JSON.stringify(CREATED)}\n\n`);
    throw new Error("ECONNRESET");
  };
  assert.deepEqual(kinds(eventsOf(await Array.fromAsync(readStream(reset())))), ["start", "failed"]);
});

test("the bytes of every event are kept as they came, comments too", async () => {
  const wire = `: ping\n\nevent: response.created\ndata: ${JSON.stringify(CREATED)}\r\n\r\ndata: ${JSON.stringify(DONE)}\n\n`;
  const frames = await Array.fromAsync(readStream(chunks(Buffer.from(wire), 7)));
  assert.equal(Buffer.concat(frames.map(({ raw }) => raw)).toString(), wire);
});

test("calls without number and calls without end are refused", async () => {
  const last = async (events: readonly Json[]): Promise<TurnEvent | undefined> => {
    const wire = chunks(Buffer.from(toWire(events)), 1000);
    return eventsOf(await Array.fromAsync(readStream(wire, { callsMax: 2, callCharsMax: 10 }))).at(-1);
  };
  const begun = [0, 1, 2].map((index) => added(index, fnItem({ call_id: `c${index}` })));
  const finished = [0, 1, 2].map((index) => done(index, fnItem({ call_id: `c${index}`, arguments: "{}" })));
  const piece = { type: "response.function_call_arguments.delta", output_index: 0, delta: "123456" };
  assert.equal((await last([...begun.slice(0, 2), DONE]))?.kind, "end");
  for (const events of [begun, finished, [begun[0] ?? null, piece, piece]]) {
    assert.equal((await last([...events, DONE]))?.kind, "failed");
  }
});

test("a stream with events lost, doubled, moved and stripped of fields still has exactly one end", async () => {
  const intact: readonly Record<string, Json>[] = [
    CREATED,
    { type: "response.output_item.added", output_index: 0, item: { type: "message", id: "m" } },
    { type: "response.output_text.delta", output_index: 0, item_id: "m", delta: "Hi" },
    { type: "response.output_item.done", output_index: 0, item: messageItem("m", "Hi") },
    { type: "response.output_item.added", output_index: 1, item: fnItem({ id: "f", call_id: "c" }) },
    { type: "response.function_call_arguments.delta", output_index: 1, item_id: "f", delta: "{}" },
    { type: "response.output_item.done", output_index: 1, item: fnItem({ id: "f", call_id: "c" }) },
    { type: "response.completed", response: { output: [fnItem({ call_id: "c", arguments: "{}" })] } },
  ];
  for (let seed = 1; seed <= 300; seed += 1) {
    let state = seed * 7919;
    const below = (limit: number): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state % limit;
    };
    const events = [...intact];
    for (let change = 0; change < 3; change += 1) {
      const [event = {}] = events.splice(below(events.length), 1);
      const field = Object.keys(event)[below(4)] ?? "";
      const stripped = { ...event, [field]: [null, 7, "x", [], {}][below(5)] ?? null };
      const put = [[], [event], [event, event], [stripped]][below(4)] ?? [];
      events.splice(below(events.length + 1), 0, ...put);
    }
    const seen = kinds(eventsOf(await read(events)));
    const ends = seen.filter((kind) => kind === "end" || kind === "failed");
    assert.equal(ends.length, 1, `seed ${seed}`);
    assert.equal(seen.at(-1), ends[0], `seed ${seed}`);
    assert.ok(seen.filter((kind) => kind === "start").length <= 1, `seed ${seed}`);
  }
});

test("an answer in one piece that is none is a failure", () => {
  for (const body of [
    undefined,
    "x",
    [],
    {},
    { error: { message: "no" } },
    { status: "queued", output: [] },
  ]) {
    assert.deepEqual(kinds(readWhole(body)), ["failed"], JSON.stringify(body));
  }
});

function fnItem(fields: Record<string, Json>): Record<string, Json> {
  return { type: "function_call", name: "Read", ...fields };
}

function messageItem(id: string, text: string): Json {
  return { type: "message", id, role: "assistant", content: [{ type: "output_text", text }] };
}

function added(index: number, item: Json): Json {
  return { type: "response.output_item.added", output_index: index, item };
}

function done(index: number, item: Json): Json {
  return { type: "response.output_item.done", output_index: index, item };
}

async function read(events: readonly Json[]): Promise<Frame[]> {
  return Array.fromAsync(readStream(chunks(Buffer.from(toWire(events)), 1 << 20)));
}

function toWire(events: readonly Json[]): string {
  return events
    .map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`)
    .join("");
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function eventsOf(frames: readonly Frame[]): TurnEvent[] {
  return frames.flatMap(({ events }) => events);
}

function kinds(events: readonly TurnEvent[]): string[] {
  return events.map(({ kind }) => kind);
}

function callsOf(events: readonly TurnEvent[]): string[] {
  return events.flatMap((event) =>
    event.kind === "call" ? [`${event.call.id} ${event.call.name} ${event.call.arguments}`] : [],
  );
}

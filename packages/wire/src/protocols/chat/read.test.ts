import assert from "node:assert/strict";
import { test } from "node:test";
import type { RawCall } from "../../calls.ts";
import type { Frame, TurnEvent } from "../../turn.ts";
import { readChatStream, readChatWhole } from "./read.ts";

test("frames keep their bytes, and hold events where something was learnt", async () => {
  const frames = await read([
    { id: "r1", model: "m", ...delta({ role: "assistant", content: null }) },
    delta({ reasoning_content: "Hm." }),
    delta({ content: "Look" }),
    call({ index: 0, id: "c1", name: "Read", text: '{"a"' }),
    call({ index: 0, text: ":1}" }),
    finish("tool_calls"),
    { choices: [], usage: { prompt_tokens: 9, completion_tokens: 3 } },
    "[DONE]",
  ]);
  assert.deepEqual(
    frames.map(({ events, fragment }) => [events, fragment]),
    [
      [[{ kind: "start", id: "r1", model: "m" }], false],
      [[{ kind: "reasoning", text: "Hm." }], false],
      [[{ kind: "text", text: "Look" }], false],
      [[], true],
      [[], true],
      [[{ kind: "call", call: { id: "c1", name: "Read", arguments: '{"a":1}' } }], true],
      [[], false],
      [
        [
          {
            kind: "end",
            finish: "calls",
            usage: { promptTokens: 9, cachedTokens: undefined, completionTokens: 3 },
          },
        ],
        false,
      ],
    ],
  );
  assert.ok(
    Buffer.concat(frames.map(({ raw }) => raw))
      .toString()
      .endsWith("data: [DONE]\n\n"),
  );
});

test("G7: a byte order mark before the first event does not hide it", async () => {
  const text = `\uFEFF${sse([delta({ content: "x" }), finish("stop")])}`;
  assert.deepEqual(kinds(await Array.fromAsync(readChatStream(once(text)))), ["start", "text", "end"]);
});

test("comments pass as frames without events, and empty data lines are nothing", async () => {
  const text = `: cloister-status loading\n\ndata:\n\n${sse([delta({ content: "x" }), finish("stop"), "[DONE]"])}`;
  const frames = await Array.fromAsync(readChatStream(once(text)));
  assert.deepEqual(frames[0]?.events, []);
  assert.ok(Buffer.from(frames[0].raw).toString().startsWith(": cloister-status "));
  assert.deepEqual(kinds(frames), ["start", "text", "end"]);
});

test("T8: usage after the finish reason counts, also in one read and without [DONE]", async () => {
  const usage = {
    prompt_tokens: 9,
    completion_tokens: 3,
    prompt_tokens_details: { cached_tokens: 4 },
  };
  const end = last(await read([delta({ content: "x" }), finish("stop"), { choices: [], usage }]));
  assert.deepEqual(end, {
    kind: "end",
    finish: "stop",
    usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 3 },
  });
});

test("llama.cpp's timings stand in for a usage that was not sent", async () => {
  const end = last(
    await read([{ ...finish("stop"), timings: { prompt_n: 10, cache_n: 90, predicted_n: 5 } }, "[DONE]"]),
  );
  assert.ok(end?.kind === "end");
  assert.deepEqual(end.usage, { promptTokens: 100, cachedTokens: 90, completionTokens: 5 });
});

test("cached tokens are found where Moonshot and DeepSeek put them", async () => {
  for (const fields of [{ cached_tokens: 4 }, { prompt_cache_hit_tokens: 4 }]) {
    const usage = { prompt_tokens: 9, completion_tokens: 3, ...fields };
    const end = last(await read([{ choices: [{ delta: {}, finish_reason: "stop", usage }] }]));
    assert.ok(end?.kind === "end" && end.usage?.cachedTokens === 4);
  }
});

test("reasoning is read under every name it has", async () => {
  for (const fields of [
    { reasoning_content: "R" },
    { reasoning: "R" },
    { reasoning: "R", reasoning_content: "R" },
    { thinking: "R" },
    { reasoning_details: [{ type: "reasoning.text", text: "R" }] },
    { reasoning_details: [{ type: "reasoning.summary", summary: "R" }, { type: "reasoning.encrypted" }] },
    { content: [{ type: "thinking", thinking: [{ type: "text", text: "R" }] }] },
  ]) {
    const events = eventsOf(await read([delta(fields), finish("stop")]));
    assert.deepEqual(events[1], { kind: "reasoning", text: "R" }, JSON.stringify(fields));
  }
});

test("an error frame of any shape is one failure in the server's words, never to be passed on raw", async () => {
  for (const frame of [
    { error: { message: "busy", code: 503 } },
    { object: "error", message: "busy", code: 503 },
    { message: "busy", status: 503 },
  ]) {
    const frames = await read([delta({ content: "x" }), frame, finish("stop"), "[DONE]"]);
    assert.deepEqual(last(frames), {
      kind: "failed",
      code: "upstream-error",
      message: "busy",
      status: 503,
    });
    assert.equal(frames.at(-1)?.fragment, true);
  }
  assert.deepEqual(kinds(await read([{ error: "busy" }])), ["failed"]);
  assert.deepEqual(kinds(await Array.fromAsync(readChatStream(once('error: {"message":"busy"}\n\n')))), [
    "failed",
  ]);
});

test("an error field that says nothing is no error", async () => {
  for (const error of [null, ""]) {
    const frames = await read([{ ...delta({ content: "x" }), error }, finish("stop")]);
    assert.deepEqual(kinds(frames), ["start", "text", "end"]);
  }
});

test("a stream without a finish reason is broken, with or without its mark", async () => {
  for (const mark of [[], ["[DONE]"]]) {
    const event = last(await read([delta({ content: "half" }), ...mark]));
    assert.ok(event?.kind === "failed" && event.code === "upstream-broken");
  }
  assert.deepEqual(kinds(await read([])), ["failed"]);
});

test("a finish reason by which the server gave up is a failure, and an empty one is none", async () => {
  for (const reason of ["error", "abort", "insufficient_system_resource"]) {
    assert.deepEqual(kinds(await read([finish(reason), "[DONE]"])), ["failed"]);
  }
  const empty = { choices: [{ delta: { content: "x" }, finish_reason: "" }] };
  assert.equal(last(await read([empty, "[DONE]"]))?.kind, "failed");
});

test("a reset is a failure in a frame without bytes, and one after the end is not", async () => {
  const source = async function* (text: string): AsyncGenerator<Buffer> {
    yield Buffer.from(text);
    throw new Error("ECONNRESET");
  };
  const frames = await Array.fromAsync(readChatStream(source(sse([delta({ content: "x" })]))));
  assert.deepEqual(kinds(frames), ["start", "text", "failed"]);
  assert.equal(frames.at(-1)?.raw.length, 0);
  const closing = async function* (): AsyncGenerator<Buffer> {
    try {
      yield Buffer.from(sse([finish("stop"), "[DONE]"]));
    } finally {
      // oxlint-disable-next-line no-unsafe-finally -- a connection that breaks while it is closed
      throw new Error("ECONNRESET");
    }
  };
  const ended = await Array.fromAsync(readChatStream(closing()));
  assert.deepEqual(kinds(ended), ["start", "end"]);
});

test("something that is no chunk is a failure", async () => {
  assert.deepEqual(kinds(await Array.fromAsync(readChatStream(once("data: {oops\n\n")))), ["failed"]);
});

test("a server that answers whole although it was asked to stream is understood", async () => {
  const message = { role: "assistant", content: "x" };
  const body = { id: "r", choices: [{ message, finish_reason: "stop" }] };
  const frames = await Array.fromAsync(readChatStream(once(JSON.stringify(body))));
  assert.deepEqual(kinds(frames), ["start", "text", "end"]);
  assert.equal(frames[0]?.fragment, true);
});

test("only the answer with index 0 is read", async () => {
  const other = { choices: [{ index: 1, delta: { content: "other" } }] };
  const both = {
    choices: [
      { index: 1, delta: {} },
      { index: 0, delta: { content: "x" } },
    ],
  };
  const events = eventsOf(await read([other, both, finish("stop")]));
  assert.deepEqual(
    events.filter(({ kind }) => kind === "text"),
    [{ kind: "text", text: "x" }],
  );
});

test("finish reasons in all their words", async () => {
  for (const [word, meant] of [
    ["stop", "stop"],
    ["eos", "stop"],
    ["length", "length"],
    ["content_filter", "filter"],
    ["tool_calls", "calls"],
    ["function_call", "calls"],
  ] as const) {
    const end = last(await read([finish(word)]));
    assert.ok(end?.kind === "end" && end.finish === meant, word);
  }
});

test("calls that were announced and never came end as calls, with none given out", async () => {
  const frames = await read([delta({ content: "" }), finish("tool_calls"), "[DONE]"]);
  assert.deepEqual(kinds(frames), ["start", "end"]);
});

test("a stop with a call in it is a call, and a cut one keeps its length", async () => {
  const one = call({ index: 0, id: "a", name: "f", text: '{"x' });
  for (const [word, meant] of [
    ["stop", "calls"],
    ["length", "length"],
  ] as const) {
    const frames = await read([one, finish(word)]);
    assert.deepEqual(callsOf(frames), [{ id: "a", name: "f", arguments: '{"x' }]);
    const end = last(frames);
    assert.ok(end?.kind === "end" && end.finish === meant);
  }
});

test("which stop text it was is kept", async () => {
  for (const field of ["stop_reason", "matched_stop"]) {
    const choice = { delta: {}, finish_reason: "stop", [field]: "END" };
    const end = last(await read([{ choices: [choice] }]));
    assert.ok(end?.kind === "end" && end.stopSequence === "END");
  }
});

test("a call comes out when the next one begins, in the frame that says so", async () => {
  const frames = await read([
    call({ index: 0, id: "a", name: "f", text: "{}" }),
    call({ index: 1, id: "b", name: "f", text: '{"n":2}' }),
    finish("tool_calls"),
  ]);
  assert.deepEqual(
    frames.map(({ events }) => events.filter(({ kind }) => kind === "call").length),
    [0, 1, 1, 0],
  );
});

test("a call that goes on after it was given out breaks the answer; white space does not", async () => {
  const late = (text: string): Promise<Frame[]> =>
    read([
      call({ index: 0, id: "a", name: "f", text: "{}" }),
      call({ index: 1, id: "b", name: "f", text: "{}" }),
      call({ index: 0, text }),
      finish("tool_calls"),
    ]);
  assert.equal(last(await late('{"x":1}'))?.kind, "failed");
  assert.equal(last(await late("\n"))?.kind, "end");
});

test("arguments that come as an object are taken as its text", async () => {
  const list = ["a", "b"].map((id, index) => ({
    index,
    id,
    function: { name: id, arguments: { n: index } },
  }));
  const calls = callsOf(await read([delta({ tool_calls: list }), finish("tool_calls")]));
  assert.deepEqual(
    calls.map(({ arguments: text }) => text),
    ['{"n":0}', '{"n":1}'],
  );
});

test("an endless row of calls is broken off", async () => {
  const many = Array.from({ length: 600 }, (_, index) => call({ index, id: `c${index}`, name: "f" }));
  const event = last(await read([...many, finish("tool_calls")]));
  assert.ok(event?.kind === "failed" && event.code === "calls-too-long");
});

test("an old function call in pieces is a call", async () => {
  const frames = await read([
    delta({ function_call: { name: "f", arguments: "" } }),
    delta({ function_call: { arguments: '{"n":1}' } }),
    finish("function_call"),
  ]);
  const [one] = callsOf(frames);
  assert.ok(one?.name === "f" && one.arguments === '{"n":1}');
  assert.equal(last(frames)?.kind, "end");
});

test("a frame that holds text and the finish reason is never passed on raw, for the end is written once", async () => {
  const frames = await read([
    delta({ content: "a" }),
    { choices: [{ delta: { content: "b" }, finish_reason: "stop" }] },
  ]);
  assert.deepEqual(
    frames.map(({ fragment }) => fragment),
    [false, true, false],
  );
});

test("whole answers give the same events, with calls in the old and the new form", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2 };
  const whole = (message: object, reason: string): TurnEvent[] =>
    readChatWhole({ id: "r", model: "m", choices: [{ index: 0, message, finish_reason: reason }], usage });
  assert.deepEqual(
    whole(
      {
        content: "x",
        reasoning_content: "R",
        tool_calls: [{ function: { name: "f", arguments: "" } }, { function: { name: "g", arguments: "" } }],
      },
      "stop",
    ).map((event) => (event.kind === "call" ? event.call.name : event.kind)),
    ["start", "reasoning", "text", "f", "g", "end"],
  );
  const old = whole({ content: null, function_call: { name: "f", arguments: "{}" } }, "function_call");
  assert.deepEqual(
    old.map(({ kind }) => kind),
    ["start", "call", "end"],
  );
  for (const body of [undefined, "x", [], {}, { error: { message: "no" } }, { choices: [] }]) {
    assert.equal(readChatWhole(body).at(-1)?.kind, "failed", JSON.stringify(body));
  }
});

function read(chunks: readonly (object | string)[]): Promise<Frame[]> {
  return Array.fromAsync(readChatStream(once(sse(chunks))));
}

function sse(chunks: readonly (object | string)[]): string {
  return chunks
    .map((chunk) => `data: ${typeof chunk === "string" ? chunk : JSON.stringify(chunk)}\n\n`)
    .join("");
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

function delta(fields: object): object {
  return { choices: [{ index: 0, delta: fields, finish_reason: null }] };
}

function finish(reason: string): object {
  return { choices: [{ index: 0, delta: {}, finish_reason: reason }] };
}

function call(fields: { index?: number; id?: string; name?: string; text?: string }): object {
  const { index, id, name, text = "" } = fields;
  return delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: text } }] });
}

function eventsOf(frames: readonly Frame[]): TurnEvent[] {
  return frames.flatMap(({ events }) => events);
}

function kinds(frames: readonly Frame[]): string[] {
  return eventsOf(frames).map(({ kind }) => kind);
}

function last(frames: readonly Frame[]): TurnEvent | undefined {
  return eventsOf(frames).at(-1);
}

function callsOf(frames: readonly Frame[]): RawCall[] {
  return eventsOf(frames).flatMap((event) => (event.kind === "call" ? [event.call] : []));
}

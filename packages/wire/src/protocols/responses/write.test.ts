import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import type { Frame, TurnEvent, TurnRequest } from "../../turn.ts";
import { parseRequest } from "./parse.ts";
import { readStream } from "./read.ts";
import { responsesProtocol } from "./responses.ts";
import { createWriter, writeWhole } from "./write.ts";

const CONTEXT = { id: "resp_77", model: "house", created: 1_700_000_000 };
const REQUEST = parseRequest({
  model: "m",
  input: "x",
  tools: [
    { type: "function", name: "Read" },
    { type: "custom", name: "patch" },
    {
      type: "namespace",
      name: "ns",
      tools: [
        { type: "function", name: "spawn" },
        { type: "custom", name: "exec" },
      ],
    },
    { type: "local_shell" },
  ],
});
const END: TurnEvent = {
  kind: "end",
  finish: "stop",
  usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 3 },
};

test("R3: the events of reasoning, text and a call, in order and numbered from 0", () => {
  const events = write([
    { kind: "start" },
    { kind: "reasoning", text: "Hm" },
    { kind: "text", text: "Lo" },
    { kind: "text", text: "ok" },
    { kind: "call", call: { id: "c1", name: "Read", arguments: '{"a":1}' } },
    { ...END, finish: "calls" },
  ]);
  assert.deepEqual(
    events.map(({ type }) => type),
    [
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ],
  );
  assert.deepEqual(
    events.map((event) => event["sequence_number"]),
    events.map((_, index) => index),
  );
  const begun = events[15]?.["item"] as JsonObject;
  assert.equal(begun["arguments"], "");
  const response = lastResponse(events);
  assert.equal(response["id"], "resp_77");
  assert.equal(response["status"], "completed");
  assert.deepEqual(response["output"], [
    { id: "rs_77_0", type: "reasoning", summary: [{ type: "summary_text", text: "Hm" }] },
    {
      id: "msg_77_1",
      type: "message",
      status: "completed",
      role: "assistant",
      content: [{ type: "output_text", text: "Look", annotations: [], logprobs: [] }],
    },
    {
      id: "fc_77_2",
      type: "function_call",
      call_id: "c1",
      name: "Read",
      status: "completed",
      arguments: '{"a":1}',
    },
  ]);
  assert.deepEqual(response["usage"], {
    input_tokens: 9,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens: 3,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 12,
  });
});

test("T3: text after a call opens an item of its own", () => {
  const output = outputOf([
    { kind: "text", text: "a" },
    { kind: "call", call: { id: "c", name: "Read", arguments: "" } },
    { kind: "text", text: "b" },
    END,
  ]);
  assert.deepEqual(
    output.map(({ type, arguments: args }) => args ?? type),
    ["message", "{}", "message"],
  );
});

test("R2: calls go back as the tools that the client offered", () => {
  const call = (name: string, args: string): TurnEvent => ({
    kind: "call",
    call: { id: `c_${name}`, name, arguments: args },
  });
  const events = write([
    call("patch", '{"input":"*** Begin"}'),
    call("patch", "*** as it is"),
    call("ns__spawn", '{"t":1}'),
    call("ns__exec", '{"input":"go()"}'),
    call("local_shell", '{"command":["ls"]}'),
    call("local_shell", "broken"),
    END,
  ]);
  const items = (lastResponse(events)["output"] as unknown as JsonObject[]).map((item) =>
    Object.fromEntries(Object.entries(item).filter(([name]) => !/^(id|call_id|status)$/.test(name))),
  );
  assert.deepEqual(items, [
    { type: "custom_tool_call", name: "patch", input: "*** Begin" },
    { type: "custom_tool_call", name: "patch", input: "*** as it is" },
    { type: "function_call", name: "spawn", namespace: "ns", arguments: '{"t":1}' },
    { type: "custom_tool_call", name: "exec", namespace: "ns", input: "go()" },
    { type: "local_shell_call", action: { type: "exec", env: {}, command: ["ls"] } },
    { type: "function_call", name: "local_shell", arguments: "broken" },
  ]);
  assert.deepEqual(
    events.map(({ type }) => type).filter((type) => (type as string).includes("custom_tool_call_input")),
    Array.from({ length: 3 }, () => [
      "response.custom_tool_call_input.delta",
      "response.custom_tool_call_input.done",
    ]).flat(),
  );
});

test("a function of the client's own that is named like a built-in tool stays a function", () => {
  const request = parseRequest({ model: "m", input: "x", tools: [{ type: "function", name: "shell" }] });
  const body = writeWhole(
    request,
    [{ kind: "call", call: { id: "c", name: "shell", arguments: '{"commands":[]}' } }, END],
    CONTEXT,
  );
  assert.equal((body["output"] as unknown as JsonObject[])[0]?.["type"], "function_call");
});

test("3.5: a cut or filtered answer is incomplete, and says why", () => {
  for (const [finish, reason] of [
    ["length", "max_output_tokens"],
    ["filter", "content_filter"],
  ] as const) {
    const events = write([
      { kind: "text", text: "ha" },
      { ...END, finish },
    ]);
    assert.equal(events.at(-1)?.["type"], "response.incomplete");
    const response = lastResponse(events);
    assert.deepEqual(response["incomplete_details"], { reason });
    assert.match(JSON.stringify(response["output"]), /"status":"incomplete"/);
  }
});

test("R6: a failure is told in the stream, is never a clean end, and names no place", () => {
  const events = write([
    { kind: "text", text: "half" },
    { kind: "failed", code: "upstream-broken", message: "connect ECONNREFUSED 10.1.2.3:8000" },
    END,
  ]);
  const types = events.map(({ type }) => type);
  assert.equal(types.at(-1), "response.failed");
  assert.ok(!types.includes("response.output_item.done"));
  assert.deepEqual(lastResponse(events)["error"], {
    code: "server_error",
    message: "connect ECONNREFUSED (address)",
  });
});

test("a context that is too long is told in the code that clients know", () => {
  const events = write([{ kind: "failed", code: "context-overflow", message: "too long" }]);
  assert.equal((lastResponse(events)["error"] as JsonObject)["code"], "context_length_exceeded");
});

test("refusals are not shown, and what the airlock adds stands in the last response", () => {
  const extension = {
    recovered: [{ id: "c", name: "Read", dialect: "hermes" }],
    refused: [{ cause: "truncated" as const, detail: "cut" }],
    retries: 1,
  };
  const events = write([
    { kind: "refused", cause: "truncated", detail: "cut" },
    { ...END, extension },
  ]);
  assert.deepEqual(lastResponse(events)["output"], []);
  assert.deepEqual(lastResponse(events)["cloister"], extension);
});

test("a sign of life is a numbered event, before the first word and after, and none after the end", () => {
  const writer = createWriter(REQUEST, CONTEXT);
  const events = parseWire(
    Buffer.concat([
      writer.ping(),
      writer.ping(),
      writer.write({ kind: "start" }),
      writer.write(END),
      writer.ping(),
      writer.write(END),
    ]),
  );
  assert.deepEqual(
    events.map(({ type }) => type),
    ["response.created", "response.in_progress", "response.in_progress", "response.completed"],
  );
});

test("an answer in one piece is the last response of the stream, and one without end has failed", () => {
  const events: TurnEvent[] = [{ kind: "text", text: "x" }, END];
  assert.deepEqual(writeWhole(REQUEST, events, CONTEXT), lastResponse(write(events)));
  assert.equal(writeWhole(REQUEST, events.slice(0, 1), CONTEXT)["status"], "failed");
});

test("an answer without measure fails instead of filling the memory", () => {
  const writer = createWriter(REQUEST, CONTEXT, { answerCharsMax: 10 });
  for (const text of ["12345", "67890"]) {
    assert.ok(!writer.write({ kind: "text", text }).includes("response.failed"));
  }
  const wire = writer.write({ kind: "text", text: "one more" });
  assert.equal(parseWire(wire).at(-1)?.["type"], "response.failed");
  assert.equal(writer.write(END).length, 0);
});

test("whatever is written is read back, in whatever pieces it comes", async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const next = random(seed);
    const events = randomEvents(next);
    const writer = createWriter(REQUEST, CONTEXT);
    const wire = Buffer.concat(
      events.flatMap((event) =>
        next() < 0.1 ? [writer.ping(), writer.write(event)] : [writer.write(event)],
      ),
    );
    const frames = await Array.fromAsync(readStream(cut(wire, next)));
    assert.deepEqual(joined(frames.flatMap((frame) => frame.events)), joined(events), `seed ${seed}`);
    assertLegal(frames, seed);
    const whole = responsesProtocol.readWhole(writeWhole(REQUEST, events, CONTEXT));
    if (events.at(-1)?.kind === "end") assert.deepEqual(joined(whole), joined(events), `seed ${seed}, whole`);
  }
});

/** Every item is opened before, and closed after, what is said about it, and the last event repeats them all. */
function assertLegal(frames: readonly Frame[], seed: number): void {
  const events = parseWire(Buffer.concat(frames.map(({ raw }) => raw)));
  const closed: unknown[] = [];
  let open: unknown;
  for (const [index, event] of events.entries()) {
    assert.equal(event["sequence_number"], index, `seed ${seed}`);
    const item = event["item"] as JsonObject | undefined;
    if (event["type"] === "response.output_item.added") {
      assert.equal(open, undefined, `seed ${seed}: two items are open`);
      assert.equal(event["output_index"], closed.length, `seed ${seed}`);
      open = item?.["id"];
    } else if (event["type"] === "response.output_item.done") {
      assert.equal(item?.["id"], open, `seed ${seed}`);
      closed.push(item);
      open = undefined;
    } else if (event["item_id"] !== undefined) {
      assert.equal(event["item_id"], open, `seed ${seed}`);
    }
  }
  assert.deepEqual(lastResponse(events)["output"], closed, `seed ${seed}`);
}

function randomEvents(next: () => number): TurnEvent[] {
  const events: TurnEvent[] = [{ kind: "start", id: CONTEXT.id, model: CONTEXT.model }];
  let calls = 0;
  for (let count = Math.floor(next() * 12); count > 0; count -= 1) {
    const roll = next();
    const text = ["a", "é🙂", "\n\n", ' "q" ', "data: x"][Math.floor(next() * 5)] ?? "";
    if (roll < 0.4) events.push({ kind: "text", text });
    else if (roll < 0.6) events.push({ kind: "reasoning", text });
    else {
      const name = ["Read", "ns__spawn", "patch", "ns__exec", "local_shell"][Math.floor(next() * 5)] ?? "";
      const args =
        name === "local_shell" ? { command: [text] } : name === "Read" ? { [text]: 1 } : { input: text };
      const call = { id: `c${calls}`, name, arguments: JSON.stringify(args) };
      events.push({ kind: "call", call });
      calls += 1;
    }
  }
  if (next() < 0.1) {
    events.push({ kind: "failed", code: "upstream-error", message: "it broke" });
    return events;
  }
  const finish = next() < 0.2 ? "length" : calls > 0 ? "calls" : "stop";
  const usage = { promptTokens: Math.floor(next() * 99), cachedTokens: 2, completionTokens: 3 };
  events.push({ kind: "end", finish, ...(next() < 0.8 ? { usage } : {}) });
  return events;
}

/** Neighbouring pieces as one, for how text was cut is nobody's business. */
function joined(events: readonly TurnEvent[]): TurnEvent[] {
  const out: TurnEvent[] = [];
  for (const event of events) {
    const last = out.at(-1);
    if (event.kind === "text" && last?.kind === "text") {
      out[out.length - 1] = { kind: "text", text: last.text + event.text };
    } else if (event.kind === "reasoning" && last?.kind === "reasoning") {
      out[out.length - 1] = { kind: "reasoning", text: last.text + event.text };
    } else {
      out.push(event);
    }
  }
  return out;
}

async function* cut(bytes: Buffer, next: () => number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const size = 1 + Math.floor(next() * 400);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

function write(events: readonly TurnEvent[], request: TurnRequest = REQUEST): JsonObject[] {
  const writer = createWriter(request, CONTEXT);
  return parseWire(Buffer.concat(events.map((event) => writer.write(event))));
}

function parseWire(bytes: Buffer): JsonObject[] {
  return bytes
    .toString()
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => {
      const [, name, json] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? [];
      const event = JSON.parse(json ?? "") as JsonObject;
      // T13: the name is the type.
      assert.equal(name, event["type"]);
      return event;
    });
}

function lastResponse(events: readonly JsonObject[]): JsonObject {
  return events.at(-1)?.["response"] as JsonObject;
}

function outputOf(events: readonly TurnEvent[]): JsonObject[] {
  return lastResponse(write(events))["output"] as unknown as JsonObject[];
}

/** Park and Miller's minimal standard generator: the same seed, the same answer. */
function random(seed: number): () => number {
  let state = seed * 7919;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

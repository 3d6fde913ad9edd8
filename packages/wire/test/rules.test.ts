/** The rules of translation that hold between two protocols, from the request of one to the request of the other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { chatProtocol } from "../src/protocols/chat/chat.ts";
import { messagesProtocol } from "../src/protocols/messages/messages.ts";
import type { Protocol } from "../src/protocols/protocol.ts";
import { responsesProtocol } from "../src/protocols/responses/responses.ts";
import type { TurnEvent } from "../src/turn.ts";

const hi = { role: "user", content: "hi" };
const tool = { name: "Read", input_schema: { type: "object", properties: {} } };

test("Q15, Q16: stop texts, temperature, top_p and top_k keep their values from Messages to Chat", () => {
  const { body } = translate(messagesProtocol, chatProtocol, {
    stop_sequences: ["END"],
    temperature: 0.3,
    top_p: 0.9,
    top_k: 20,
  });
  assert.deepEqual(
    [body["stop"], body["temperature"], body["top_p"], body["top_k"]],
    [["END"], 0.3, 0.9, 20],
  );
});

test("Q19: who the user is stays here, and is on the losses", () => {
  const { text, paths } = translate(messagesProtocol, chatProtocol, {
    metadata: { user_id: JSON.stringify({ account: "ann-7", session: "s-1" }) },
  });
  assert.ok(!text.includes("ann-7"));
  assert.ok(paths.some((path) => path.startsWith("metadata")));
});

test("Q21: marks for a cache go nowhere but to Messages", () => {
  const mark = { cache_control: { type: "ephemeral" } };
  const { text } = translate(messagesProtocol, chatProtocol, {
    system: [{ type: "text", text: "Be brief.", ...mark }],
    tools: [{ ...tool, ...mark }],
    messages: [{ role: "user", content: [{ type: "text", text: "hi", ...mark }] }],
  });
  assert.ok(!text.includes("cache_control"));
});

test("Q10: a signature and what only its maker can read never reach a server of another protocol", () => {
  const messages = [
    hi,
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Look first.", signature: "signed-elsewhere" },
        { type: "redacted_thinking", data: "sealed-elsewhere" },
        { type: "text", text: "Looking." },
      ],
    },
    hi,
  ];
  for (const upstream of [chatProtocol, responsesProtocol]) {
    const { text, paths } = translate(messagesProtocol, upstream, { messages });
    assert.ok(!text.includes("elsewhere"), upstream.name);
    assert.equal(paths.filter((path) => path.startsWith("messages[1].content")).length, 2, upstream.name);
  }
});

test("R1: encrypted reasoning never reaches a server of another protocol, and is a loss", () => {
  const input = [
    hi,
    { type: "reasoning", summary: [], encrypted_content: "sealed-elsewhere" },
    { role: "assistant", content: [{ type: "output_text", text: "Looking." }] },
    hi,
  ];
  for (const upstream of [chatProtocol, messagesProtocol]) {
    const { text, paths } = translate(responsesProtocol, upstream, { input });
    assert.ok(!text.includes("elsewhere"), upstream.name);
    assert.ok(paths.includes("input[1].encrypted_content"), upstream.name);
  }
});

test("3.4: a Chat client's request becomes one that Messages takes", () => {
  const { body } = translate(chatProtocol, messagesProtocol, {
    messages: [
      { role: "developer", content: "Be brief." },
      { role: "assistant", content: "Ready." },
      { role: "user", content: "read" },
      {
        role: "assistant",
        content: "",
        tool_calls: ["a", "b"].map((id) => ({
          id,
          type: "function",
          function: { name: "Read", arguments: "{}" },
        })),
      },
      { role: "tool", tool_call_id: "a", content: "1" },
      { role: "tool", tool_call_id: "b", content: "2" },
    ],
    tools: [{ type: "function", function: { name: "Read", parameters: tool.input_schema } }],
    tool_choice: "required",
    parallel_tool_calls: false,
  });
  const messages = body["messages"] as readonly JsonObject[];
  assert.deepEqual(
    messages.map(({ role }) => role),
    ["user", "assistant", "user", "assistant", "user"],
  );
  const { content } = messages.at(-1) ?? {};
  assert.equal(Array.isArray(content) && content.length, 2);
  assert.deepEqual(body["tool_choice"], { type: "any", disable_parallel_tool_use: true });
  assert.equal(typeof body["max_tokens"], "number");
  assert.ok(!JSON.stringify(messages).includes('"text":""'));
});

test("T11: an answer without a word is a failure in every protocol, and not an end", async () => {
  for (const protocol of [chatProtocol, messagesProtocol, responsesProtocol]) {
    const events: TurnEvent[] = [];
    for await (const frame of protocol.readStream(nothing())) events.push(...frame.events);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ["failed"],
      protocol.name,
    );
  }
});

test("3.6: input is counted with its cached part in Chat and Responses, and without it in Messages", () => {
  const usage = { promptTokens: 100, cachedTokens: 80, completionTokens: 7 };
  const events: TurnEvent[] = [
    { kind: "text", text: "Done." },
    { kind: "end", finish: "stop", usage },
  ];
  const usageOf = (protocol: Protocol): JsonObject => {
    const given = { model: "m", max_tokens: 9, [protocol.itemsField]: [hi] };
    const whole = protocol.writeWhole(protocol.parseRequest(given), events, {
      id: "a",
      model: "m",
      created: 0,
    });
    return whole["usage"] as JsonObject;
  };
  const chat = usageOf(chatProtocol);
  assert.deepEqual([chat["prompt_tokens"], chat["prompt_tokens_details"]], [100, { cached_tokens: 80 }]);
  const messages = usageOf(messagesProtocol);
  assert.deepEqual([messages["input_tokens"], messages["cache_read_input_tokens"]], [20, 80]);
  const responses = usageOf(responsesProtocol);
  assert.equal(responses["input_tokens"], 100);
  assert.deepEqual(responses["input_tokens_details"], { cached_tokens: 80 });
});

test("G1: a field that nobody knows is a loss with its path, a reason and its weight, through every door", () => {
  for (const door of [chatProtocol, messagesProtocol, responsesProtocol]) {
    const given = { model: "m", max_tokens: 9, [door.itemsField]: [hi], frobnicate: { depth: 3 } };
    const losses = door.parseRequest(given).losses.filter(({ path }) => path === "frobnicate");
    assert.equal(losses.length, 1, door.name);
    assert.ok(["semantic", "cosmetic"].includes(losses[0]?.severity ?? ""), door.name);
    assert.ok((losses[0]?.reason ?? "") !== "", door.name);
    for (const upstream of [chatProtocol, messagesProtocol, responsesProtocol]) {
      assert.ok(!translate(door, upstream, { frobnicate: { depth: 3 } }).text.includes("frobnicate"));
    }
  }
});

test("G6: arguments are a text in Chat and Responses and an object in Messages, and nothing at all is {}", () => {
  const call = (text: string): JsonObject => ({
    messages: [
      hi,
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "a", type: "function", function: { name: "Read", arguments: text } }],
      },
      { role: "tool", tool_call_id: "a", content: "1" },
    ],
  });
  // Keys keep their order, and a text its own spacing where it stays one.
  const spaced = '{ "b": [1, null], "a": "x\\u0000" }';
  const messages = translate(chatProtocol, messagesProtocol, call(spaced));
  assert.ok(messages.text.includes(`"input":${JSON.stringify(JSON.parse(spaced))}`), messages.text);
  const responses = translate(chatProtocol, responsesProtocol, call(spaced));
  assert.ok(responses.text.includes(`"arguments":${JSON.stringify(spaced)}`), responses.text);
  assert.ok(translate(chatProtocol, messagesProtocol, call("")).text.includes('"input":{}'));
  assert.ok(translate(chatProtocol, responsesProtocol, call("")).text.includes('"arguments":"{}"'));

  const back = translate(messagesProtocol, chatProtocol, {
    messages: [
      hi,
      { role: "assistant", content: [{ type: "tool_use", id: "a", name: "Read", input: { b: 1, a: 2 } }] },
    ],
  });
  assert.ok(back.text.includes(JSON.stringify('{"b":1,"a":2}')), back.text);
});

test("R4: a finished call has its call_id and all of its arguments, and a whole answer ends with response.completed", () => {
  const request = responsesProtocol.parseRequest({
    model: "m",
    input: "hi",
    tools: [{ type: "function", name: "Read" }],
  });
  const writer = responsesProtocol.createWriter(request, { id: "a", model: "m", created: 0 });
  const events: readonly TurnEvent[] = [
    { kind: "text", text: "Looking." },
    { kind: "call", call: { id: "c1", name: "Read", arguments: '{"file_path":"a"}' } },
    { kind: "end", finish: "calls" },
  ];
  const written = Buffer.concat(events.map((event) => writer.write(event)))
    .toString()
    .split("\n\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text.slice(text.indexOf("\ndata: ") + 7)) as JsonObject);
  const done = written
    .filter(({ type }) => type === "response.output_item.done")
    .map(({ item }) => item as JsonObject);
  const finished = done.find(({ type }) => type === "function_call");
  assert.deepEqual([finished?.["call_id"], finished?.["arguments"]], ["c1", '{"file_path":"a"}']);
  assert.equal(written.at(-1)?.["type"], "response.completed");
});

interface Translated {
  readonly body: JsonObject;
  readonly text: string;
  /** Of everything that was lost on the way. */
  readonly paths: readonly string[];
}

function translate(door: Protocol, upstream: Protocol, fields: JsonObject): Translated {
  const request = door.parseRequest({ model: "m", max_tokens: 9, [door.itemsField]: [hi], ...fields });
  const { body, losses } = upstream.formatRequest(request, { midSystem: "as-user" });
  const paths = [...request.losses, ...losses].map(({ path }) => path);
  return { body, text: JSON.stringify(body), paths };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // Headers came, and the connection closed.
}

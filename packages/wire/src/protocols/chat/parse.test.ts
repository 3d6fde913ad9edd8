import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError } from "@cloister/base";
import type { TurnRequest } from "../../turn.ts";
import { parseChatRequest } from "./parse.ts";

const hi = { role: "user", content: "hi" };

test("leading system and developer messages stand before the conversation, later ones in it", () => {
  const { system, items } = parse({
    messages: [
      { role: "system", content: "a" },
      { role: "developer", content: [{ type: "text", text: "b" }] },
      hi,
      { role: "system", content: "later" },
    ],
  });
  assert.deepEqual(system, ["a", "b"]);
  assert.deepEqual(items, [
    { kind: "user", parts: [{ kind: "text", text: "hi" }] },
    { kind: "system", text: "later" },
  ]);
});

test("a string and a list with one text are the same content", () => {
  const list = parse({ messages: [{ role: "user", content: [{ type: "text", text: "hi" }] }] });
  assert.deepEqual(list.items, parse({ messages: [hi] }).items);
});

test("images are taken as URLs, as data, and as bare strings", () => {
  const { items, losses } = parse({
    messages: [
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } },
          { type: "image_url", image_url: "https://example.org/a.png" },
        ],
      },
    ],
  });
  const images = [
    { kind: "image", mediaType: "image/png", base64: "AAAA" },
    { kind: "image", url: "https://example.org/a.png" },
  ];
  assert.deepEqual(items, [{ kind: "user", parts: images }]);
  assert.deepEqual(paths(losses), ["messages[0].content[0].image_url.detail"]);
});

test("calls, their results and reasoning under either name become items", () => {
  const call = { id: "c1", type: "function", function: { name: "Read", arguments: '{"a":1}' } };
  const { items, losses } = parse({
    messages: [
      hi,
      { role: "assistant", content: null, reasoning: "Hm.", tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "x" }] },
      { role: "assistant", content: [{ type: "refusal", refusal: "No." }], reasoning_content: "R" },
    ],
  });
  assert.deepEqual(items.slice(1), [
    {
      kind: "assistant",
      text: "",
      reasoning: "Hm.",
      calls: [{ id: "c1", name: "Read", arguments: '{"a":1}' }],
    },
    { kind: "result", callId: "c1", parts: [{ kind: "text", text: "x" }], isError: false },
    { kind: "assistant", text: "No.", reasoning: "R", calls: [] },
  ]);
  assert.deepEqual(losses, []);
});

test("functions and function calls of old clients become tools and calls with an id of their place", () => {
  const { tools, toolChoice, items } = parse({
    messages: [
      hi,
      { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
      { role: "function", name: "f", content: "done" },
    ],
    functions: [{ name: "f" }],
    function_call: { name: "f" },
  });
  assert.deepEqual(tools, [{ name: "f", parameters: { type: "object", properties: {} } }]);
  assert.deepEqual(toolChoice, { name: "f" });
  const [, assistant, result] = items;
  assert.ok(assistant?.kind === "assistant" && result?.kind === "result");
  assert.deepEqual(assistant.calls, [{ id: "call_1_0", name: "f", arguments: "{}" }]);
  assert.equal(result.callId, "call_1_0");
});

test("results without an id answer the calls in their order", () => {
  const call = (name: string): object => ({ type: "function", function: { name, arguments: {} } });
  const { items } = parse({
    messages: [
      hi,
      { role: "assistant", tool_calls: [call("a"), call("b")] },
      { role: "tool", content: "1" },
      { role: "tool", content: "2" },
    ],
  });
  assert.deepEqual(
    items.flatMap((item) => (item.kind === "result" ? [item.callId] : [])),
    ["call_1_0", "call_1_1"],
  );
});

test("sampling, format, effort, choice and the stream's options are carried", () => {
  const turn = parse({
    messages: [hi],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 5,
    max_completion_tokens: 7,
    temperature: 0,
    top_p: 0.5,
    top_k: 3,
    seed: 1,
    stop: "END",
    tools: [{ type: "function", function: { name: "f", parameters: { type: "object" }, strict: true } }],
    tool_choice: { type: "function", function: { name: "f" } },
    parallel_tool_calls: false,
    reasoning_effort: "low",
    response_format: { type: "json_schema", json_schema: { name: "n", schema: { a: 1 }, strict: true } },
  });
  assert.deepEqual(turn.sampling, {
    temperature: 0,
    topP: 0.5,
    topK: 3,
    maxTokens: 7,
    seed: 1,
    stop: ["END"],
  });
  assert.deepEqual(turn.toolChoice, { name: "f" });
  assert.deepEqual(turn.tools, [{ name: "f", parameters: { type: "object" }, strict: true }]);
  assert.equal(turn.parallelCalls, false);
  assert.deepEqual(turn.reasoning, { effort: "low" });
  assert.deepEqual(turn.format, { kind: "schema", name: "n", schema: { a: 1 }, strict: true });
  assert.ok(turn.stream && turn.includeUsage);
  assert.deepEqual(turn.losses, []);
});

test("G2: what is not known is a loss and never an error", () => {
  const { losses } = parse({
    messages: [
      { ...hi, name: "bob", cache_control: { type: "ephemeral" } },
      { role: "user", content: [{ type: "input_audio", input_audio: { data: "AA" } }] },
    ],
    user: "u",
    logit_bias: { "1": 5 },
    n: 2,
    tools: [
      { type: "web_search" },
      { type: "function", function: { name: "f" }, eager_input_streaming: true },
    ],
    tool_choice: "sometimes",
    nothing: null,
  });
  assert.deepEqual(losses.map(({ path, severity }) => `${severity} ${path}`).sort(), [
    "cosmetic messages[0].cache_control",
    "cosmetic messages[0].name",
    "cosmetic tools[1].eager_input_streaming",
    "cosmetic user",
    "semantic logit_bias",
    "semantic messages[1].content[0]",
    "semantic n",
    "semantic tool_choice",
    "semantic tools[0]",
  ]);
});

test("a hostile number of unknown fields gives a short loss list that says there was more", () => {
  const fields = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`user_${at}`, 1]));
  const { losses } = parse({ messages: [hi], ...fields });
  assert.equal(losses.length, 1000);
  assert.equal(losses.at(-1)?.severity, "semantic");
});

test("where lines came from is ours, and neither a loss nor carried", () => {
  const turn = parse({ messages: [{ ...hi, cloister: { source: "user" } }] });
  assert.deepEqual(turn.losses, []);
});

test("a bad request names the field", () => {
  for (const [fields, path] of [
    [{}, "messages"],
    [{ messages: [] }, "messages"],
    [{ messages: [hi], model: "" }, "model"],
    [{ messages: ["hi"] }, "messages[0]"],
    [{ messages: [{ role: "oracle", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "user", content: 5 }] }, "messages[0].content"],
    [{ messages: [{ role: "user", content: ["x"] }] }, "messages[0].content[0]"],
    [{ messages: [{ role: "tool", content: "x" }] }, "messages[0].tool_call_id"],
    [
      { messages: [{ role: "assistant", tool_calls: [{ function: {} }] }] },
      "messages[0].tool_calls[0].function.name",
    ],
    [{ messages: [hi], temperature: "hot" }, "temperature"],
    [{ messages: [hi], stream: "yes" }, "stream"],
    [{ messages: [hi], stop: [1] }, "stop"],
    [{ messages: [hi], tools: [{ type: "function" }] }, "tools[0].function"],
    [
      { messages: [hi], tools: [{ type: "function", function: { name: "f", parameters: 1 } }] },
      "tools[0].function.parameters",
    ],
  ] as const) {
    assert.throws(
      () => parse(fields),
      (error) => {
        assert.ok(error instanceof CloisterError && error.code === "bad-request");
        assert.ok(error.message.startsWith(`${path} `), `${error.message} should name ${path}`);
        return true;
      },
    );
  }
});

test("a limit that is none is read as no limit", () => {
  assert.deepEqual(parse({ messages: [hi], max_tokens: -1 }).sampling, {});
});

function parse(fields: object): TurnRequest {
  return parseChatRequest({ model: "m", ...fields });
}

function paths(losses: TurnRequest["losses"]): string[] {
  return losses.map(({ path }) => path);
}

import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import type { Loss, Part, TurnItem, TurnRequest } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { formatChatRequest } from "./format.ts";

const keep: FormatOptions = { midSystem: "keep" };

test("BS-24: system texts are one first message, joined with a blank line", () => {
  const { messages } = format({ system: ["a", "", "b"], items: [user("hi")] });
  assert.deepEqual(messages, [
    { role: "system", content: "a\n\nb" },
    { role: "user", content: "hi" },
  ]);
});

test("Q3: a system text in the middle keeps its place, as it is or in a fixed marker", () => {
  const items: TurnItem[] = [user("hi"), { kind: "system", text: "mind" }, user("go")];
  assert.deepEqual(format({ items }).messages[1], { role: "system", content: "mind" });
  const { messages, losses } = format({ items }, { midSystem: "as-user" });
  assert.deepEqual(messages[1], {
    role: "user",
    content: "<system-message>\nmind\n</system-message>",
  });
  assert.deepEqual(paths(losses), ["items[1]"]);
});

test("Q4: results stand directly after their calls in the calls' order, whatever came between them", () => {
  const items = [user("hi"), calls("a", "b"), result("b", "2"), user("wait"), result("a", "1")];
  const { messages, losses } = format({ items });
  assert.deepEqual(messages.slice(2), [
    { role: "tool", tool_call_id: "a", content: "1" },
    { role: "tool", tool_call_id: "b", content: "2" },
    { role: "user", content: "wait" },
  ]);
  assert.deepEqual(losses, []);
});

test("Q4: a missing result is a fixed text and a loss, once something follows", () => {
  const items = [calls("a", "b"), result("b", "2")];
  assert.deepEqual(format({ items }).messages.slice(1), [{ role: "tool", tool_call_id: "b", content: "2" }]);
  const { messages, losses } = format({ items: [...items, user("on")] });
  assert.deepEqual(messages[1], { role: "tool", tool_call_id: "a", content: "No result." });
  assert.deepEqual(paths(losses), ["items[0].calls[0]"]);
});

test("a result that answers nothing is kept as the user's, with a loss", () => {
  const { messages, losses } = format({ items: [calls("a"), result("a", "1"), result("z", "lost")] });
  assert.deepEqual(messages[2], {
    role: "user",
    content: [
      { type: "text", text: "[result of an earlier tool call]" },
      { type: "text", text: "lost" },
    ],
  });
  assert.deepEqual(paths(losses), ["items[2]"]);
});

test("a second result of one call does not take the place of the first", () => {
  const { messages } = format({ items: [calls("a"), result("a", "1"), result("a", "2")] });
  assert.equal(messages[1]?.["content"], "1");
  assert.ok(JSON.stringify(messages[2]).includes('"2"'));
});

test("Q5: images of results are numbered, and follow all results in a user message of their own", () => {
  const image: Part = { kind: "image", mediaType: "image/png", base64: "AA" };
  const items: TurnItem[] = [
    calls("a", "b"),
    { kind: "result", callId: "a", parts: [{ kind: "text", text: "x" }, image], isError: false },
    { kind: "result", callId: "b", parts: [image, { kind: "text", text: "y" }], isError: false },
    user("go"),
  ];
  const url = { url: "data:image/png;base64,AA" };
  assert.deepEqual(format({ items }).messages.slice(1), [
    { role: "tool", tool_call_id: "a", content: "x\n[image 1 below]" },
    { role: "tool", tool_call_id: "b", content: "[image 2 below]\ny" },
    {
      role: "user",
      content: [
        { type: "text", text: "[image 1]" },
        { type: "image_url", image_url: url },
        { type: "text", text: "[image 2]" },
        { type: "image_url", image_url: url },
      ],
    },
    { role: "user", content: "go" },
  ]);
});

test("Q6: a failed result begins with the line Error:", () => {
  const failed: TurnItem = {
    kind: "result",
    callId: "a",
    parts: [{ kind: "text", text: "no such file" }],
    isError: true,
  };
  assert.equal(format({ items: [calls("a"), failed] }).messages[1]?.["content"], "Error:\nno such file");
});

test("Q9: content is null beside calls, a string without them", () => {
  assert.equal(format({ items: [calls("a")] }).messages[0]?.["content"], null);
  const empty: TurnItem = { kind: "assistant", text: "", reasoning: "", calls: [] };
  assert.deepEqual(format({ items: [empty] }).messages, [{ role: "assistant", content: "" }]);
});

test("Q10: reasoning goes back only in the field that the server uses; empty only where its absence is an error", () => {
  const items: TurnItem[] = [
    { kind: "assistant", text: "x", reasoning: "R", calls: [] },
    calls("a"),
    { kind: "assistant", text: "y", reasoning: "", calls: [] },
  ];
  const without = format({ items });
  assert.ok(!JSON.stringify(without.messages).includes("reasoning"));
  assert.deepEqual(paths(without.losses), ["items[0].reasoning", "items[1].calls[0]"]);
  const { messages } = format({ items }, { ...keep, reasoningField: "reasoning" });
  assert.deepEqual(
    messages.filter(({ role }) => role === "assistant").map(({ reasoning }) => reasoning),
    ["R", undefined, undefined],
  );
  const strict = format({ items }, { ...keep, reasoningField: "reasoning", reasoningEvenEmpty: true });
  assert.deepEqual(
    strict.messages.filter(({ role }) => role === "assistant").map(({ reasoning }) => reasoning),
    ["R", "", undefined],
  );
});

test("arguments in the history that are no JSON object are sent as {} with a loss, sound ones byte for byte", () => {
  const item: TurnItem = {
    kind: "assistant",
    text: "",
    reasoning: "",
    calls: ['{"a": 1 }', '{"cut', "", "[1]"].map((text, at) => ({
      id: `${at}`,
      name: "f",
      arguments: text,
    })),
  };
  const { messages, losses } = format({ items: [item] });
  const sent = JSON.stringify(messages[0]?.["tool_calls"]);
  assert.deepEqual(
    Array.from(sent.matchAll(/"arguments":("(?:[^"\\]|\\.)*")/g), ([, text = ""]) => JSON.parse(text)),
    ['{"a": 1 }', "{}", "{}", "{}"],
  );
  assert.deepEqual(paths(losses), ["items[0].calls[1].arguments", "items[0].calls[3].arguments"]);
});

test("Q18: a streamed request always asks for the usage, an unstreamed one has no stream options", () => {
  assert.deepEqual(format({ stream: true }).body["stream_options"], { include_usage: true });
  assert.ok(!("stream_options" in format({ stream: false }).body));
});

test("fields that strict servers refuse without tools are left out", () => {
  const { body, losses } = format({ toolChoice: "required", parallelCalls: false });
  assert.deepEqual(Object.keys(body), ["model", "stream", "messages"]);
  assert.deepEqual(paths(losses), ["toolChoice"]);
});

test("Q14, Q17: the limit has the field and default of the server, a budget becomes one word", () => {
  const options: FormatOptions = {
    ...keep,
    maxTokensDefault: 9,
    maxTokensField: "max_completion_tokens",
  };
  assert.equal(format({}, options).body["max_completion_tokens"], 9);
  for (const [budgetTokens, word] of [
    [1000, "low"],
    [5000, "medium"],
    [20_000, "high"],
  ] as const) {
    assert.equal(format({ reasoning: { budgetTokens } }).body["reasoning_effort"], word);
  }
});

test("G5: a tool's schema goes through unchanged", () => {
  const parameters = { type: "object", $defs: { a: {} }, additionalProperties: false, anyOf: [] };
  const { body } = format({ tools: [{ name: "f", description: "d", parameters }] });
  assert.deepEqual(body["tools"], [
    { type: "function", function: { name: "f", description: "d", parameters } },
  ]);
});

function format(
  turn: Partial<TurnRequest>,
  options: FormatOptions = keep,
): { body: JsonObject; messages: readonly JsonObject[]; losses: readonly Loss[] } {
  const whole: TurnRequest = {
    model: "m",
    stream: false,
    system: [],
    items: [],
    tools: [],
    sampling: {},
    includeUsage: false,
    losses: [],
    ...turn,
  };
  const { body, losses } = formatChatRequest(whole, options);
  assert.equal(Object.keys(body).at(-1), "messages");
  return { body, messages: body["messages"] as readonly JsonObject[], losses };
}

function user(text: string): TurnItem {
  return { kind: "user", parts: [{ kind: "text", text }] };
}

function calls(...ids: string[]): TurnItem {
  const list = ids.map((id) => ({ id, name: "f", arguments: "{}" }));
  return { kind: "assistant", text: "", reasoning: "", calls: list };
}

function result(callId: string, text: string): TurnItem {
  return { kind: "result", callId, parts: [{ kind: "text", text }], isError: false };
}

function paths(losses: readonly Loss[]): string[] {
  return losses.map(({ path }) => path);
}

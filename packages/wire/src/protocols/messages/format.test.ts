import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import type { TurnItem, TurnRequest } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { formatMessagesRequest } from "./format.ts";

const user = (text: string): TurnItem => ({ kind: "user", parts: [{ kind: "text", text }] });
const result = (callId: string, text: string): TurnItem => ({
  kind: "result",
  callId,
  parts: [{ kind: "text", text }],
  isError: false,
});
const calls = (...ids: string[]): TurnItem => ({
  kind: "assistant",
  text: "",
  reasoning: "",
  calls: ids.map((id) => ({ id, name: "Read", arguments: '{"n": 1}' })),
});

test("consecutive results and the user's text behind them are one user turn, results first", () => {
  const { body } = format({
    items: [user("go"), calls("a", "b"), result("a", "1"), result("b", "2"), user("ok?")],
  });
  assert.deepEqual(body["messages"], [
    { role: "user", content: [{ type: "text", text: "go" }] },
    {
      role: "assistant",
      content: [
        { type: "tool_use", id: "a", name: "Read", input: { n: 1 } },
        { type: "tool_use", id: "b", name: "Read", input: { n: 1 } },
      ],
    },
    {
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "1" }] },
        { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "2" }] },
        { type: "text", text: "ok?" },
      ],
    },
  ]);
});

test("a call that was never answered gets a fixed result once something else follows", () => {
  const before = format({ items: [user("go"), calls("a", "b"), result("a", "1")] });
  assert.ok(!JSON.stringify(before.body).includes("No result."));
  const after = format({ items: [user("go"), calls("a", "b"), result("a", "1"), user("next")] });
  assert.deepEqual(contentOf(after.body, 2), [
    { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "1" }] },
    { type: "tool_result", tool_use_id: "b", content: [{ type: "text", text: "No result." }] },
    { type: "text", text: "next" },
  ]);
  assert.deepEqual(
    after.losses.map(({ path, severity }) => [path, severity]),
    [["items[3]", "semantic"]],
  );
});

test("a result without its call is told as text, behind the results that are due", () => {
  const { body, losses } = format({
    items: [user("go"), calls("a"), result("x", "stray"), result("a", "1")],
  });
  assert.deepEqual(contentOf(body, 2), [
    { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "1" }] },
    { type: "text", text: "A result whose call is not here:" },
    { type: "text", text: "stray" },
  ]);
  assert.equal(losses[0]?.path, "items[2]");
});

test("ids that repeat or hold other characters become unique ones, the same in call and result", () => {
  const { body } = format({
    items: [
      calls("call_1", "f.Read:0"),
      result("f.Read:0", "2"),
      result("call_1", "1"),
      calls("call_1"),
      result("call_1", "3"),
    ],
  });
  const blocks = (body["messages"] as { content: JsonObject[] }[]).flatMap(({ content }) => content);
  const made = blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id as string);
  const answered = blocks.filter(({ type }) => type === "tool_result").map((block) => block["tool_use_id"]);
  assert.equal(new Set(made).size, 3);
  assert.equal(made[0], "call_1");
  for (const id of made) assert.match(id, /^[a-zA-Z0-9_-]+$/);
  assert.deepEqual(answered, [made[1], made[0], made[2]]);
});

test("an error is marked, and arguments that are no object become an empty one with a loss", () => {
  const { body, losses } = format({
    items: [
      user("go"),
      { kind: "assistant", text: "", reasoning: "", calls: [{ id: "a", name: "Read", arguments: '{"n":' }] },
      { kind: "result", callId: "a", parts: [], isError: true },
    ],
  });
  assert.deepEqual(contentOf(body, 1), [{ type: "tool_use", id: "a", name: "Read", input: {} }]);
  assert.deepEqual(contentOf(body, 2), [
    { type: "tool_result", tool_use_id: "a", content: [], is_error: true },
  ]);
  assert.deepEqual(
    losses.map(({ path }) => path),
    ["items[1].calls[0]"],
  );
});

test("no arguments at all are an empty object, and no loss", () => {
  const { body, losses } = format({
    items: [
      user("go"),
      { kind: "assistant", text: "", reasoning: "", calls: [{ id: "a", name: "List", arguments: "" }] },
    ],
  });
  assert.deepEqual(contentOf(body, 1), [{ type: "tool_use", id: "a", name: "List", input: {} }]);
  assert.deepEqual(losses, []);
});

test("texts of blanks are not sent, and a message of nothing else is none", () => {
  const { body } = format({
    system: ["", " "],
    items: [
      user("hi"),
      { kind: "assistant", text: "\n", reasoning: "", calls: [] },
      user(" "),
      user("there"),
    ],
  });
  assert.equal(body["system"], undefined);
  assert.deepEqual(body["messages"], [
    {
      role: "user",
      content: [
        { type: "text", text: "hi" },
        { type: "text", text: "there" },
      ],
    },
  ]);
});

test("a user speaks first, whatever the history begins with", () => {
  const { body } = format({ items: [{ kind: "assistant", text: "Yes?", reasoning: "", calls: [] }] });
  assert.deepEqual(
    (body["messages"] as { role: string }[]).map(({ role }) => role),
    ["user", "assistant"],
  );
});

test("a limit is always there: the request's, the endpoint's, or ours", () => {
  assert.equal(format({ sampling: { maxTokens: 7 } }, { maxTokensDefault: 9 }).body["max_tokens"], 7);
  assert.equal(format({}, { maxTokensDefault: 9 }).body["max_tokens"], 9);
  assert.equal(format({}).body["max_tokens"], 8192);
});

test("system texts in the middle keep their place, as they are or as the user's", () => {
  const items: TurnItem[] = [user("hi"), { kind: "system", text: "B" }, user("x")];
  const kept = format({ system: ["S"], items }, { midSystem: "keep" });
  assert.deepEqual((kept.body["messages"] as JsonObject[])[1], {
    role: "system",
    content: [{ type: "text", text: "B" }],
  });
  const twice = format(
    { items: [user("hi"), ...items.slice(1, 2), ...items.slice(1, 2)] },
    { midSystem: "keep" },
  );
  assert.equal((twice.body["messages"] as JsonObject[]).length, 3);
  const folded = format({ items }, { midSystem: "as-user" });
  assert.deepEqual(contentOf(folded.body, 0), [
    { type: "text", text: "hi" },
    { type: "text", text: "<system-message>\nB\n</system-message>" },
    { type: "text", text: "x" },
  ]);
  assert.deepEqual(
    folded.losses.map(({ path }) => path),
    ["items[1]"],
  );
});

test("reasoning of earlier turns is sent only where it is wanted, with no signature but ours", () => {
  const items: TurnItem[] = [user("hi"), { kind: "assistant", text: "Yes.", reasoning: "Hm.", calls: [] }];
  assert.deepEqual(contentOf(format({ items }).body, 1), [{ type: "text", text: "Yes." }]);
  assert.deepEqual(contentOf(format({ items }, { reasoningField: "reasoning_content" }).body, 1), [
    { type: "thinking", thinking: "Hm.", signature: "cloister" },
    { type: "text", text: "Yes." },
  ]);
});

test("breakpoints stand on the last tool and the last system text, and schemas are unchanged (G5)", () => {
  const parameters = {
    type: "object",
    additionalProperties: false,
    properties: { a: { type: ["string", "null"] } },
  };
  const { body } = format({
    system: ["a", "b"],
    tools: [
      { name: "A", parameters },
      { name: "B", description: "b", parameters: {}, strict: true },
    ],
  });
  assert.deepEqual(body["system"], [
    { type: "text", text: "a" },
    { type: "text", text: "b", cache_control: { type: "ephemeral" } },
  ]);
  assert.deepEqual(body["tools"], [
    { name: "A", input_schema: parameters },
    { name: "B", description: "b", input_schema: {}, strict: true, cache_control: { type: "ephemeral" } },
  ]);
});

test("required is any, no parallel calls is a switch in the choice, and no tools is no choice", () => {
  const tools = [{ name: "A", parameters: {} }];
  const choice = (turn: Partial<TurnRequest>): unknown => format({ tools, ...turn }).body["tool_choice"];
  assert.deepEqual(choice({ toolChoice: "required" }), { type: "any" });
  assert.deepEqual(choice({ toolChoice: { name: "A" }, parallelCalls: false }), {
    type: "tool",
    name: "A",
    disable_parallel_tool_use: true,
  });
  assert.deepEqual(choice({ parallelCalls: false }), { type: "auto", disable_parallel_tool_use: true });
  assert.deepEqual(choice({ toolChoice: "none", parallelCalls: false }), { type: "none" });
  assert.equal(choice({ parallelCalls: true }), undefined);
  assert.equal(choice({ toolChoice: "required", tools: [] }), undefined);
});

test("what Messages cannot say is a loss: seeds, penalties, a hot temperature, JSON without a schema", () => {
  const { body, losses } = format({
    sampling: { seed: 1, presencePenalty: 1, frequencyPenalty: 1, temperature: 1.5 },
    format: { kind: "json" },
    reasoning: { effort: "minimal" },
  });
  assert.equal(body["temperature"], 1);
  assert.deepEqual(body["output_config"], { effort: "low" });
  assert.deepEqual(
    losses.map(({ path }) => path),
    [
      "sampling.seed",
      "sampling.presencePenalty",
      "sampling.frequencyPenalty",
      "sampling.temperature",
      "reasoning.effort",
      "format",
    ],
  );
});

test("messages is the last field", () => {
  const { body } = format({
    items: [user("hi")],
    system: ["s"],
    tools: [{ name: "A", parameters: {} }],
    toolChoice: "auto",
    sampling: { temperature: 0, topP: 1, topK: 1, stop: ["x"] },
    reasoning: { effort: "high" },
    format: { kind: "schema", name: "n", schema: {} },
  });
  assert.equal(Object.keys(body).at(-1), "messages");
});

function format(
  turn: Partial<TurnRequest>,
  options: Partial<FormatOptions> = {},
): ReturnType<typeof formatMessagesRequest> {
  const base = { model: "m", stream: true, system: [], items: [], tools: [], sampling: {} };
  return formatMessagesRequest(
    { ...base, includeUsage: true, losses: [], ...turn },
    { midSystem: "as-user", ...options },
  );
}

function contentOf(body: JsonObject, index: number): unknown {
  const message = (body["messages"] as unknown[])[index];
  assert.ok(isRecord(message));
  return message["content"];
}

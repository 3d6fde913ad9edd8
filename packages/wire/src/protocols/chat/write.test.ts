import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import type { TurnEvent, TurnRequest } from "../../turn.ts";
import { createChatWriter, writeChatWhole } from "./write.ts";

const context = { id: "chatcmpl-1", model: "m", created: 1_700_000_000 };
const usage = { promptTokens: 9, cachedTokens: 4, completionTokens: 3 };
const call: TurnEvent = { kind: "call", call: { id: "c1", name: "f", arguments: '{"a":1}' } };

test("a stream is a role, the deltas, the finish, the usage if asked for, and [DONE]", () => {
  const chunks = write([
    { kind: "start", id: "of-the-server", model: "of-the-server" },
    { kind: "reasoning", text: "Hm." },
    { kind: "text", text: "a" },
    call,
    { kind: "call", call: { id: "c2", name: "g", arguments: "{}" } },
    { kind: "text", text: "b" },
    { kind: "end", finish: "calls", usage },
  ]);
  assert.equal(chunks.at(-1), "[DONE]");
  const parsed = chunks.slice(0, -1).map((text) => JSON.parse(text));
  for (const { id, model, created, object } of parsed) {
    assert.deepEqual([id, model, created, object], [...Object.values(context), "chat.completion.chunk"]);
  }
  assert.deepEqual(
    parsed.map(({ choices: [choice] }) => choice && [choice.delta, choice.finish_reason]),
    [
      [{ role: "assistant", content: "" }, null],
      [{ reasoning_content: "Hm." }, null],
      [{ content: "a" }, null],
      [{ tool_calls: [toolCall(0, "c1", "f", '{"a":1}')] }, null],
      [{ tool_calls: [toolCall(1, "c2", "g", "{}")] }, null],
      [{ content: "b" }, null],
      [{}, "tool_calls"],
      undefined,
    ],
  );
  assert.deepEqual(parsed.at(-1)?.usage, {
    prompt_tokens: 9,
    completion_tokens: 3,
    total_tokens: 12,
    prompt_tokens_details: { cached_tokens: 4 },
  });
});

test("a client that did not ask for the usage gets no chunk without choices", () => {
  const chunks = write([{ kind: "end", finish: "stop", usage }], false);
  assert.equal(chunks.length, 3);
  assert.ok(!chunks.some((text) => text.includes("usage")));
});

test("the extension stands on the chunk with the finish reason", () => {
  const extension = { recovered: [], refused: [], retries: 1 };
  const [, finish = ""] = write([{ kind: "end", finish: "stop", usage, extension }]);
  assert.deepEqual(JSON.parse(finish).cloister, extension);
});

test("a failure is an error frame with no [DONE], and nothing is written after it", () => {
  const chunks = write([
    { kind: "text", text: "a" },
    { kind: "failed", code: "upstream-broken", message: "cut" },
    { kind: "text", text: "b" },
    { kind: "end", finish: "stop" },
  ]);
  assert.deepEqual(JSON.parse(chunks.at(-1) ?? ""), {
    error: { message: "cut", type: "server_error", param: null, code: "upstream-broken" },
  });
  assert.equal(chunks.length, 3);
});

test("refused calls and empty pieces are not written", () => {
  assert.deepEqual(
    write([
      { kind: "refused", cause: "syntax", detail: "x" },
      { kind: "text", text: "" },
      { kind: "reasoning", text: "" },
    ]),
    [],
  );
});

test("a sign of life is a comment, and there is none after the end", () => {
  const writer = createChatWriter(request(true), context);
  assert.equal(writer.ping().toString(), ": ping\n\n");
  writer.write({ kind: "end", finish: "stop" });
  assert.equal(writer.ping().length, 0);
});

test("a whole answer has null content beside calls only, and the usage always", () => {
  const {
    choices,
    usage: counted,
    cloister,
  } = whole([
    call,
    { kind: "end", finish: "calls", usage, extension: { recovered: [], refused: [], retries: 0 } },
  ]);
  const tool_calls = [{ id: "c1", type: "function", function: { name: "f", arguments: '{"a":1}' } }];
  const message = { role: "assistant", content: null, tool_calls };
  assert.deepEqual(choices, [{ index: 0, message, finish_reason: "tool_calls" }]);
  assert.equal((counted as JsonObject)["total_tokens"], 12);
  assert.ok(cloister !== undefined);
  const empty = whole([{ kind: "end", finish: "length" }]);
  assert.deepEqual(empty["choices"], [
    { index: 0, message: { role: "assistant", content: "" }, finish_reason: "length" },
  ]);
});

test("a whole answer without an end is the error", () => {
  for (const events of [[call], [call, { kind: "failed", code: "x", message: "cut" }]] as TurnEvent[][]) {
    assert.deepEqual(Object.keys(whole(events)), ["error"]);
  }
});

function whole(events: readonly TurnEvent[]): JsonObject {
  return writeChatWhole(events, context);
}

function write(events: readonly TurnEvent[], includeUsage = true): string[] {
  const writer = createChatWriter(request(includeUsage), context);
  const text = Buffer.concat(events.map((event) => writer.write(event))).toString();
  return text
    .split("\n\n")
    .filter((frame) => frame !== "")
    .map((frame) => frame.slice("data: ".length));
}

function request(includeUsage: boolean): TurnRequest {
  const lists = { system: [], items: [], tools: [], losses: [] };
  return { model: "m", stream: true, sampling: {}, includeUsage, ...lists };
}

function toolCall(index: number, id: string, name: string, text: string): object {
  return { index, id, type: "function", function: { name, arguments: text } };
}

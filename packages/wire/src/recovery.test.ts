import assert from "node:assert/strict";
import { test } from "node:test";
import { createRecovery } from "./recovery.ts";
import type { TurnEvent, TurnTool } from "./turn.ts";

const tools: TurnTool[] = [
  {
    name: "Read",
    parameters: {
      type: "object",
      properties: { file_path: { type: "string" }, limit: { type: "integer" } },
      required: ["file_path"],
    },
  },
  { name: "Status", parameters: { type: "object", properties: {} } },
];

const STATUS = "<tool_call>\n<function=Status>\n</function>\n</tool_call>";

test("text goes on at once, and is held only from where markup may begin", () => {
  const recovery = createRecovery({ tools });
  const shown = (text: string): string =>
    recovery
      .push({ kind: "text", text })
      .map((event) => (event.kind === "text" ? event.text : event.kind))
      .join("");
  assert.equal(shown("if a < b then "), "if a < b then ");
  assert.equal(shown("look <"), "look ");
  assert.equal(shown("b> and <tool"), "<b> and ");
  assert.equal(shown("_call> tags are"), "<tool_call> tags are");
  assert.equal(shown("\n<tool_call>\n<func"), "\n");
  assert.equal(shown("tion=Status>\n</function>"), "");
  assert.deepEqual(recovery.push({ kind: "end", finish: "stop" }), [
    { kind: "call", call: { id: "call_1", name: "Status", arguments: "{}" } },
    { kind: "end", finish: "calls" },
  ]);
});

test("calls come after the text, the server's and recovered ones alike, and each is recorded", () => {
  const recovery = createRecovery({ tools });
  const native = { id: "x", name: "read", arguments: '{ "filePath": "a", "limit": "3" }' };
  const events = run(recovery, [
    { kind: "start", id: "r" },
    { kind: "call", call: native },
    { kind: "text", text: `Both.\n${STATUS}` },
    { kind: "end", finish: "stop" },
  ]);
  assert.deepEqual(events, [
    { kind: "start", id: "r" },
    { kind: "text", text: "Both.\n" },
    { kind: "call", call: { id: "x", name: "Read", arguments: '{"file_path":"a","limit":3}' } },
    { kind: "call", call: { id: "call_2", name: "Status", arguments: "{}" } },
    { kind: "end", finish: "calls" },
  ]);
  assert.deepEqual(recovery.extension, {
    recovered: [{ id: "call_2", name: "Status", dialect: "qwen-xml" }],
    refused: [],
  });
});

test("arguments that were valid and fitted keep their own text, byte for byte", () => {
  const text = '{ "file_path" : "a\\u00e9" }';
  const events = run(createRecovery({ tools }), [
    { kind: "call", call: { id: "x", name: "Read", arguments: text } },
    { kind: "end", finish: "calls" },
  ]);
  assert.deepEqual(events[0], { kind: "call", call: { id: "x", name: "Read", arguments: text } });
});

test("ids are unique within an answer, and the model's own are kept", () => {
  const call = (id: string): TurnEvent => ({ kind: "call", call: { id, name: "Status", arguments: "" } });
  const events = run(createRecovery({ tools }), [
    ...["functions.Status:0", "", "a", "a", "call_2"].map(call),
    { kind: "end", finish: "calls" },
  ]);
  const ids = events.flatMap((event) => (event.kind === "call" ? [event.call.id] : []));
  assert.deepEqual(ids, ["functions.Status:0", "call_3", "a", "call_4", "call_2"]);
});

test("an answer that breaks off runs nothing", () => {
  const recovery = createRecovery({ tools });
  const events = run(recovery, [
    { kind: "call", call: { id: "x", name: "Status", arguments: "{}" } },
    { kind: "text", text: "So" },
    { kind: "failed", code: "upstream-broken", message: "reset" },
    { kind: "end", finish: "stop" },
  ]);
  assert.deepEqual(
    events.map((event) => (event.kind === "refused" ? event.cause : event.kind)),
    ["text", "transport", "failed"],
  );
  assert.equal(recovery.extension.refused[0]?.cause, "transport");
});

test("an answer without text and call is refused as empty, unless a filter ended it", () => {
  const causes = (events: TurnEvent[]): string[] =>
    run(createRecovery({ tools }), events).flatMap((event) =>
      event.kind === "refused" ? [event.cause] : [],
    );
  assert.deepEqual(causes([{ kind: "end", finish: "stop" }]), ["empty-turn"]);
  assert.deepEqual(
    causes([
      { kind: "text", text: " \n" },
      { kind: "end", finish: "calls" },
    ]),
    ["empty-turn"],
  );
  assert.deepEqual(
    causes([
      { kind: "text", text: "<think>hm" },
      { kind: "end", finish: "length" },
    ]),
    ["truncated"],
  );
  assert.deepEqual(causes([{ kind: "end", finish: "filter" }]), []);
  assert.deepEqual(
    causes([
      { kind: "text", text: "a" },
      { kind: "end", finish: "stop" },
    ]),
    [],
  );
});

test("thinking in tags becomes reasoning as it streams, and a call in it does not run once it is closed", () => {
  const recovery = createRecovery({ tools });
  assert.deepEqual(recovery.push({ kind: "text", text: "<think>a <" }), [{ kind: "reasoning", text: "a " }]);
  const events = run(recovery, [
    { kind: "text", text: `b\n${STATUS}` },
    { kind: "text", text: "\nno</th" },
    { kind: "text", text: "ink>\n\nDone." },
    { kind: "end", finish: "stop" },
  ]);
  const reasoning = events.map((event) => (event.kind === "reasoning" ? event.text : "")).join("");
  assert.equal(reasoning, `<b\n${STATUS}\nno`);
  assert.deepEqual(events.slice(-2), [
    { kind: "text", text: "Done." },
    { kind: "end", finish: "stop" },
  ]);
});

test("without tools nothing is taken for a call, and thinking still is for thinking", () => {
  const events = run(createRecovery({ tools: [] }), [
    { kind: "text", text: `<think>x</think>${STATUS}` },
    { kind: "end", finish: "stop" },
  ]);
  const text = events.map((event) => (event.kind === "text" ? event.text : "")).join("");
  assert.equal(text, STATUS);
});

function run(recovery: ReturnType<typeof createRecovery>, events: readonly TurnEvent[]): TurnEvent[] {
  return events.flatMap((event) => recovery.push(event));
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { readAgentEvent } from "./agent-events.ts";

const read = (value: unknown): string => readAgentEvent(JSON.stringify(value)).kind;
const usage = { promptTokens: 1, completionTokens: 2 };

test("stray output is passed over; what claims to be an event and is none is told apart", () => {
  for (const line of ["", "a warning", "[1]", "3", "{}", '{"level":"warn"}', '{"kind":']) {
    assert.equal(readAgentEvent(line).kind, "none", line);
  }
  for (const value of [
    { kind: "nothing-known" },
    { kind: 7 },
    { kind: "toString" },
    { kind: "__proto__" },
    { kind: "text" },
    { kind: "text", text: 1 },
    { kind: "call", id: "1", name: "Bash", args: null },
    { kind: "end", ending: null },
    { kind: "end", ending: { outcome: "done", text: "", turns: -1, usage } },
    { kind: "item", index: 0, item: { role: "user", content: [null] } },
    { kind: "item", index: 0.5, item: { role: "user", content: "" } },
    { kind: "subagent", id: "a", what: { kind: "event", event: { kind: "text" } } },
    { kind: "mode", mode: "wild" },
  ]) {
    assert.equal(read(value), "broken", JSON.stringify(value));
  }
  assert.equal(readAgentEvent('{"kind":"context","used":1e999}').kind, "broken");
});

test("what is broken names the kind that it claimed, cut short, and says what to do", () => {
  const found = readAgentEvent(JSON.stringify({ kind: `x${"y".repeat(5000)}` }));
  assert.ok(found.kind === "broken");
  assert.equal(found.error.code, "agent-broken");
  assert.ok(found.error.message.length < 200);
  assert.match(found.error.next ?? "", /--resume/);
});

test("what is nested without end ends here, and not in whoever would walk through it", () => {
  const deep = `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`;
  assert.equal(readAgentEvent(`{"kind":"call","id":"1","name":"x","args":${deep}}`).kind, "broken");
  let event: unknown = { kind: "text", text: "" };
  for (let depth = 0; depth < 20; depth++) {
    event = { kind: "subagent", id: "a", what: { kind: "event", event } };
  }
  assert.equal(read(event), "broken");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { createStage } from "./show.ts";

function show(events: readonly AgentEvent[]): string[] {
  let shown = "";
  const stage = createStage((text) => (shown += text), false);
  for (const event of events) stage.event(event);
  return shown.split("\n").map((line) => line.trim());
}

const call = (id: string): AgentEvent => ({
  kind: "call",
  id,
  name: "Read",
  args: { file_path: `${id}.ts` },
});
const result = (id: string): AgentEvent => ({ kind: "result", id, name: "Read", ok: true, text: `of ${id}` });

test("of calls that run at once each result stands below its own name, whichever comes first", () => {
  const [nameOf, textOf] = [(id: string) => `● Read ${id}.ts`, (id: string) => `│ of ${id}`];
  assert.deepEqual(show([call("a"), call("b"), result("a"), result("b"), call("c"), result("c")]), [
    ...[nameOf("a"), textOf("a"), nameOf("b"), textOf("b"), nameOf("c"), textOf("c"), ""],
  ]);
  assert.deepEqual(show([call("a"), call("b"), result("b"), result("a")]), [
    ...[nameOf("a"), nameOf("b"), textOf("b"), nameOf("a"), textOf("a"), ""],
  ]);
});

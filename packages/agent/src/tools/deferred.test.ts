import assert from "node:assert/strict";
import { test } from "node:test";
import type { Guarded } from "@cloister/wire";
import { createUseTool, toInnerCall } from "./deferred.ts";
import type { Tool, ToolWorld } from "./tool.ts";

const paint: Tool = {
  name: "Paint",
  description: "Paint a wall.",
  effect: "run",
  parameters: {
    type: "object",
    properties: { wall: { type: "string" }, coats: { type: "integer" } },
    required: ["wall"],
    additionalProperties: false,
  },
  run: () => Promise.resolve({ ok: true, text: "painted", sources: [] }),
};

const use = createUseTool(() => [paint]);

function called(args: object): Guarded {
  return { kind: "call", id: "c1", name: "UseTool", args: args as never };
}

function ask(args: object): ReturnType<Tool["run"]> {
  return use.run(args as never, {} as ToolWorld, new AbortController().signal);
}

test("without arguments it answers with the other tool's description and schema", async () => {
  const { ok, text } = await ask({ name: "Paint" });
  assert.ok(ok);
  assert.match(text, /Paint a wall\.[^]*"wall"/);
});

test("a name that nobody has is refused with the names there are", async () => {
  const { ok, text } = await ask({ name: "Pant" });
  assert.ok(!ok);
  assert.match(text, /no tool "Pant"\. There are: Paint/);
});

test("a call with arguments is the other tool's call, under the same id", () => {
  assert.deepEqual(toInnerCall(called({ name: "Paint", arguments: { wall: "north" } }), [paint]), {
    kind: "call",
    id: "c1",
    name: "Paint",
    args: { wall: "north" },
  });
});

test("arguments as JSON text, and numbers as text, mean what they say", () => {
  const call = toInnerCall(called({ name: "Paint", arguments: '{"wall":"north","coats":"2"}' }), [paint]);
  assert.deepEqual(call.kind === "call" && call.args, { wall: "north", coats: 2 });
});

test("what lacks a required argument is refused by the other tool's own schema", () => {
  const call = toInnerCall(called({ name: "Paint", arguments: {} }), [paint]);
  assert.equal(call.kind === "refused" && call.cause, "missing-argument");
});

test("it does not reach itself, nor a tool that nobody has", () => {
  const itself = called({ name: "UseTool", arguments: { name: "Paint", arguments: { wall: "n" } } });
  assert.equal(toInnerCall(itself, [paint, use]), itself);
  const call = toInnerCall(called({ name: "Nothing", arguments: { a: 1 } }), [paint]);
  assert.equal(call.kind === "refused" && call.cause, "unknown-tool");
});

test("what was judged as it was written runs as it was written: names and texts of an inner call are not mended", () => {
  const text = { type: "string" };
  const write: Tool = {
    ...paint,
    name: "Write",
    parameters: {
      type: "object",
      properties: { file_path: text, content: text },
      required: ["file_path", "content"],
      additionalProperties: false,
    },
  };
  const good = { file_path: "a.txt", content: "x" };
  const odd: [string, object][] = [
    ["functions.Write:0", good],
    ["wri_te", good],
    ["<|channel|>Write", good],
    ["Write", { "File-Path": "AGENTS.md", content: "x" }],
    ["Write", { path: "AGENTS.md", content: "x" }],
    ["Write", { ...good, notebook_path: "b.txt" }],
    ["Write", { arguments: good }],
  ];
  for (const [name, args] of odd) {
    const call = toInnerCall(called({ name, arguments: args }), [write]);
    assert.equal(call.kind, "refused", JSON.stringify([name, args]));
    assert.match(call.kind === "refused" ? call.detail : "", /Write/);
  }
  assert.equal(toInnerCall(called({ name: "Write", arguments: good }), [write]).kind, "call");
});

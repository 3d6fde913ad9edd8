import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { guardCall } from "../guard.ts";
import { simplifySchema, simplifyTools } from "./simple-schema.ts";

const large: JsonObject = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    path: { type: "string", maxLength: 100_000, pattern: "^(?!/).+\\d$", description: "Which file" },
    lines: { type: "array", items: { type: "integer", minimum: 1, maximum: 5000 }, maxItems: 5000 },
    node: { $ref: "#/$defs/node" },
    far: { $ref: "https://example.test/schema.json", type: "object", description: "Elsewhere" },
    mode: { enum: ["a", "b"], default: "a" },
  },
  required: ["path"],
  additionalProperties: false,
  $defs: {
    node: {
      type: "object",
      properties: { name: { type: "string", minLength: 3 }, next: { $ref: "#/$defs/node" } },
    },
  },
};

test("BS-28: limits, patterns and references that a grammar's compiler chokes on are not sent, the shape is", () => {
  const simple = simplifySchema(large);
  const text = JSON.stringify(simple);
  for (const word of ["maxLength", "maxItems", "pattern", "minimum", "$ref", "$defs", "$schema"]) {
    assert.ok(!text.includes(`"${word}"`), word);
  }
  const { properties } = simple as { properties: Record<string, JsonObject> };
  assert.deepEqual(properties["path"], { type: "string", description: "Which file" });
  assert.deepEqual(properties["lines"], { type: "array", items: { type: "integer" } });
  assert.deepEqual(properties["far"], { type: "object", description: "Elsewhere" });
  assert.deepEqual(properties["mode"], { enum: ["a", "b"], default: "a" });
  assert.deepEqual([simple["required"], simple["additionalProperties"]], [["path"], false]);
  // A schema that refers to itself is spelled out a few times, then anything goes.
  assert.equal(text.split('"name"').length - 1, 4);
});

test("a small limit stays, so that a grammar can hold a model to it", () => {
  const schema = { type: "object", properties: { id: { type: "string", minLength: 1, maxLength: 40 } } };
  assert.deepEqual(simplifySchema(schema), schema);
  const long = { type: "object", properties: { id: { type: "string", maxLength: 65 } } };
  assert.deepEqual(simplifySchema(long), { type: "object", properties: { id: { type: "string" } } });
});

test("a property that is called like a word of the schema language stays", () => {
  const schema = {
    type: "object",
    properties: { pattern: { type: "string" }, maxLength: { type: "integer" } },
  };
  assert.deepEqual(simplifySchema(schema), schema);
});

test("a hostile schema ends: wide, deep or round in a circle", () => {
  let deep: JsonObject = { type: "string" };
  for (let level = 0; level < 500; level++) deep = { type: "object", properties: { inner: deep } };
  const wide = {
    type: "object",
    properties: Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, { $ref: "#" }])),
    $defs: { loop: { $ref: "#/$defs/loop" } },
    items: { $ref: "#/$defs/loop" },
    anyOf: Array.from({ length: 50_000 }, () => ({ type: "string", minLength: 1 })),
  };
  for (const schema of [deep, wide]) {
    assert.ok(JSON.stringify(simplifySchema(schema)).length < 1_500_000);
  }
});

test("tools of all three protocols are simplified; those that need nothing stay the same objects", () => {
  const small: JsonObject = { type: "object", properties: {} };
  const tools: JsonObject[] = [
    { type: "function", function: { name: "a", parameters: large } },
    { type: "function", name: "a", parameters: large },
    { name: "a", input_schema: large },
    { type: "function", function: { name: "b", parameters: small } },
  ];
  const fields: JsonObject = { model: "m", tools };
  const simple = simplifyTools(fields)["tools"] as unknown as JsonObject[];
  for (const tool of simple) assert.ok(!JSON.stringify(tool).includes("maxLength"));
  assert.equal(simple[3], tools[3]);
  const plain: JsonObject = { model: "m", tools: [tools[3] ?? {}] };
  assert.equal(simplifyTools(plain), plain);
});

test("BS-28: a call is held against the whole schema all the same", () => {
  const parameters: JsonObject = {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 5, pattern: "^[a-z]+$" },
      list: { type: "array", items: { type: "number", exclusiveMinimum: 0 }, maxItems: 2 },
      evil: { type: "string", pattern: "^(a+)+$" },
    },
  };
  const offered = [{ name: "make", parameters }];
  const outcome = (args: JsonObject): string => {
    const call = { id: "c", name: "make", arguments: JSON.stringify(args) };
    const guarded = guardCall(call, "calls", offered);
    return guarded.kind === "call" ? "call" : guarded.detail;
  };
  assert.equal(outcome({ name: "abc", list: [1, 2] }), "call");
  assert.equal(outcome({ name: "𝒶bcde".replace("𝒶", "a") }), "call");
  assert.match(outcome({ name: "abcdef" }), /"name" may have at most 5 characters, not 6/);
  assert.match(outcome({ name: "a-b" }), /"name" must match/);
  assert.match(outcome({ list: [1, 2, 3] }), /"list" may have at most 2 items, not 3/);
  assert.match(outcome({ list: [0] }), /"list\[0\]" must be above 0/);
  // A pattern that could take for ever is not tried.
  assert.equal(outcome({ evil: `${"a".repeat(1000)}!` }), "call");
});

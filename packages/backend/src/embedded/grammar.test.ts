import assert from "node:assert/strict";
import { test } from "node:test";
import { callGrammar, schemaGrammar } from "./grammar.ts";
import type { JsonObject } from "@cloister/base";

/** Without the rules that every grammar has. */
function own(grammar: string): string[] {
  const lines = grammar.split("\n");
  return lines.slice(
    0,
    lines.findIndex((line) => line.startsWith("value ::=")),
  );
}

function valueOf(schema: JsonObject): string {
  const [root = "", ...rules] = own(schemaGrammar(schema));
  assert.deepEqual(rules, []);
  return root.replace("root ::= ", "");
}

test("a call names one of the tools; required arguments come first, the others may be missing", () => {
  const properties = {
    limit: { type: "integer", minimum: 0 },
    file_path: { type: "string" },
    mode: { type: "string", enum: ["a", 'b"'] },
  };
  const parameters = { type: "object", properties, required: ["file_path"] };
  const grammar = callGrammar([
    { name: "Read", parameters },
    { name: "Now", parameters: undefined },
  ]);
  assert.deepEqual(own(grammar), [
    String.raw`root ::=  "<tool_call>\n" call "\n</tool_call>"`,
    String.raw`call ::= "{\"name\": \"Read\", \"arguments\": " tool-0-3 "}" | "{\"name\": \"Now\", \"arguments\": " "{}" "}"`,
    String.raw`tool-0-0 ::= "\"file_path\": " string`,
    String.raw`tool-0-1 ::= "\"limit\": " natural`,
    String.raw`tool-0-2 ::= "\"mode\": " ("\"a\"" | "\"b\\\"\"")`,
    'tool-0-3 ::= "{" tool-0-0 (", " tool-0-1)? (", " tool-0-2)? "}"',
  ]);
});

test("of arguments that may all be missing, whichever comes first has no comma", () => {
  const properties = { a: {}, b: {} };
  assert.deepEqual(own(schemaGrammar({ properties })).slice(-1), [
    'rule-2 ::= "{" (rule-0 (", " rule-1)? | rule-1)? "}"',
  ]);
});

test("a schema that speaks of itself, or of what is not there, still ends", () => {
  const node = { type: "object", properties: { next: { $ref: "#/$defs/node" } }, required: ["next"] };
  const loop = own(schemaGrammar({ $ref: "#/$defs/node", $defs: { node } }));
  assert.deepEqual(loop, [
    "root ::= rule-ref-0",
    'rule-0 ::= "\\"next\\": " rule-ref-0',
    'rule-1 ::= "{" rule-0 "}"',
    "rule-ref-0 ::= rule-1",
  ]);
  for (const target of ["#/$defs/absent", "https://example.org/schema", "#/__proto__/x"]) {
    assert.deepEqual(own(schemaGrammar({ $ref: target })), ["root ::= rule-ref-0", "rule-ref-0 ::= value"]);
  }
});

test("what a schema says in other ways is said by the grammar", () => {
  const cases: [JsonObject, string][] = [
    [{}, "value"],
    [{ type: ["string", "null"] }, '(string | "null")'],
    [{ const: 3 }, '"3"'],
    [{ type: "boolean" }, '("true" | "false")'],
    [{ type: "number" }, "number"],
    [{ type: "string", minLength: 1, maxLength: 8 }, '("\\"" char{1,8} "\\"")'],
    [{ type: "array", items: { type: "integer" } }, '("[" (integer (", " integer){0,})? "]")'],
    [{ type: "array", items: {}, minItems: 2, maxItems: 3 }, '("[" value (", " value){1,2} "]")'],
    [{ type: "array", maxItems: 0 }, '"[]"'],
    [{ type: "object" }, "object"],
    [{ type: "object", additionalProperties: false }, '"{}"'],
    [
      { type: "object", additionalProperties: { type: "integer" } },
      '("{" (string ": " integer (", " string ": " integer)*)? "}")',
    ],
    [{ anyOf: [{ type: "string" }, { type: "integer" }] }, "(string | integer)"],
    [{ allOf: [{ type: "string" }, { maxLength: 2 }] }, '("\\"" char{0,2} "\\"")'],
  ];
  for (const [schema, expected] of cases) assert.equal(valueOf(schema), expected);
});

test("a choice between what is required keeps the properties of the whole", () => {
  const schema = {
    type: "object",
    properties: { a: { type: "string" }, b: { type: "string" } },
    anyOf: [{ required: ["a"] }, { required: ["b"] }],
  };
  const rules = own(schemaGrammar(schema));
  assert.ok(rules.includes('rule-2 ::= "{" rule-0 (", " rule-1)? "}"'), rules.join("\n"));
  assert.ok(rules.includes('rule-3 ::= "\\"b\\": " string'), rules.join("\n"));
});

test("a schema without bounds makes a grammar with bounds", () => {
  let deep: JsonObject = { type: "string" };
  for (let at = 0; at < 200; at += 1) deep = { type: "array", items: deep };
  assert.ok(schemaGrammar(deep).length < 5000);
  let wide: JsonObject = { type: "string" };
  for (let at = 0; at < 12; at += 1) wide = { properties: { a: wide, b: wide, c: wide } };
  assert.ok(own(schemaGrammar(wide)).length < 5000);
  assert.equal(valueOf({ type: "string", maxLength: 1_000_000 }), "string");
});

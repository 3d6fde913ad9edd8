import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaFault } from "./json-schema.ts";
import { contentOf } from "./history.ts";
import { rehearse } from "./rehearsed.ts";

const answerSchema = {
  type: "object",
  properties: { files: { type: "array", items: { type: "string" }, minItems: 1 } },
  required: ["files"],
  additionalProperties: false,
};

test("an answer that must be JSON is asked for with its schema, repaired, and given as a value", async () => {
  using played = rehearse(
    [
      { text: "Here you are: a.ts" },
      { text: '{"files": []}' },
      { text: '```json\n{"files": ["a.ts"]}\n```' },
    ],
    { answerSchema },
  );
  const { outcome, structured } = await played.ask("which?");
  assert.deepEqual([outcome, structured], ["done", { files: ["a.ts"] }]);
  assert.match(contentOf(played.requests[0]?.messages.at(-1)), /must fit this JSON Schema/);
  assert.match(contentOf(played.requests[1]?.messages.at(-1)), /not one JSON value/);
  assert.match(contentOf(played.requests[2]?.messages.at(-1)), /\$\.files breaks minItems 1/);
});

test("after two repairs it fails, and says what did not fit", async () => {
  using played = rehearse(() => ({ text: '{"files": 1}' }), { answerSchema });
  const { outcome, error } = await played.ask("which?");
  assert.deepEqual([outcome, error?.code, played.requests.length], ["failed", "answer-schema", 3]);
  assert.match(error?.message ?? "", /\$\.files must be of type "array"/);
});

test("a schema's fault is named by its place", () => {
  const schema = {
    $defs: { name: { type: "string", minLength: 2 } },
    type: "object",
    properties: {
      name: { $ref: "#/$defs/name" },
      kind: { enum: ["a", "b"] },
      size: { anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }] },
      pair: { oneOf: [{ type: "number" }, { type: "integer" }] },
      both: { allOf: [{ type: "string" }, { maxLength: 3 }] },
    },
    additionalProperties: { type: "boolean" },
  };
  const cases: readonly (readonly [object, string | undefined])[] = [
    [{ name: "ab", kind: "a", size: null, other: true }, undefined],
    [{ name: "好" }, "$.name breaks minLength 2"],
    [{ kind: "c" }, '$.kind must be one of "a", "b"'],
    [{ size: 0 }, "$.size fits none of anyOf: $.size breaks minimum 1"],
    [{ pair: 1 }, "$.pair fits 2 of oneOf, not exactly one"],
    [{ pair: 1.5 }, undefined],
    [{ both: "abcd" }, "$.both breaks maxLength 3"],
    [{ other: 1 }, '$.other must be of type "boolean"'],
    [{ constructor: 1 }, '$.constructor must be of type "boolean"'],
  ];
  for (const [value, fault] of cases) assert.equal(schemaFault(value as never, schema), fault);
  const endless = { $ref: "#" };
  assert.match(schemaFault(1, endless) ?? "", /nested too deeply/);
});

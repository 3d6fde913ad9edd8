import assert from "node:assert/strict";
import { test } from "node:test";
import { guardCall, type FinishReason, type Guarded } from "./index.ts";

const tools = [
  {
    name: "Edit",
    parameters: {
      type: "object",
      properties: {
        file_path: { type: "string" },
        replace_all: { type: "boolean" },
        mode: { type: "string", enum: ["a", "b"] },
        items: {
          type: "array",
          items: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
        },
      },
      required: ["file_path"],
    },
  },
  { name: "Status", parameters: { type: "object", properties: {} } },
];

test("a call that names an offered tool, is whole and fits the schema passes, its blanks untouched", () => {
  const args = { file_path: "  a\n\t", replace_all: true, mode: "b", items: [{ n: 1 }] };
  assert.deepEqual(guard("Edit", JSON.stringify(args)), { kind: "call", id: "c", name: "Edit", args });
});

test("nothing for a tool without parameters is an empty object", () => {
  assert.deepEqual(guard("Status", ""), { kind: "call", id: "c", name: "Status", args: {} });
});

test("what is not a whole, fitting call is refused with its cause, and the detail names the fault", () => {
  const cases: [string, string, FinishReason, string, RegExp][] = [
    ["Edit", '{"file_path":"a"}', "length", "truncated", /token limit/],
    ["Edit", '{"file_path":"a"}', "filter", "truncated", /content filter/],
    ["Edti", "{}", "calls", "unknown-tool", /Edit, Status/],
    ["", "{}", "calls", "unknown-tool", /no tool/],
    ["Edit", '{"file_path":"a', "calls", "truncated", /end in the middle/],
    ["Edit", '{"file_path":"a" "b"}', "calls", "syntax", /not a valid JSON object/],
    ["Edit", '["a"]', "calls", "syntax", /not an object/],
    ["Edit", "", "calls", "missing-argument", /"file_path" is missing/],
    ["Edit", '{"file_path":null}', "calls", "missing-argument", /"file_path" is missing/],
    ["Edit", '{"file_path":3}', "calls", "type", /"file_path" must be a string, not a number/],
    ["Edit", '{"file_path":"a","replace_all":"yes"}', "calls", "type", /"replace_all" must be a boolean/],
    ["Edit", '{"file_path":"a","mode":"c"}', "calls", "type", /one of a, b/],
    [
      "Edit",
      '{"file_path":"a","items":[{"n":1},{"n":1.5}]}',
      "calls",
      "type",
      /"items\[1\].n" must be an integer/,
    ],
    ["Edit", '{"file_path":"a","items":[{}]}', "calls", "missing-argument", /"items\[0\].n" is missing/],
  ];
  for (const [name, text, finish, cause, detail] of cases) {
    const guarded = guard(name, text, finish);
    assert.ok(guarded.kind === "refused", `${name} ${text}`);
    assert.equal(guarded.cause, cause, `${name} ${text}`);
    assert.match(guarded.detail, detail);
  }
});

test("numbers, booleans and lists inside strings are read as what the schema asks for; text never is", () => {
  const written = { file_path: "12", replace_all: "True", items: '[{"n":"3"}]' };
  const guarded = guard("Edit", JSON.stringify(written));
  assert.ok(guarded.kind === "call", JSON.stringify(guarded));
  assert.deepEqual(guarded.args, { file_path: "12", replace_all: true, items: [{ n: 3 }] });
  for (const half of ['"1x"', '" 1"', '""']) {
    assert.equal(guard("Edit", `{"file_path":"a","items":[{"n":${half}}]}`).kind, "refused", half);
  }
});

test("a null for an optional argument stands for absence", () => {
  assert.equal(guard("Edit", '{"file_path":"a","replace_all":null}').kind, "call");
});

function guard(name: string, text: string, finish: FinishReason = "calls"): Guarded {
  return guardCall({ id: "c", name, arguments: text }, finish, tools);
}

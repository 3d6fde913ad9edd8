import assert from "node:assert/strict";
import { test } from "node:test";
import { setInJson } from "./edit-json.ts";

const theme = ["terminal", "theme"] as const;

test("only the value changes: order, indent, numbers and escapes stay as a person wrote them", () => {
  const text =
    '{\n\t"b" : 1.50,\r\n  "terminal":{"vim":true , "theme" :  "dark"},\n  "\\u0061": "}]\\"{" }\n';
  assert.equal(setInJson(text, theme, "light"), text.replace('"dark"', '"light"'));
});

test("what is missing is put behind its neighbours, as they stand", () => {
  const cases: [string, string][] = [
    ["{}", '{\n  "terminal": { "theme": "light" }\n}'],
    ["{ \n }\n", '{\n  "terminal": { "theme": "light" }\n}\n'],
    ['{"a": 1}', '{"a": 1, "terminal": { "theme": "light" }}'],
    ['{\n    "a": [1, {}]\n}\n', '{\n    "a": [1, {}],\n    "terminal": { "theme": "light" }\n}\n'],
    ['{"terminal": {"vim": true}}', '{"terminal": {"vim": true, "theme": "light"}}'],
    ['{\n  "terminal": {}\n}', '{\n  "terminal": {\n    "theme": "light"\n  }\n}'],
    [
      '{"theme": "x", "a": {"theme": 1}}',
      '{"theme": "x", "a": {"theme": 1}, "terminal": { "theme": "light" }}',
    ],
  ];
  for (const [text, expected] of cases) assert.equal(setInJson(text, theme, "light"), expected);
});

test("of a name that stands twice the last one counts, for a parser and here", () => {
  const text = '{"terminal": {"theme": "a"}, "terminal": {"theme": "b", "theme": "c"}}';
  assert.equal(setInJson(text, theme, "light"), text.replace('"c"', '"light"'));
});

test("names that mean something to JavaScript mean nothing here", () => {
  const text = '{"__proto__": {"theme": 1}, "constructor": 2}';
  const edited = setInJson(text, ["toString", "theme"], "light");
  assert.equal(edited, '{"__proto__": {"theme": 1}, "constructor": 2, "toString": { "theme": "light" }}');
});

test("what is no object is not written into", () => {
  for (const text of ["[]", "3", '"{}"', '{"terminal": "dark"}', '{"terminal": null}']) {
    assert.throws(() => setInJson(text, theme, "light"), { code: "bad-settings" }, text);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLoose, parseLooseWhole } from "./loose-json.ts";

test("valid JSON means what JSON.parse says, to the last escape", () => {
  for (const value of [
    { a: [1, -2.5e3, true, null, 'x\n\t"\\ é 码 \u2028'], "": {}, __proto__x: [] },
    ["C:\\proj\\notes", "\\d+\n"],
    "",
  ]) {
    const text = JSON.stringify(value, undefined, 1);
    assert.deepEqual(parseLoose(text), {
      kind: "value",
      value: JSON.parse(text) as unknown,
      end: text.length,
    });
  }
  assert.ok(Object.hasOwn(parseLooseWhole('{"__proto__": {"a": 1}}') as object, "__proto__"));
});

test("what can be read in one way only is read", () => {
  const cases: [string, unknown][] = [
    ["{'a': True, 'b': None, 'c': [False,],}", { a: true, b: null, c: [false] }],
    ['{a: "don\'t", $b-c: \'say "x"\'}', { a: "don't", "$b-c": 'say "x"' }],
    ['{"a": "one\ntwo\tthree"}', { a: "one\ntwo\tthree" }],
    ['{/* why */ "a": 1, // and\n "b": 2}', { a: 1, b: 2 }],
    ['{"a": "C:\\proj\\notes\\tide.txt"}', { a: "C:\\proj\\notes\\tide.txt" }],
    ['{"a": "\\d+\\.\\w \\"x\\""}', { a: '\\d+\\.\\w "x"' }],
    ["'''a\n'b' '''", "a\n'b' "],
  ];
  for (const [text, value] of cases) assert.deepEqual(parseLooseWhole(text), value, text);
});

test("what could mean two things is a fault with its reason; what just ends is cut", () => {
  const bad = [
    '{"a": "x" "b"}',
    '{"a": "\\d+\\n"}',
    '{"a": "src\\new\\pier"}',
    "{a b}",
    "[1 2]",
    "{,}",
    "01",
    "[",
  ];
  const kinds = bad.map((text) => parseLoose(text).kind);
  assert.deepEqual(kinds, ["bad", "bad", "bad", "bad", "bad", "bad", "cut", "cut"]);
  for (const text of ["", "{", '{"a', '{"a"', '{"a":', '{"a": tr', '{"a": 1', '{"a": [1,', '{"a": "x\\']) {
    assert.equal(parseLoose(text).kind, "cut", text);
  }
  assert.equal(parseLoose("[".repeat(200)).kind, "bad");
});

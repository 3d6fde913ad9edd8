import assert from "node:assert/strict";
import { test } from "node:test";
import type { RawCall } from "../../calls.ts";
import type { CallFragment } from "../../chat.ts";
import { CallReader } from "./call-reader.ts";

type Piece = Partial<CallFragment>;

const f = '{"n":1}';

test("T5: fragments of calls that run side by side are sorted by their index", () => {
  const calls = read([
    { index: 0, id: "a", name: "f", arguments: '{"n"' },
    { index: 1, id: "b", name: "f", arguments: '{"n"' },
    { index: 0, arguments: ":1}" },
    { index: 1, arguments: ":2}" },
  ]);
  assert.deepEqual(
    calls.map(({ arguments: text }) => text),
    ['{"n":1}', '{"n":2}'],
  );
});

test("a call is given out once, when the next one begins, unless it may still go on", () => {
  const reader = new CallReader();
  const given = [
    { index: 0, id: "a", name: "f", arguments: f },
    { index: 1, id: "b", name: "f", arguments: '{"n"' },
    { index: 2, id: "c", name: "f", arguments: f },
    { index: 3, id: "d", name: "f", arguments: f },
  ].map((piece) => {
    reader.add(piece);
    return reader.takeWhole("r").map(({ id }) => id);
  });
  assert.deepEqual(given, [[], ["a"], [], []]);
  assert.deepEqual(
    reader.takeRest("r").map(({ id }) => id),
    ["b", "c", "d"],
  );
  assert.deepEqual(reader.takeRest("r"), []);
});

test("quirks of ids and indexes neither merge nor split calls", () => {
  const quirks: Record<string, Piece[]> = {
    "every call has index 0": [
      { index: 0, id: "a", name: "f", arguments: f },
      { index: 0, id: "b", name: "g", arguments: f },
    ],
    "no ids, no arguments yet": [
      { index: 0, name: "f" },
      { index: 1, name: "g" },
      { index: 0, arguments: f },
      { index: 1, arguments: f },
    ],
    "no ids, one index for two": [
      { index: 0, name: "f", arguments: f },
      { index: 0, name: "g", arguments: f },
    ],
    "no ids, counted from 1": [
      { index: 1, name: "f", arguments: f },
      { index: 2, name: "g", arguments: f },
    ],
    "neither ids nor indexes": [
      { name: "f", arguments: f },
      { name: "g", arguments: f },
    ],
    "a new id for every fragment": [
      { index: 0, id: "a", name: "f", arguments: '{"n"' },
      { index: 0, id: "x", arguments: ":1}" },
      { index: 1, id: "b", name: "g", arguments: f },
    ],
    "the id again with every fragment": [
      { index: 0, id: "a", name: "f", arguments: '{"n"' },
      { index: 0, id: "a", name: "f", arguments: ":1}" },
      { index: 1, id: "b", name: "g", arguments: f },
    ],
    "the id first, the name later": [
      { index: 0, id: "a" },
      { index: 0, name: "f", arguments: f },
      { index: 1, id: "b", name: "g", arguments: f },
    ],
  };
  for (const [name, pieces] of Object.entries(quirks)) {
    const calls = read(pieces);
    assert.deepEqual(
      calls.map((call) => [call.name, call.arguments]),
      [
        ["f", f],
        ["g", f],
      ],
      name,
    );
    assert.equal(new Set(calls.map(({ id }) => id)).size, 2, name);
  }
});

test("G3: an id made here is the same each time, and another one in another answer", () => {
  const idIn = (answerId: string): string | undefined => read([{ index: 0, name: "f" }], answerId)[0]?.id;
  assert.equal(idIn("r1"), idIn("r1"));
  assert.notEqual(idIn("r1"), idIn("r2"));
});

test("what a server gave as an id stays, whatever it looks like", () => {
  const ids = ["functions.f:0", "call_1", "stand-in 0"];
  assert.deepEqual(
    read(ids.map((id, index) => ({ index, id, name: "f" }))).map(({ id }) => id),
    ids,
  );
});

function read(pieces: readonly Piece[], answerId = "r"): RawCall[] {
  const reader = new CallReader();
  const calls: RawCall[] = [];
  for (const piece of pieces) {
    reader.add({ index: undefined, id: undefined, name: undefined, arguments: "", ...piece });
    calls.push(...reader.takeWhole(answerId));
  }
  return [...calls, ...reader.takeRest(answerId)];
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { neverHangs, neverHangsAsync } from "./hangs.ts";

const soon = { limitMs: 20 };

test("an endless loop is ended and named", () => {
  const forever = (): void => {
    for (;;);
  };
  assert.throws(() => neverHangs("a loop", forever, soon), /^Error: not over after 0\.02 s: "a loop"$/);
});

test("a regular expression that backtracks for ever is ended, also inside a replacement", () => {
  const input = `${"a".repeat(60)}b`;
  assert.throws(() => neverHangs(input, () => /^(?:a+)+$/u.test(input), soon), /"aaa/);
  assert.throws(() => neverHangs(input, () => input.replaceAll(/(?:a+)+c/gu, ""), soon), /"aaa/);
});

test("work that catches everything is ended too", () => {
  const stubborn = (): void => {
    for (;;) {
      try {
        for (;;);
      } catch {
        // What ends it is no exception that could be caught here.
      }
    }
  };
  assert.throws(() => neverHangs("stubborn", stubborn, soon), /"stubborn"/);
});

test("of a long input the beginning is named, and its length", () => {
  const forever = (): void => {
    for (;;);
  };
  assert.throws(() => neverHangs("x".repeat(1_000_000), forever, soon), /: "x{60}"… \(1000000 characters\)$/);
});

test("a quadratic search of a megabyte is caught, where the same megabyte searched once is not", () => {
  const text = "a".repeat(1_000_000);
  // From each place to the end and back again: what a pattern such as /a+b/ does, and a forgotten `lastIndex`.
  assert.throws(() => neverHangs(text, () => /a+b/u.test(text), { limitMs: 200 }), /1000000 characters/);
  assert.equal(
    neverHangs(text, () => /ab/u.test(text)),
    false,
  );
});

test("what the work returns comes back, and what it throws is thrown as it is", () => {
  assert.deepEqual(
    neverHangs("an object", () => ({ kept: [1, 2] })),
    { kept: [1, 2] },
  );
  const error = new RangeError("its own");
  const fail = (): never => {
    throw error;
  };
  assert.throws(
    () => neverHangs("fails", fail),
    (thrown) => thrown === error,
  );
  assert.throws(() => neverHangs("fails", () => assert.equal(1, 2)), assert.AssertionError);
});

test("after work was ended, and inside other work, the guard still serves", () => {
  const forever = (): void => {
    for (;;);
  };
  assert.throws(() => neverHangs("first", forever, soon));
  const both = neverHangs("outer", () => [neverHangs("inner", () => 1), 2]);
  assert.deepEqual(both, [1, 2]);
});

test("work with promises comes back as it is, and its errors too", async () => {
  assert.equal(await neverHangsAsync("later", () => Promise.resolve(7)), 7);
  const error = new RangeError("its own");
  await assert.rejects(
    neverHangsAsync("fails", () => Promise.reject(error)),
    (thrown) => thrown === error,
  );
});

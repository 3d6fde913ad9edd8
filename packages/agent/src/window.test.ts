import assert from "node:assert/strict";
import { test } from "node:test";
import { createWindow } from "./window.ts";

test("the window of another model counts as long as it answers, and what was learned of it is not held against the first", () => {
  const window = createWindow(100_000);
  window.answered({ contextTokens: 8000 });
  assert.deepEqual([window.size, window.usable], [8000, 6000]);
  window.learnOverflow(40_000, {
    code: "upstream-400",
    message: "maximum context length is 4000 tokens",
  });
  assert.equal(window.size, 4000);
  window.answered(undefined);
  assert.equal(window.size, 100_000);
});

test("a larger one gives no more than the session's own, and one that nobody knows changes nothing", () => {
  const window = createWindow(10_000);
  window.answered({ contextTokens: 200_000 });
  assert.equal(window.size, 10_000);
  window.answered({});
  assert.equal(window.size, 10_000);
  const unknown = createWindow(undefined);
  unknown.answered({});
  assert.equal(unknown.size, undefined);
  unknown.answered({ contextTokens: 5000 });
  assert.equal(unknown.size, 5000);
  unknown.answered(undefined);
  assert.equal(unknown.size, undefined);
});

test("what the first one's server complained of stays learned where no other answered", () => {
  const window = createWindow(100_000);
  window.learnOverflow(40_000, { code: "upstream-400", message: "maximum context length is 9000 tokens" });
  window.answered(undefined);
  assert.equal(window.size, 9000);
});

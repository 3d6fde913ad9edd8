import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeptRuns } from "./kept-runs.ts";

test("what a hook said is given once, to the one who asks the same of the same hook", () => {
  const kept = createKeptRuns<string>();
  kept.keep("hook-1", "about call 1", "yes");
  assert.equal(kept.take("hook-1", "about call 2"), undefined);
  assert.equal(kept.take("hook-2", "about call 1"), undefined);
  assert.equal(kept.take("hook-1", "about call 1"), "yes");
  assert.equal(kept.take("hook-1", "about call 1"), undefined);
});

test("of calls that nobody made the oldest are forgotten", () => {
  const kept = createKeptRuns<number>();
  for (let number = 0; number < 1000; number++) kept.keep("hook-1", `${number}`, number);
  assert.equal(kept.take("hook-1", "0"), undefined);
  assert.equal(kept.take("hook-1", "999"), 999);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { familyOf } from "./families.ts";
import { sampleForFamily } from "./sampling.ts";

test("the vendor's values only when asked for and the client steers nothing", () => {
  const family = familyOf("qwen3-coder");
  assert.deepEqual(sampleForFamily({ maxTokens: 9 }, family, "send-defaults"), {
    sampling: { maxTokens: 9, temperature: 0.7, topP: 0.8, topK: 20 },
    repetitionPenalty: 1.05,
    losses: [],
  });
  for (const [sampling, mode] of [
    [{ maxTokens: 9 }, "as-sent"],
    [{ temperature: 0 }, "send-defaults"],
  ] as const) {
    assert.deepEqual(sampleForFamily(sampling, family, mode), { sampling, losses: [] });
  }
});

test("a platform with fixed sampling is sent none, and the client's own is on the losses", () => {
  const { sampling, losses } = sampleForFamily(
    { temperature: 0.2, maxTokens: 5 },
    familyOf("kimi-k2.5"),
    "send-defaults",
  );
  assert.deepEqual(sampling, { maxTokens: 5 });
  assert.deepEqual(
    losses.map(({ path }) => path),
    ["sampling.temperature"],
  );
});

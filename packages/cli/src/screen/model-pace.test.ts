import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { createModelPaces } from "./model-pace.ts";

function turn(firstMs: number | undefined, tokensPerSecond?: number, completionTokens = 100) {
  const usage = { promptTokens: 1, cachedTokens: undefined, completionTokens };
  const speed = { firstMs, tokensPerSecond };
  return { kind: "turn", number: 1, usage, speed } as Extract<AgentEvent, { kind: "turn" }>;
}

test("a model's pace is that of all it wrote, and its first word the usual one; each model has its own", () => {
  const paces = createModelPaces();
  paces.answered("a", turn(60_000, 50, 100));
  paces.answered("a", turn(1000, 50, 100));
  // Ten seconds for as many tokens as the others had in four.
  paces.answered("a", turn(1200, 20, 200));
  paces.answered("b", turn(undefined));
  assert.deepEqual(paces.all.get("a"), { answers: 3, firstMs: 1200, tokensPerSecond: 400 / 14 });
  assert.deepEqual(paces.all.get("b"), { answers: 0, firstMs: undefined, tokensPerSecond: undefined });
});

test("numbers that no clock can have meant change nothing", () => {
  const paces = createModelPaces();
  paces.answered("a", turn(10, 0));
  paces.answered("a", turn(10, -3));
  assert.equal(paces.all.get("a")?.tokensPerSecond, undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { prompt } from "./scenario.ts";
import type { Asked } from "./stage.ts";
import { readGaps, readTraffic } from "./traffic.ts";

const tools = [{ type: "function", function: { name: "Read", parameters: { type: "object" } } }];
const asked = (messages: readonly object[], arrivedMs: number, endedMs: number): Asked => ({
  body: { messages, tools },
  ...{ arrivedMs, endedMs, bytes: 0 },
});
const system = { role: "system", content: "You help." };
const user = { role: "user", content: prompt };
const answer = { role: "assistant", content: "yes" };

test("a history that only grows repeats as a whole, and one that is written anew does not", () => {
  const grows = readTraffic([asked([system, user], 0, 1), asked([system, user, answer], 5, 6)]);
  assert.equal(grows.prefixMin, 1);
  const changed = { ...system, content: "You help at noon." };
  const anew = readTraffic([asked([system, user], 0, 1), asked([changed, user, answer], 5, 6)]);
  assert.ok(anew.prefixMin > 0.2 && anew.prefixMin < 0.8, `${anew.prefixMin}`);
});

test("the fixed prompt is all of the first request but the user's own words", () => {
  const { promptTokens } = readTraffic([asked([system, user], 0, 1)]);
  const { promptTokens: more } = readTraffic([
    asked([system, { ...user, content: `${prompt} Today is Monday.` }], 0, 1),
  ]);
  assert.ok(promptTokens > 10 && promptTokens < 60, `${promptTokens}`);
  assert.ok(more > promptTokens);
});

test("a gap lies between the end of an answer and the next request", () => {
  const gaps = readGaps([asked([], 0, 10), asked([], 14, 20), asked([], 28, 30)]);
  assert.deepEqual(gaps, { medianMs: 6, firstMs: 6, lastMs: 6 });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMeter } from "./limits.ts";
import { call, rehearse, type Request, type ScriptedTurn } from "./rehearsed.ts";

const usage = { promptTokens: 1000, cachedTokens: 500, completionTokens: 100 };
const worker = (_request: Request, number: number): ScriptedTurn => ({
  calls: [call(`c${number}`, "Bash", { command: `do ${number}` })],
  usage,
});

test("BS-30: the ceiling of turns ends the work with a report, and the session takes the next message", async () => {
  using played = rehearse(worker, { limits: { turnsMax: 3 } });
  const { outcome, turns, error } = await played.ask("go");
  assert.deepEqual([outcome, turns, error?.code], ["max-turns", 3, "max-turns"]);
  assert.match(error?.message ?? "", /not finished within 3 turns.*3000 prompt and 300 completion tokens/);
  assert.equal((await played.ask("on")).turns, 3);
});

test("BS-30: the ceiling of tokens counts prompts and completions", async () => {
  using played = rehearse(worker, { limits: { tokensMax: 2500 } });
  const { outcome, turns } = await played.ask("go");
  assert.deepEqual([outcome, turns], ["max-tokens", 3]);
});

test("BS-30: the ceiling of time ends an answer that does not come", async () => {
  using played = rehearse([{ hangs: true }], { limits: { timeMsMax: 60_000 } });
  played.session.send({ text: "go" });
  await played.until("user");
  while (played.requests.length === 0) await new Promise(setImmediate);
  played.clock.advance(60_000);
  const { ending } = await played.until("end");
  assert.deepEqual([ending.outcome, ending.error?.code], ["max-time", "max-time"]);
  assert.match(ending.error?.message ?? "", /within 60 seconds/);
});

test("BS-30: the ceiling of money counts what was cached at its own price", async () => {
  const price = { prompt: 2, cached: 0.2, completion: 10 };
  using played = rehearse(worker, { price, limits: { costMax: 0.004 } });
  const { outcome, turns, cost } = await played.ask("go");
  // 500 × 2 + 500 × 0.2 + 100 × 10 = 2,100 millionths a turn.
  assert.deepEqual([outcome, turns, cost], ["max-cost", 2, 0.0042]);
});

test("a server that says that more came from its cache than was asked makes nothing cheaper than free", () => {
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const meter = createMeter({ limits: {}, price: { prompt: 10, cached: 1, completion: 0 }, clock });
  meter.turn({ promptTokens: 0, cachedTokens: 1_000_000, completionTokens: 0 });
  assert.equal(meter.cost, 1);
});

test("each model's tokens count at its own price, and those without one beside the cost", async () => {
  const told: string[] = [];
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const million = { promptTokens: 1_000_000, cachedTokens: 0, completionTokens: 0 };
  const priceOf = (name: string): { prompt: number; completion: number } | undefined =>
    name === "lab" ? { prompt: 7, completion: 0 } : undefined;
  const root = createMeter({
    ...{ limits: { costMax: 11 }, price: { prompt: 1, completion: 0 }, priceOf, clock },
    onUnpriced: (name) => told.push(name),
  });
  const sub = createMeter({ limits: {}, price: { prompt: 3, completion: 0 }, clock, parent: root });
  const unknown = createMeter({ limits: {}, price: undefined, model: "far", clock, parent: root });
  root.turn(million);
  sub.turn(million);
  unknown.turn(million);
  assert.deepEqual([root.cost, root.unpricedTokens, root.reached()], [4, 1_000_000, undefined]);
  assert.deepEqual([sub.cost, unknown.cost, unknown.unpricedTokens], [3, undefined, 1_000_000]);
  // Another one answered in its place.
  root.turn(million, "lab");
  assert.deepEqual([root.cost, root.reached()], [11, "max-cost"]);
  root.spend(million, "nobody");
  assert.deepEqual([root.cost, told], [11, ["far", "nobody"]]);
});

test("where nothing has a price there is no cost, and nothing is said of it", () => {
  const told: string[] = [];
  const clock = { now: () => 0, sleep: () => Promise.resolve() };
  const onUnpriced = (name: string): unknown => told.push(name);
  const root = createMeter({ limits: {}, price: undefined, clock, onUnpriced });
  root.turn({ promptTokens: 5, cachedTokens: 0, completionTokens: 5 }, "lab");
  assert.deepEqual([root.cost, told], [undefined, []]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
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

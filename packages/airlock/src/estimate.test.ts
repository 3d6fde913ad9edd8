import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Backend } from "@cloister/backend";
import { neverHangs } from "@cloister/fakes/hangs";
import { chatProtocol, type TurnRequest } from "@cloister/wire";
import { createEstimator } from "./estimate.ts";
import type { Endpoint } from "./endpoint.ts";

const endpoint: Endpoint = {
  id: "home",
  url: "http://127.0.0.1:1",
  protocol: chatProtocol,
  clearance: "core",
  operator: "this machine",
  backend: {} as Backend,
};
const at = { endpoint, model: "m" };
const source = readFileSync(import.meta.filename, "utf8").replaceAll("<|", "< |");
const chinese = "先读取文件，再修改代码，最后运行全部测试。".repeat(200);

test("with the vocabulary an estimate of a long prompt is near the true count, without it not far off", async () => {
  const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
  for (const text of [
    source.repeat(60),
    chinese.repeat(20),
    source.repeat(20) + chinese.repeat(10),
    "short",
  ]) {
    const estimator = createEstimator();
    const truth = countTokens(text);
    const guess = estimator.estimate(turn(text), at);
    assert.ok(guess > truth * 0.7 && guess < truth * 2 + 20, `${guess} for ${truth}`);
    await estimator.load();
    const estimate = estimator.estimate(turn(text), at);
    assert.ok(Math.abs(estimate - truth) < truth * 0.05 + 10, `${estimate} for ${truth}`);
  }
});

test("what a server counted corrects the estimates for its model, and for no other", async () => {
  for (const isLoaded of [false, true]) {
    const estimator = createEstimator();
    if (isLoaded) await estimator.load();
    const before = estimator.estimate(turn(source), at);
    estimator.learn({ ...at, outgoing: outgoing(source), promptTokens: Math.round(before * 1.25) });
    const after = estimator.estimate(turn(source), at);
    assert.ok(Math.abs(after - before * 1.25) < before * 0.02, `${after} after ${before}`);
    assert.equal(estimator.estimate(turn(source), { ...at, model: "other" }), before);
  }
});

test("one odd count does not spoil the estimates: the middle one of the last ones counts", () => {
  const estimator = createEstimator();
  const before = estimator.estimate(turn(source), at);
  for (const factor of [1.1, 9, 1.1, 0.01, 1.1]) {
    estimator.learn({ ...at, outgoing: outgoing(source), promptTokens: Math.round(before * factor) });
    estimator.estimate(turn(source), at);
  }
  const after = estimator.estimate(turn(source), at);
  assert.ok(Math.abs(after - before * 1.1) < before * 0.02, `${after} after ${before}`);
});

test("what teaches nothing is let go: no prompt to speak of, no count, no JSON", () => {
  const estimator = createEstimator();
  const before = estimator.estimate(turn(source), at);
  estimator.learn({ ...at, outgoing: outgoing("short"), promptTokens: 900 });
  estimator.estimate(turn(source), at);
  estimator.learn({ ...at, outgoing: outgoing(source), promptTokens: 0 });
  estimator.estimate(turn(source), at);
  estimator.learn({ ...at, outgoing: [Buffer.from("{")], promptTokens: 900 });
  assert.equal(estimator.estimate(turn(source), at), before);
});

test("learning costs an answer nothing, however long the prompt", () => {
  const estimator = createEstimator();
  // Its length may be asked, and its bytes may not be read.
  const closed = new Proxy(Buffer.alloc(2_000_000), {
    get: (bytes, key) => (key === "length" ? bytes.length : assert.fail(`${String(key)} was read`)),
  });
  estimator.learn({ ...at, outgoing: [closed], promptTokens: 5000 });
  estimator.learn({ ...at, outgoing: [closed], promptTokens: 5000 });
});

test("no text is too much to be counted: 200,000 tokens, one word without an end, control tokens, half a character", async () => {
  const estimator = createEstimator();
  await estimator.load();
  estimator.estimate(turn(source), at);
  const texts = [
    source.repeat(160),
    "a".repeat(2_000_000),
    "<|endoftext|>".repeat(50_000),
    "\uD83D".repeat(200_000),
  ];
  for (const text of texts) {
    assert.ok(neverHangs(text, () => estimator.estimate(turn(text), at)) > 0);
  }
});

function turn(text: string): TurnRequest {
  return {
    model: "m",
    stream: false,
    system: [],
    items: [{ kind: "user", parts: [{ kind: "text", text }] }],
    tools: [],
    sampling: {},
    includeUsage: false,
    losses: [],
  };
}

function outgoing(text: string): Buffer[] {
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: text }] });
  return [Buffer.from(body.slice(0, -1)), Buffer.from("}")];
}

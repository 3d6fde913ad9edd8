import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { neverHangs } from "@cloister/fakes/hangs";
import { en } from "../words/en.ts";
import { groupedCount } from "./numbers.ts";
import { createPaceMeter, estimateTokens } from "./pace.ts";
import { createWaiting } from "./waiting.ts";

const idle = { isThinking: false, isRunning: false };

/** What is told at each moment: the words, then the notes. */
function open(): { at: (ms: number, ...events: AgentEvent[]) => string; running: () => string } {
  let now = 0;
  const waiting = createWaiting({ words: () => en, clock: { now: () => now } });
  const say = (told: ReturnType<typeof waiting.told>): string => [told.what, ...told.notes].join(" · ");
  return {
    at: (ms, ...events) => {
      now = ms;
      for (const event of events) waiting.event(event);
      return say(waiting.told(idle));
    },
    running: () => say(waiting.told({ ...idle, isRunning: true })),
  };
}

const user: AgentEvent = { kind: "user", text: "go" };
const reading = (read: number, ms: number, cached = 0): AgentEvent => ({
  ...{ kind: "reading", total: 31_000, cached, read, ms },
});

test("progress is told in tokens, percent and the time that is left, from what was really read", () => {
  const { at } = open();
  assert.equal(at(0, user), "Working");
  assert.equal(at(500, reading(4000, 0, 4000)), "Working", "what is soon over is not worth a word");
  assert.equal(at(1500, reading(4000, 0, 4000)), "Reading 4,000 of 31,000 tokens · 12 %");
  // 8,400 tokens in 11 s, so 18,600 in 24.4 s: the cached ones took no time.
  assert.equal(
    at(12_000, reading(12_400, 11_000, 4000)),
    "Reading 12,400 of 31,000 tokens · 40 % · about 24 s more",
  );
  assert.equal(at(22_000), "Reading 12,400 of 31,000 tokens · 40 % · about 14 s more");
  assert.equal(at(60_000), "Reading 12,400 of 31,000 tokens · 40 %", "overdue: no time is promised");
  assert.match(at(61_000, reading(31_000, 60_000, 4000)), /31,000 of 31,000 tokens · 100 %$/);
  assert.equal(at(61_100, { kind: "text", text: "Hi" }), "Working");
});

test("long waits are told in minutes, and a server that begins anew is believed", () => {
  const { at } = open();
  at(0, user);
  assert.match(at(10_000, reading(1000, 10_000)), / · 3 % · about 5 min more$/);
  assert.match(at(11_000, reading(0, 0)), /Reading 0 of 31,000 tokens · 0 %$/);
});

test("a running tool is not the model's reading, and its result begins the next wait", () => {
  const { at, running } = open();
  at(0, user);
  at(5000, reading(9000, 5000));
  assert.equal(running(), "Working");
  at(6000, { kind: "call", id: "1", name: "Bash", args: {} });
  assert.equal(at(9000), "Working");
  at(10_000, { kind: "result", id: "1", name: "Bash", ok: true, text: "" });
  assert.equal(at(10_500), "Working");
  assert.equal(at(12_500), "The model reads");
});

test("while it writes, its speed and its first word are told; when it stops for seconds, no speed is", () => {
  const { at } = open();
  at(0, user);
  let told = "";
  // 100 characters of code a tenth of a second: 28 tokens, so 280 in a second.
  for (let ms = 1200; ms <= 5200; ms += 100) told = at(ms, { kind: "text", text: "x".repeat(100) });
  assert.equal(told, "Working · ~280 tok/s · first after 1.2 s");
  assert.equal(at(20_000), "Working");
});

test("the pace is that of the last seconds, and too little says nothing", () => {
  const meter = createPaceMeter();
  meter.wrote("x".repeat(1000), 0);
  assert.equal(meter.tokensPerSecond(0), undefined);
  assert.equal(meter.tokensPerSecond(3000), undefined, "one piece has no speed");
  meter.wrote("x".repeat(100), 10_000);
  for (let ms = 10_100; ms <= 14_000; ms += 100) meter.wrote("x".repeat(10), ms);
  const slow = meter.tokensPerSecond(14_000) ?? 0;
  assert.ok(slow > 26 && slow < 30, `${slow}`);
  meter.clear();
  assert.equal(meter.tokensPerSecond(14_000), undefined);
});

test("hundreds of thousands of pieces in a second leave a short list", () => {
  const meter = createPaceMeter();
  neverHangs("300,000 pieces", () => {
    for (let at = 0; at < 300_000; at++) {
      meter.wrote("x", at / 300);
      // It looks at the whole list each time.
      meter.tokensPerSecond(1000);
    }
  });
});

test("Chinese has more tokens for its characters, and digits are grouped", () => {
  assert.ok(estimateTokens("文件系统") > estimateTokens("file"));
  assert.deepEqual(
    [0, 999, 1000, 12_400, 1_234_567.4].map((count) => groupedCount(count)),
    ["0", "999", "1,000", "12,400", "1,234,567"],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@cloister/base";
import { en } from "../words/en.ts";
import { plainText } from "../text/line.ts";
import { createMarkdownStream } from "../text/markdown-stream.ts";
import { createScene } from "./scene.ts";

test("what a block of the roll holds on to is counted: what was given, printed, answered and changed", () => {
  const scene = createScene({
    words: () => en,
    clock: systemClock,
    createStream: () => assert.fail("no text is said"),
  });
  const content = "a".repeat(5000);
  scene.event({ kind: "call", id: "1", name: "Write", args: { content } });
  scene.event({ kind: "progress", id: "1", text: "b".repeat(400) });
  const diff = { path: "a.ts", hunks: "c".repeat(30), added: 1, removed: 0 };
  scene.event({ kind: "result", id: "1", name: "Write", ok: true, text: "dd", diff });
  const held = scene.roll.block(scene.roll.end - 1)?.chars ?? 0;
  assert.equal(held, JSON.stringify({ content }).length + 400 + 30 + 2);
});

test("what a goal's check printed is whole in the transcript", () => {
  const scene = createScene({
    words: () => en,
    clock: systemClock,
    createStream: () => assert.fail("no text is said"),
  });
  const text = Array.from({ length: 50 }, (_, index) => `line ${index}`).join("\n");
  scene.event({ kind: "goal", goal: { text: "x", missed: 1 }, step: { kind: "missed", text } });
  assert.match(scene.transcript.lines(80).map(plainText).join("\n"), /line 0\n[^]*line 25\n[^]*line 49/);
});

test("two answers with nothing but a goal's check between them stay two, in their order", () => {
  const scene = createScene({ words: () => en, clock: systemClock, createStream: createMarkdownStream });
  const turn = {
    kind: "turn",
    number: 1,
    speed: { firstMs: undefined, tokensPerSecond: undefined },
  } as const;
  scene.event({ kind: "text", text: "It is done." });
  scene.event(turn);
  scene.event({ kind: "goal", goal: { text: "x", missed: 1 }, step: { kind: "missed", text: "it is not" } });
  scene.event({ kind: "text", text: "Now it is." });
  scene.event(turn);
  const shown = scene.take(80).map(plainText).join("\n");
  assert.match(shown, /^ {2}It is done\.\n\n◎[^]*it is not\n\n {2}Now it is\.$/m);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createGatedLines } from "./process-lines.ts";

function play(pieces: readonly string[], isEnded = true): { passed: string; answered: string } {
  const heard = { passed: "", answered: "" };
  const lines = createGatedLines(
    (line) =>
      line.includes("no") ? { answer: `not ${line}` } : line === "lost" ? undefined : { pass: line },
    {
      pass: (line) => (heard.passed += line.toString()),
      answer: (line) => (heard.answered += line.toString()),
    },
  );
  for (const piece of pieces) lines.take(Buffer.from(piece));
  if (isEnded) lines.end();
  return heard;
}

test("lines go through one by one, wherever the stream is cut; the last needs no end", () => {
  const text = "one\nno way\nlost\n\nhällo\nlast";
  for (let cut = 0; cut <= text.length; cut++) {
    const heard = play([text.slice(0, cut), text.slice(cut)]);
    assert.deepEqual(heard, { passed: "one\nhällo\nlast\n", answered: "not no way\n" });
  }
  assert.equal(play(["one\ntwo"], false).passed, "one\n");
});

test("a line without an end is not kept for ever", () => {
  const lines = createGatedLines(() => undefined, { pass: () => undefined, answer: () => undefined });
  const much = Buffer.alloc(1024 * 1024, "x");
  assert.throws(
    () => {
      for (let n = 0; n < 20; n++) lines.take(much);
    },
    { code: "bad-frame" },
  );
});

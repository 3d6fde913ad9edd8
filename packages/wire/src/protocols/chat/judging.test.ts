import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "../../answer.ts";
import { chatProtocol } from "./chat.ts";
import { readJudgingComment, writeJudgingComment } from "./judging.ts";

test("a comment carries the ids unchanged, and other comments or broken ones carry none", () => {
  const ids = ["call_0", 'a "b"\n', "號"];
  assert.deepEqual(readJudgingComment(writeJudgingComment(ids).toString().trim()), ids);
  for (const comment of [": ping", ": cloister-judging", ": cloister-judging [1]", ": cloister-judging {"]) {
    assert.equal(readJudgingComment(comment), undefined, comment);
  }
});

test("our agent hears of the judging behind the last word, and a reader of the protocol hears nothing", async () => {
  const chunk = (delta: object, finish: string | null = null): Buffer =>
    Buffer.from(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield chunk({ content: "I look." });
    yield writeJudgingComment(["a"]);
    yield chunk({}, "stop");
    yield Buffer.from("data: [DONE]\n\n");
  };
  const heard = await Array.fromAsync(readAnswer(stream()));
  assert.deepEqual(
    heard.map(({ kind }) => kind),
    ["text", "judging", "end"],
  );
  const frames = await Array.fromAsync(chatProtocol.readStream(stream()));
  assert.ok(frames.every(({ events }) => events.every(({ kind }) => kind !== "judging")));
});

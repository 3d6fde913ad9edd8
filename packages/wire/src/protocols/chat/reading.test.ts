import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReading, readReadingComment, writeReadingComment } from "./reading.ts";
import { chatProtocol } from "./chat.ts";

const told = { total: 237, cache: 230, processed: 237, time_ms: 30 };

test("progress is read as llama.cpp writes it, and the cached part counts as read", () => {
  assert.deepEqual(parseReading(told), { total: 237, cached: 230, read: 237, ms: 30 });
  assert.deepEqual(parseReading({ total: 10, cache: 6, processed: 2 }), {
    ...{ total: 10, cached: 6, read: 6, ms: 0 },
  });
});

test("what cannot be true is no progress", () => {
  const wrong = [
    undefined,
    null,
    [],
    "40 %",
    {},
    { ...told, total: 0 },
    { ...told, total: 236 },
    { ...told, processed: -1 },
    { ...told, cache: "230" },
    { ...told, time_ms: Infinity },
  ];
  for (const value of wrong) assert.equal(parseReading(value), undefined, JSON.stringify(value));
});

test("a comment carries it unchanged, and other comments or broken ones carry nothing", () => {
  const progress = { total: 9, cached: 1, read: 4, ms: 12 };
  assert.deepEqual(readReadingComment(writeReadingComment(progress).toString().trim()), progress);
  for (const comment of [
    ": ping",
    ": cloister-reading",
    ": cloister-reading {",
    ": cloister-reading 7",
    "data: {}",
  ]) {
    assert.equal(readReadingComment(comment), undefined, comment);
  }
});

test("its chunk is never passed on as it came, and none like it is taken for a piece of text", async () => {
  const chunk = (more: object): Buffer =>
    Buffer.from(`data: ${JSON.stringify({ id: "a", model: "m", ...more })}\n\n`);
  const choice = (delta: object, finish: string | null = null): object => ({
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield chunk(choice({ role: "assistant", content: null }));
    yield chunk({ ...choice({ content: null }), prompt_progress: told });
    yield chunk({ ...choice({ content: "a" }), prompt_progress: told });
    yield chunk({ ...choice({ content: "b" }), prompt_progress: told });
    yield chunk(choice({}, "stop"));
    yield Buffer.from("data: [DONE]\n\n");
  };
  const frames = await Array.fromAsync(chatProtocol.readStream(stream()));
  const readings = frames.filter(({ events }) => events.some(({ kind }) => kind === "reading"));
  assert.equal(readings.length, 3);
  assert.ok(readings.every(({ fragment }) => fragment));
  const texts = frames
    .flatMap(({ events }) => events)
    .map((event) => (event.kind === "text" ? event.text : ""));
  assert.equal(texts.join(""), "ab");
});

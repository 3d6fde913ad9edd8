import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "../../answer.ts";
import { chatProtocol } from "./chat.ts";
import { parseThoughts, readThoughtComment, writeThoughtComment } from "./thoughts.ts";

const thought = { text: 'Hm.\n\n"so"', token: "sig==" };
const hidden = { text: "", token: "opaque", hidden: true } as const;

test("our agent hears what is signed, to the letter, and a reader of the protocol hears nothing", async () => {
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield writeThoughtComment(thought);
    yield writeThoughtComment(hidden);
    yield Buffer.from(
      'data: {"choices":[{"index":0,"delta":{"content":"Yes."},"finish_reason":"stop"}]}\n\n',
    );
  };
  const heard = await Array.fromAsync(readAnswer(stream()));
  assert.deepEqual(heard.slice(0, 2), [
    { kind: "thought", thought },
    { kind: "thought", thought: hidden },
  ]);
  const frames = await Array.fromAsync(chatProtocol.readStream(stream()));
  assert.ok(frames.every(({ events }) => events.every(({ kind }) => kind !== "thought")));
});

test("other comments and broken ones carry none", () => {
  for (const comment of [
    ": ping",
    ": cloister-thought",
    ": cloister-thought {",
    ': cloister-thought {"text":1}',
  ]) {
    assert.equal(readThoughtComment(comment), undefined, comment);
  }
});

test("a message keeps them in a field, which no Chat server is sent", () => {
  const item = { role: "assistant", content: "Yes.", thoughts: [thought, hidden, 7, { text: "x" }] };
  assert.deepEqual(parseThoughts(item.thoughts), [thought, hidden]);
  const body = { model: "m", messages: [{ role: "user", content: "hi" }, item] };
  const [, said] = chatProtocol.parseRequest(body).items;
  assert.deepEqual(said?.kind === "assistant" && said.signed, [thought, hidden]);
  const open = (): undefined => undefined;
  assert.deepEqual(chatProtocol.restoreThoughts(item, open), {
    item: { role: "assistant", content: "Yes." },
    dropped: ["thoughts"],
  });
  const plain = { role: "assistant", content: "Yes." };
  assert.equal(chatProtocol.restoreThoughts(plain, open).item, plain);
});

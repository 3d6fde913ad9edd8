import assert from "node:assert/strict";
import { test } from "node:test";
import type { TurnEvent } from "../../turn.ts";
import { readChatStream } from "./read.ts";

const envelope = { id: "c1", object: "chat.completion.chunk", created: 1, model: "m" };

function delta(fields: object, more: object = {}): string {
  const chunk = { ...envelope, choices: [{ index: 0, delta: fields, finish_reason: null }], ...more };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

const end = `data: ${JSON.stringify({ ...envelope, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`;

/** One event in each chunk is the slow way that the quick one has to agree with: its first event is always parsed. */
async function read(events: readonly string[], size: number): Promise<{ said: string; raw: string }> {
  const bytes = Buffer.from(events.join(""));
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  };
  const joined: [string, unknown][] = [];
  let raw = "";
  for await (const frame of readChatStream(source())) {
    raw += Buffer.from(frame.raw).toString();
    for (const event of frame.events) add(joined, event);
  }
  return { said: JSON.stringify(joined), raw };
}

function add(joined: [string, unknown][], event: TurnEvent): void {
  const last = joined.at(-1);
  if (event.kind !== "text" && event.kind !== "reasoning") joined.push([event.kind, event]);
  else if (last?.[0] === event.kind) last[1] = `${String(last[1])}${event.text}`;
  else joined.push([event.kind, event.text]);
}

const texts = [
  "a",
  " plain",
  "中文 é",
  'say \\"hi\\" ',
  "new\nline",
  '","x":"y',
  "\\",
  "\u2028",
  "<tool_call>",
  '"}',
];

test("events known by their bytes say what parsing them says, however they are cut", async () => {
  const streams: string[][] = [
    texts.map((content) => delta({ content })),
    texts.map((text) => delta({ reasoning_content: text })),
    texts.flatMap((text) => [delta({ reasoning_content: text, content: null }), delta({ content: text })]),
    texts.map((content, index) => delta({ content }, { created: index })),
    texts.map((content) => delta({ content, role: "assistant" }, { usage: { prompt_tokens: 1 } })),
    texts.map((content) => delta({ reasoning: content, reasoning_content: content })),
    texts.map((content) => delta({ content }).replace('"content":', '"content": ')),
    [delta({ content: "same" }), delta({ content: "same", refusal: "same" }), delta({ content: "same" })],
    [
      delta({ content: "a" }),
      ": ping\n\n",
      delta({ content: "b" }),
      delta({ tool_calls: [{ index: 0, id: "i", function: { name: "f", arguments: "{}" } }] }),
    ],
    [delta({ content: "a" }), delta({ content: "b" }), 'data: {"error":{"message":"content\\":\\"x"}}\n\n'],
  ];
  for (const [index, events] of streams.entries()) {
    const all = [delta({ role: "assistant", content: "" }), ...events, end];
    // Nothing is learnt from events that each differ in the envelope, which gives what parsing says.
    const parsed = all.map((event, at) => event.replace('"object"', `"n${at}":0,"object"`));
    const expected = (await read(parsed, 1_000_000)).said;
    for (const size of [1, 7, 64, 200, 1000, 1_000_000]) {
      const { said, raw } = await read(all, size);
      assert.equal(said, expected, `stream ${index} in chunks of ${size}`);
      assert.ok(all.join("").startsWith(raw) && raw.length > 0, `stream ${index} in chunks of ${size}`);
    }
  }
});

test("pieces of one text that came together are one frame with all their bytes", async () => {
  const events = ["a", "b", "c", "d"].map((content) => delta({ content }));
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from([delta({ role: "assistant", content: "" }), ...events].join(""));
    yield Buffer.from(end);
  };
  const frames = (await Array.fromAsync(readChatStream(source()))).filter(
    ({ events: [first] }) => first?.kind === "text",
  );
  assert.deepEqual(
    frames.map(({ events: said }) => said),
    [[{ kind: "text", text: "a" }], [{ kind: "text", text: "bcd" }]],
  );
  assert.equal(Buffer.from(frames[1]?.raw ?? []).toString(), events.slice(1).join(""));
});

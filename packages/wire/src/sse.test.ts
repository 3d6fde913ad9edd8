import assert from "node:assert/strict";
import { test } from "node:test";
import { readSse } from "./sse.ts";

const stream = 'data: {"a":1}\n\n: ping\n\ndata: één\ndata: 中文\r\n\r\nevent: x\ndata:tight\n\n';

test("events come out the same however the bytes are cut, and every byte is kept", async () => {
  const bytes = Buffer.from(stream);
  for (const size of [1, 2, 3, 5, 7, 16, 1000]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const events = await Array.fromAsync(readSse(toAsync(chunks), { eventBytesMax: 1000 }));
    assert.deepEqual(
      events.map(({ data }) => data),
      ['{"a":1}', undefined, "één\n中文", "tight"],
      `chunks of ${size}`,
    );
    assert.equal(Buffer.concat(events.map((event) => event.bytes)).toString(), stream);
  }
});

test("several events in one chunk are passed on one by one", async () => {
  const events = await Array.fromAsync(
    readSse(toAsync([Buffer.from("data: 1\n\ndata: 2\n\ndata: 3")]), { eventBytesMax: 100 }),
  );
  assert.deepEqual(
    events.map(({ data }) => data),
    ["1", "2", "3"],
  );
});

test("an event without an end is refused, not buffered for ever", async () => {
  const flood = toAsync(Array.from({ length: 50 }, () => Buffer.from("data: xxxxxxxxxxxxxxxx")));
  await assert.rejects(Array.fromAsync(readSse(flood, { eventBytesMax: 100 })), { code: "event-too-long" });
});

async function* toAsync(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

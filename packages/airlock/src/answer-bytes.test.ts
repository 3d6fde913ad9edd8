import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@cloister/base";
import { gathered } from "./answer-bytes.ts";

/** Time passes when the test says so. */
function stillClock(): Clock & { pass(): void } {
  let wake: (() => void)[] = [];
  return {
    now: () => 0,
    sleep: async (_ms, signal) => {
      await new Promise<void>((resolve, reject) => {
        wake.push(resolve);
        signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
      });
    },
    pass() {
      for (const resolve of wake) resolve();
      wake = [];
    },
  };
}

/** Bytes that come when the test sends them. */
function createWire(): {
  readonly source: AsyncIterable<Uint8Array>;
  send(text: string): Promise<void>;
  end(error?: Error): Promise<void>;
  readonly isRead: () => boolean;
} {
  let isRead = false;
  const stream = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 1000 });
  const writer = stream.writable.getWriter();
  const source = async function* (): AsyncGenerator<Uint8Array> {
    const reader = stream.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
    isRead = true;
  };
  return {
    source: source(),
    send: (text) => writer.write(Buffer.from(text)),
    end: (error) => (error === undefined ? writer.close() : writer.abort(error)),
    isRead: () => isRead,
  };
}

async function readOne(pieces: AsyncGenerator<Uint8Array>): Promise<void> {
  await pieces.next();
  await pieces.return(undefined);
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("the first pieces pass at once, and what follows close on them comes together", async () => {
  const clock = stillClock();
  const wire = createWire();
  const pieces: string[] = [];
  const reading = (async () => {
    const options = { clock, isOver: () => false, breakOff: () => undefined };
    for await (const bytes of gathered(wire.source, options)) pieces.push(Buffer.from(bytes).toString());
  })();
  for (const text of ["a", "b", "c", "d", "e", "f", "g"]) {
    await wire.send(text);
    await settled();
  }
  assert.deepEqual(pieces, ["a", "b", "c", "d"]);
  clock.pass();
  await settled();
  assert.deepEqual(pieces, ["a", "b", "c", "d", "efg"]);
  await wire.send("h");
  await settled();
  // The end waits for no time to pass.
  void wire.end();
  await reading;
  assert.deepEqual(pieces, ["a", "b", "c", "d", "efg", "h"]);
});

test("what came before a failure is given first, then the failure", async () => {
  const wire = createWire();
  await wire.send("a");
  const options = { clock: stillClock(), isOver: () => false, breakOff: () => undefined };
  const pieces = gathered(wire.source, options);
  assert.equal((await pieces.next()).value?.length, 1);
  await wire.end(new Error("gone"));
  await assert.rejects(pieces.next(), /gone/);
});

test("left after the end of the answer, the source is read out; left before it, the connection is broken off", async () => {
  for (const isOver of [true, false]) {
    const wire = createWire();
    let isBroken = false;
    const options = { clock: stillClock(), isOver: () => isOver, breakOff: () => void (isBroken = true) };
    await wire.send("data");
    await readOne(gathered(wire.source, options));
    await wire.send("rest");
    void wire.end();
    await settled();
    assert.equal(isBroken, !isOver);
    if (isOver) assert.ok(wire.isRead());
  }
});

test("a server that lingers after the end of the answer is broken off in time", async () => {
  const clock = stillClock();
  const wire = createWire();
  let isBroken = false;
  await wire.send("data");
  const options = { clock, isOver: () => true, breakOff: () => void (isBroken = true) };
  await readOne(gathered(wire.source, options));
  await settled();
  assert.equal(isBroken, false);
  clock.pass();
  await settled();
  assert.equal(isBroken, true);
});

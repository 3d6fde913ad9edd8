import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canonicalJson,
  CloisterError,
  firstError,
  formatError,
  GrowingBytes,
  messageOf,
  readLines,
} from "./index.ts";

test("canonical JSON sorts keys by UTF-16 code units and drops blanks", () => {
  // The sorting example of RFC 8785, section 3.2.3.
  const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
  assert.equal(
    canonicalJson(value),
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
  );
  assert.equal(
    canonicalJson({ b: [1, null, true], a: { d: "x", c: "" } }),
    '{"a":{"c":"","d":"x"},"b":[1,null,true]}',
  );
});

test("canonical JSON refuses what has no single form", () => {
  assert.throws(() => canonicalJson(1.5), RangeError);
  assert.throws(() => canonicalJson(2 ** 53), RangeError);
  assert.throws(() => canonicalJson("\ud800"), TypeError);
});

test("what went wrong first is what is said, however much went wrong while it was put away", () => {
  const full = new CloisterError("the disk is full", { code: "disk-full", next: "make room" });
  const thrown = (): unknown => {
    try {
      using stack = new DisposableStack();
      for (const name of ["one", "two"]) {
        stack.defer(() => {
          throw new Error(`${name} cannot be closed`);
        });
      }
      throw full;
    } catch (error) {
      return error;
    }
  };
  assert.ok(thrown() instanceof SuppressedError);
  assert.equal(firstError(thrown()), full);
  assert.equal(formatError(thrown()), "the disk is full [disk-full]\nnext: make room");
  assert.equal(messageOf(thrown()), "the disk is full");
});

test("lines survive any cut, inside a character too", async () => {
  const bytes = Buffer.from("één\n\n中文\nlast");
  for (const size of [1, 2, 3, 5, 100]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const lines = await Array.fromAsync(readLines(toAsync(chunks), { lineCharsMax: 100 }));
    assert.deepEqual(lines, ["één", "", "中文", "last"], `chunks of ${size}`);
  }
});

test("a line without an end is refused, not buffered for ever", async () => {
  const endless = toAsync(Array.from({ length: 100 }, () => Buffer.from("xxxxxxxxxx")));
  await assert.rejects(Array.fromAsync(readLines(endless, { lineCharsMax: 50 })), { code: "line-too-long" });
});

test("a view of growing bytes stays what it was while more is appended", () => {
  const bytes = new GrowingBytes();
  const views: Buffer[] = [];
  for (let n = 0; n < 300; n++) {
    bytes.append(Buffer.alloc(1000, n));
    views.push(bytes.view());
  }
  assert.equal(bytes.view().length, 300_000);
  for (const [n, view] of views.entries()) {
    assert.equal(view.length, (n + 1) * 1000);
    assert.equal(view.at(-1), n % 256);
    assert.ok(bytes.view().subarray(0, view.length).equals(view));
  }
});

test("an error for a person names cause, rule and next step", () => {
  const error = new CloisterError("the endpoint is not cleared", {
    code: "not-cleared",
    rule: "label<=clearance",
    next: "raise the clearance",
  });
  assert.equal(
    formatError(error),
    "the endpoint is not cleared [not-cleared]\nrule: label<=clearance\nnext: raise the clearance",
  );
});

async function* toAsync(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

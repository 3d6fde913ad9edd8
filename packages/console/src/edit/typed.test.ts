import assert from "node:assert/strict";
import { test } from "node:test";
import type { Input } from "./keys.ts";
import { createTyped } from "./typed.ts";

test("a paste that comes in a thousand pieces is one, and is shown once", () => {
  const taken: Input[] = [];
  let shown = 0;
  const typed = createTyped(
    (input) => taken.push(input),
    () => (shown += 1),
  );
  typed.feed("\u001b[200~");
  for (let piece = 0; piece < 1000; piece++) typed.feed("a line\r");
  assert.equal(shown, 0);
  typed.feed("end\u001b[201~x");
  assert.equal(shown, 1);
  assert.deepEqual(taken, [
    { kind: "paste", text: `${"a line\n".repeat(1000)}end` },
    { kind: "text", text: "x" },
  ]);
  typed.stop();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurnstile } from "./turnstile.ts";

test("more than so many at once are refused, and whoever ends, well or badly, makes room", async () => {
  const turnstile = createTurnstile(2);
  const first = Promise.withResolvers<string>();
  const second = Promise.withResolvers<string>();
  const one = turnstile.pass(() => first.promise);
  const two = turnstile.pass(() => second.promise);
  await assert.rejects(
    turnstile.pass(() => Promise.resolve("third")),
    { code: "too-many-questions" },
  );
  first.resolve("one");
  assert.equal(await one, "one");
  assert.equal(await turnstile.pass(() => Promise.resolve("fourth")), "fourth");
  second.reject(new Error("two"));
  await assert.rejects(two, /two/);
  assert.deepEqual(
    await Promise.all([1, 2].map((each) => turnstile.pass(() => Promise.resolve(each)))),
    [1, 2],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequests, type Shape } from "./requests.ts";

const shapes: readonly Shape[] = ["chat", "messages"];

test("a small request has 0.4 KB and a large one 130 KB with 18 tools, in both protocols", () => {
  for (const shape of shapes) {
    const small = createRequests(shape, "small", 1).next();
    assert.ok(small.length > 350 && small.length < 700, `${small.length}`);
    const large = createRequests(shape, "large", 1).next();
    assert.ok(large.length > 120_000 && large.length < 140_000, `${large.length}`);
    assert.equal((JSON.parse(large) as { tools: unknown[] }).tools.length, 18);
  }
});

test("a large conversation goes on where it ended, and a cold one begins anew", () => {
  for (const shape of shapes) {
    const large = createRequests(shape, "large", 1);
    const [first, second] = [messagesOf(large.next()), messagesOf(large.next())];
    assert.deepEqual(second.slice(0, first.length), first);
    assert.equal(second.length, first.length + 2);

    const cold = createRequests(shape, "large, cold", 1);
    const [one, other] = [messagesOf(cold.next()), messagesOf(cold.next())];
    assert.equal(one.length, other.length);
    const kept = other.filter((message, index) => message === one[index] && message.length > 300);
    assert.ok(kept.every((message) => message.includes('"system"')));
  }
});

test("two clients say different things, and one client says the same in every run", () => {
  const first = (seed: number): string => createRequests("chat", "small", seed).next();
  assert.equal(first(7), first(7));
  assert.notEqual(first(7), first(8));
});

function messagesOf(body: string): string[] {
  return (JSON.parse(body) as { messages: unknown[] }).messages.map((message) => JSON.stringify(message));
}

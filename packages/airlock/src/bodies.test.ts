import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "@cloister/base";
import { createBodies } from "./bodies.ts";

const tools = [{ name: "Read", description: 'a "quoted" \\ description ]}' }];

function item(number: number): JsonObject {
  return { role: "user", content: [{ type: "text", text: `${number} "[{\\ 中文 ]}," \u0001` }], number };
}

function itemsOf(value: JsonObject): readonly unknown[] {
  return value["messages"] as readonly unknown[];
}

test("a body that goes on gives what parsing gives, and the known items are the same objects", () => {
  const bodies = createBodies({ seenMax: 4 });
  for (const suffix of [{}, { tools, stream: true }]) {
    const messages: JsonObject[] = [];
    let last: JsonObject | undefined;
    for (let count = 0; count < 20; count += 1) {
      messages.push(item(count), item(count + 1000));
      const body = Buffer.from(JSON.stringify({ model: "m", messages, ...suffix }));
      const value = bodies.parse(body, "messages");
      assert.deepEqual(value, JSON.parse(body.toString()));
      assert.deepEqual(Object.keys(value), Object.keys(JSON.parse(body.toString()) as object));
      if (last !== undefined) {
        for (const [index, known] of itemsOf(last).entries()) assert.equal(itemsOf(value)[index], known);
        assert.equal(value["tools"], last["tools"]);
      }
      last = value;
    }
  }
});

test("where an item changed, those before it stay the same objects", () => {
  const bodies = createBodies({ seenMax: 4 });
  const first = bodies.parse(text({ messages: [item(0), item(1), item(2)], tools }), "messages");
  const changed = { ...item(1), cache_control: { type: "ephemeral" } };
  const request = { messages: [item(0), changed, item(2), item(3)], tools };
  const second = bodies.parse(text(request), "messages");
  assert.deepEqual(second, request);
  assert.equal(itemsOf(second)[0], itemsOf(first)[0]);
  assert.notEqual(itemsOf(second)[1], itemsOf(first)[1]);
  // Shorter than before, as after going back.
  assert.deepEqual(bodies.parse(text({ messages: [item(0)], tools }), "messages"), {
    messages: [item(0)],
    tools,
  });
});

test("a tail that only looks like more items is read as what it is", () => {
  const first = '{"messages":[{"a":1}],"x":1}';
  for (const [body, valid] of [
    ['{"messages":[{"a":1}],"y":[{"b":2}],"x":1}', true],
    ['{"messages":[{"a":1}],"messages":[{"b":2}],"x":1}', true],
    ['{"messages":[{"a":1},{"a":2}],"x":2}', true],
    ['{"messages":[{"a":1} ,\n {"a":2} ],"x":1}', true],
    ['{"messages":[{"a":1},2,"3",null],"x":1}', true],
    ['{"messages":[{"a":1},],"x":1}', false],
    ['{"messages":[{"a":1}{"b":1}],"x":1}', false],
    ['{"messages":[{"a":1},{"b":1],"x":1}', false],
    ['{"messages":[{"a":1}],"x":1}}', false],
    ['{"messages":[{"a":1}', false],
    ['{"messages":[{"a":1},"],"x":1}', false],
    ['[{"messages":[{"a":1}],"x":1}]', false],
  ] as const) {
    const bodies = createBodies({ seenMax: 4 });
    bodies.parse(Buffer.from(first), "messages");
    if (valid) assert.deepEqual(bodies.parse(Buffer.from(body), "messages"), JSON.parse(body), body);
    else assert.throws(() => bodies.parse(Buffer.from(body), "messages"), { name: "CloisterError" }, body);
  }
});

test("a field of the same name, escaped or twice, is never taken for the items", () => {
  for (const body of [
    '{"messages":[{"a":1}],"messages":[{"b":1}]}',
    '{"messages":[{"a":1}],"mess\\u0061ges":[{"b":1}]}',
    '{"mess\\u0061ges":[{"b":1}],"messages":[{"a":1}]}',
    '{"messages":"text","x":[1]}',
    '{"x":{"messages":[1,2]},"messages":[]}',
  ]) {
    const bodies = createBodies({ seenMax: 4 });
    for (let time = 0; time < 2; time += 1) {
      assert.deepEqual(bodies.parse(Buffer.from(body), "messages"), JSON.parse(body));
      const longer = body.replace("}]", '},{"c":3}]');
      assert.deepEqual(bodies.parse(Buffer.from(longer), "messages"), JSON.parse(longer));
    }
  }
});

test("whatever is done to a body, it is read as parsing reads it", () => {
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  const bodies = createBodies({ seenMax: 3 });
  let body = JSON.stringify({ model: "m", messages: [item(0), item(1), item(2)], tools });
  for (let round = 0; round < 3000; round += 1) {
    const at = random(body.length);
    const pieces = ['"', "\\", "]", "}", ",", '{"a":1},', ',{"a":1}', "[", "x", " ", '"messages":[1],', ""];
    const changed = body.slice(0, at) + (pieces[random(pieces.length)] ?? "") + body.slice(at + random(4));
    let expected: unknown;
    try {
      expected = JSON.parse(changed);
    } catch {
      assert.throws(() => bodies.parse(Buffer.from(changed), "messages"), { code: "bad-json" }, changed);
      continue;
    }
    assert.deepEqual(bodies.parse(Buffer.from(changed), "messages"), expected, changed);
    if (changed.length < 4000) body = changed;
  }
});

function text(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

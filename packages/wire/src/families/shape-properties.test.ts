import assert from "node:assert/strict";
import { test } from "node:test";
import { chatProtocol } from "../protocols/chat/chat.ts";
import type { TurnItem, TurnRequest } from "../turn.ts";
import { families, familyOf } from "./families.ts";
import type { Family } from "./family.ts";
import { shapeForFamily } from "./shape.ts";
import { unknownFamily } from "./unknown.ts";

const seed = Date.now() % 2 ** 31;

/** And one that no vendor has made yet, where every rule meets every other. */
const everyFamily: readonly Family[] = [
  ...families,
  unknownFamily,
  {
    ...familyOf("ministral"),
    name: "strictest",
    callsPerMessage: "one",
    callIds: "kimi",
    reasoning: { echo: "always", field: "reasoning_content" },
  },
];

test("what a strict template checks holds for any conversation", () => {
  const random = randomOf(seed);
  for (let round = 0; round < 60; round++) {
    const items = conversation(random, 1 + random(16));
    for (const family of everyFamily) {
      const where = `seed ${seed}, round ${round}, ${family.name}: ${JSON.stringify(items)}`;
      const out = shaped(items, family);
      if (family.alternation) assertAlternates(out, where);
      for (const item of out) {
        if (item.kind === "system") assert.equal(family.systemRule, "anywhere", where);
        if (item.kind !== "assistant") continue;
        if (family.callsPerMessage === "one") assert.ok(item.calls.length <= 1, where);
        if (family.reasoning.echo === "never") assert.equal(item.reasoning, "", where);
      }
      assert.deepEqual(shaped(items, family), out, where);
    }
  }
});

test("G4: a longer conversation begins with the bytes of the shorter, for every family", () => {
  const random = randomOf(seed + 1);
  for (let round = 0; round < 20; round++) {
    const items = conversation(random, 9);
    for (const family of everyFamily) {
      for (let count = 1; count < items.length; count++) {
        // The one exception: a new user turn takes the loop's reasoning away, as the template does.
        if (family.reasoning.echo === "in-loop" && isAsked(items[count], family)) continue;
        const [before, after] = [
          bytesOf(items.slice(0, count), family),
          bytesOf(items.slice(0, count + 1), family),
        ];
        assert.ok(
          after.startsWith(before),
          `seed ${seed}, round ${round}, ${family.name}, ${count}:\n${before}\n${after}`,
        );
      }
    }
  }
});

test("a new user turn changes nothing in an in-loop history but the reasoning before it", () => {
  const random = randomOf(seed + 2);
  const family = familyOf("qwen3");
  const withoutReasoning = (items: readonly TurnItem[]): readonly TurnItem[] =>
    items.map((item) => (item.kind === "assistant" ? { ...item, reasoning: "" } : item));
  for (let round = 0; round < 300; round++) {
    const items = conversation(random, 10);
    const before = shaped(items, family);
    const after = shaped([...items, user("next")], family);
    assert.deepEqual(
      withoutReasoning(after.slice(0, -1)),
      withoutReasoning(before),
      `seed ${seed}, round ${round}`,
    );
    assert.deepEqual(withoutReasoning(after), after, `seed ${seed}, round ${round}`);
  }
});

function shaped(items: readonly TurnItem[], family: Family): readonly TurnItem[] {
  return shapeForFamily(turnOf(items), family).turn.items;
}

function turnOf(items: readonly TurnItem[]): TurnRequest {
  return {
    model: "m",
    stream: true,
    system: ["Be brief."],
    items,
    tools: [],
    sampling: {},
    includeUsage: false,
    losses: [],
  };
}

function user(text: string): TurnItem {
  return { kind: "user", parts: [{ kind: "text", text }] };
}

/** The body of a Chat request up to the end of its last text. */
function bytesOf(items: readonly TurnItem[], family: Family): string {
  const { turn } = shapeForFamily(turnOf(items), family);
  const { body } = chatProtocol.formatRequest(turn, {
    midSystem: "keep",
    reasoningField: family.reasoning.field,
  });
  return JSON.stringify(body).replace(/["\]}]*$/, "");
}

function isAsked(item: TurnItem | undefined, { systemRule }: Family): boolean {
  return item?.kind === "user" || (item?.kind === "system" && systemRule === "first-only");
}

function assertAlternates(items: readonly TurnItem[], where: string): void {
  const roles = items.flatMap((item) =>
    item.kind === "user" || (item.kind === "assistant" && item.calls.length === 0) ? [item.kind] : [],
  );
  assert.ok(
    roles.every((role, index) => role === (index % 2 === 0 ? "user" : "assistant")),
    `${where} ${roles.join()}`,
  );
}

/** Any order of items, save that results follow their calls, and some calls never get one. */
function conversation(random: (below: number) => number, itemsMax: number): TurnItem[] {
  const items: TurnItem[] = [];
  const text = (): string => ["", "a", 'quote " end', "two\nlines", "]}", "é"][random(6)] ?? "";
  while (items.length < itemsMax) {
    const kind = random(7);
    if (kind === 0) items.push({ kind: "system", text: text() });
    else if (kind < 3) {
      const image: TurnItem = {
        kind: "user",
        parts: [
          { kind: "text", text: text() },
          { kind: "image", url: "data:,x" },
        ],
      };
      const twice: TurnItem = {
        kind: "user",
        parts: [
          { kind: "text", text: text() },
          { kind: "text", text: text() },
        ],
      };
      items.push([image, twice][random(8)] ?? user(text()));
    } else {
      const calls = Array.from({ length: random(4) }, (_, index) => ({
        id: `call_${items.length}_${index}`,
        name: "Read",
        arguments: '{"path":"x"}',
      }));
      items.push({ kind: "assistant", text: text(), reasoning: random(2) === 0 ? "" : "because", calls });
      for (const { id } of calls) {
        if (random(9) === 0) break;
        items.push({ kind: "result", callId: id, parts: [{ kind: "text", text: text() }], isError: false });
      }
    }
  }
  return items;
}

/** A small generator (mulberry32): the same numbers for the same seed. */
function randomOf(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

// Properties: what is written is read back, however it is cut; what was sent stays as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json, JsonObject } from "@cloister/base";
import type { FinishReason } from "../../chat.ts";
import type { Part, TurnEvent, TurnItem, TurnRequest, TurnTool } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { assertLegal, framesOf } from "./legal-answer.ts";
import { messagesProtocol } from "./messages.ts";

const SEEDS = Array.from({ length: 100 }, (_, index) => index + 1);
const context = { id: "msg_1", model: "m", created: 0 };
const options: FormatOptions = { midSystem: "keep", reasoningField: "reasoning_content" };

test("any order of events is written legally, and read back as it was, in whatever pieces", async () => {
  for (const seed of SEEDS) {
    const random = createRandom(seed);
    const events = randomEvents(random);
    const writer = messagesProtocol.createWriter(randomRequest(random), context);
    const bytes = Buffer.concat(events.flatMap((event) => [writer.write(event), ...pingsAt(random, writer)]));
    assertLegal(framesOf(bytes));
    const frames = await Array.fromAsync(messagesProtocol.readStream(cut(bytes, random)));
    assert.deepEqual(
      joined(frames.flatMap((frame) => frame.events)),
      joined(events.filter(({ kind }) => kind !== "refused")),
      `seed ${seed}`,
    );
    assert.equal(Buffer.compare(Buffer.concat(frames.map(({ raw }) => raw)), bytes), 0, `seed ${seed}`);
  }
});

test("any order of events in one piece is read back as it was", () => {
  for (const seed of SEEDS) {
    const random = createRandom(seed);
    const events = randomEvents(random);
    const body = messagesProtocol.writeWhole(randomRequest(random), events, context);
    assert.deepEqual(
      joined(messagesProtocol.readWhole(JSON.parse(JSON.stringify(body)))),
      joined(events.filter(({ kind }) => kind !== "refused")),
      `seed ${seed}`,
    );
  }
});

test("a stream that is cut anywhere before its reason to stop is a failure, and no call of it is half", async () => {
  for (const seed of SEEDS.slice(0, 60)) {
    const random = createRandom(seed);
    const events = randomEvents(random);
    const writer = messagesProtocol.createWriter(randomRequest(random), context);
    const bytes = Buffer.concat(events.map((event) => writer.write(event)));
    const end = bytes.indexOf("event: message_delta");
    const part = bytes.subarray(0, random.below(end));
    const read = (await Array.fromAsync(messagesProtocol.readStream(cut(part, random)))).flatMap(
      (frame) => frame.events,
    );
    assert.deepEqual(
      read.filter(({ kind }) => kind === "end" || kind === "failed").map(({ kind }) => kind),
      ["failed"],
      `seed ${seed}`,
    );
    for (const event of read) {
      if (event.kind === "call") assert.doesNotThrow(() => JSON.parse(event.call.arguments), `seed ${seed}`);
    }
  }
});

test("a request is read back as it was", () => {
  for (const seed of SEEDS) {
    const turn = randomRequest(createRandom(seed));
    const { body, losses } = messagesProtocol.formatRequest(turn, options);
    assert.deepEqual(losses, [], `seed ${seed}`);
    const again = messagesProtocol.parseRequest(JSON.parse(JSON.stringify(body)) as JsonObject);
    assert.deepEqual({ ...again, losses: [] }, turn, `seed ${seed}`);
    // The only fields that a second reading drops are the breakpoints.
    assert.ok(
      again.losses.every(({ path }) => path.endsWith(".cache_control")),
      `seed ${seed}`,
    );
  }
});

test("G4: a longer conversation begins with the bytes of the shorter one, also where clients misbehave", () => {
  for (const seed of SEEDS.slice(0, 40)) {
    const random = createRandom(seed);
    const turn = { ...randomRequest(random), items: [...randomItems(random), ...wildItems(random)] };
    for (const setting of [options, { midSystem: "as-user" }] as const) {
      for (let count = 0; count < turn.items.length; count += 1) {
        const [shorter, longer] = [count, count + 1].map((n) =>
          JSON.stringify(
            messagesProtocol.formatRequest({ ...turn, items: turn.items.slice(0, n) }, setting).body,
          ),
        );
        assert.ok(shorter !== undefined && longer !== undefined);
        // The list of messages and the last one's content are open; with no message yet, only the list is.
        const head = shorter.slice(0, shorter.endsWith("[]}") ? -2 : -4);
        assert.ok(longer.startsWith(head), `seed ${seed}, ${count} items`);
      }
    }
  }
});

test("whatever clients do, roles alternate, every call is answered at once, and ids are unique", () => {
  for (const seed of SEEDS) {
    const random = createRandom(seed);
    const items = [...wildItems(random), { kind: "user", parts: [{ kind: "text", text: "x" }] } as const];
    const { body } = messagesProtocol.formatRequest(
      { ...randomRequest(random), items },
      { midSystem: "as-user" },
    );
    assertConversation(body["messages"] as unknown as Message[], `seed ${seed}`);
  }
});

interface Message {
  readonly role: string;
  readonly content: readonly { type: string; id?: string; tool_use_id?: string; text?: string }[];
}

function assertConversation(messages: readonly Message[], what: string): void {
  const seen = new Set<string>();
  let due: string[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    assert.equal(role, index % 2 === 0 ? "user" : "assistant", what);
    assert.ok(content.length > 0, what);
    const results = content.filter(({ type }) => type === "tool_result");
    assert.deepEqual(results, content.slice(0, results.length), what);
    const answered = results.map((block) => block.tool_use_id);
    assert.deepEqual([answered.length, new Set(answered)], [due.length, new Set(due)], what);
    due = content.flatMap(({ type, id }) => (type === "tool_use" && id !== undefined ? [id] : []));
    for (const id of due) {
      assert.ok(!seen.has(id), what);
      seen.add(id);
    }
    for (const { type, text } of content) assert.ok(type !== "text" || text?.trim() !== "", what);
  }
  assert.deepEqual(due, [], what);
}

interface Random {
  /** A whole number from 0 up to, and without, the limit. */
  readonly below: (limit: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
}

function createRandom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0; // neighbours shall not begin alike
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return { below, pick: (list) => list[below(list.length)] as (typeof list)[number] };
}

const TEXTS = ["a", " b\n", "中文 🙂", '"quoted" \\ \u2028', "data: x\n\nevent: y", "\u0000<b>", "]}]}"];
const ARGUMENTS = ["{}", '{"n":1}', '{"a":{"b":["中",null,1.5]},"t":" x\\n "}', '{"__proto__":{"x":1}}'];

function randomEvents(random: Random): TurnEvent[] {
  const events: TurnEvent[] = [{ kind: "start", id: "msg_1", model: "m" }];
  let calls = 0;
  for (let left = random.below(8); left > 0; left -= 1) {
    const kind = random.pick(["text", "reasoning", "call", "refused", "text", "hidden"] as const);
    if (kind === "call") {
      calls += 1;
      events.push({ kind, call: { id: `t${calls}`, name: "Read", arguments: random.pick(ARGUMENTS) } });
    } else if (kind === "refused") events.push({ kind, cause: "syntax", detail: "no" });
    else if (kind === "hidden") events.push({ kind: "thought", token: random.pick(TEXTS), hidden: true });
    else events.push({ kind, text: random.pick(TEXTS) });
    if (kind === "reasoning" && random.below(2) === 0) {
      events.push({ kind: "thought", token: random.pick(["", ...TEXTS]) });
    }
  }
  const finish: FinishReason = random.pick([calls > 0 ? "calls" : "stop", "length", "filter"]);
  const cachedTokens = random.pick([undefined, 0, 7, 100]);
  events.push({
    kind: "end",
    finish,
    usage: { promptTokens: 100, cachedTokens, completionTokens: random.below(50) },
    ...(finish === "stop" && random.below(2) === 0 && { stopSequence: "END" }),
    ...(random.below(3) === 0 && {
      extension: {
        recovered: [{ id: "t1", name: "Read", dialect: "qwen" }],
        refused: [{ cause: "syntax", detail: random.pick(TEXTS) }],
        retries: random.below(3),
      },
    }),
  });
  return events;
}

function randomRequest(random: Random): TurnRequest {
  const flip = (): boolean => random.below(2) === 0;
  const tools: TurnTool[] = Array.from({ length: random.below(3) }, (_, index) => ({
    name: `T${index}`,
    ...(flip() && { description: random.pick(TEXTS) }),
    parameters: JSON.parse(random.pick(ARGUMENTS)) as JsonObject,
    ...(flip() && { strict: flip() }),
  }));
  const toolChoice = random.pick(["auto", "required", { name: "T0" }] as const);
  const reasoning = random.pick([
    {},
    { effort: "none" },
    { effort: "high" },
    { budgetTokens: 2000 },
    { effort: "low", budgetTokens: 9 },
  ] as const);
  const schema: JsonObject = { type: "object", additionalProperties: false };
  return {
    model: "m",
    stream: flip(),
    system: Array.from({ length: random.below(3) }, () => random.pick(TEXTS)),
    items: randomItems(random),
    tools,
    ...(tools.length > 0 && flip() && { toolChoice, ...(flip() && { parallelCalls: false }) }),
    sampling: {
      maxTokens: 1 + random.below(1000),
      ...(flip() && { temperature: random.pick([0, 0.3, 1]) }),
      ...(flip() && { topP: 0.5 }),
      ...(flip() && { topK: 20 }),
      ...(flip() && { stop: ["END"] }),
    },
    ...(flip() && { reasoning }),
    ...(flip() && { format: { kind: "schema", name: "answer", schema } }),
    includeUsage: true,
    losses: [],
  };
}

/** Conversations that the protocol can say: a user first, calls answered at once, roles alternating. */
function randomItems(random: Random): TurnItem[] {
  const items: TurnItem[] = [];
  let calls = 0;
  for (let turns = random.below(4); turns > 0; turns -= 1) {
    items.push({ kind: "user", parts: randomParts(random) });
    if (random.below(3) === 0) items.push({ kind: "system", text: random.pick(TEXTS) });
    for (let rounds = random.below(3); rounds > 0; rounds -= 1) {
      const ids = Array.from({ length: 1 + random.below(3) }, () => `t${(calls += 1)}`);
      items.push({
        kind: "assistant",
        text: random.pick(["", ...TEXTS]),
        reasoning: random.pick(["", ...TEXTS]),
        calls: ids.map((id) => ({ id, name: "Read", arguments: random.pick(ARGUMENTS) })),
      });
      for (const callId of ids) {
        const parts = random.below(4) === 0 ? [] : randomParts(random);
        items.push({ kind: "result", callId, parts, isError: random.below(2) === 0 });
      }
    }
    items.push({ kind: "assistant", text: random.pick(TEXTS), reasoning: "", calls: [] });
  }
  return items;
}

function randomParts(random: Random): Part[] {
  return Array.from({ length: 1 + random.below(2) }, () =>
    random.pick<Part>([
      { kind: "text", text: random.pick(TEXTS) },
      { kind: "image", mediaType: "image/png", base64: "AAAA" },
      { kind: "image", url: "https://example.test/a.png" },
    ]),
  );
}

/** Anything in any order: results twice, late or of nothing, ids that repeat, texts of nothing. */
function wildItems(random: Random): TurnItem[] {
  const id = (): string => random.pick(["a", "b", "f.Read:0", ""]);
  const text = (): string => random.pick(["", " ", ...TEXTS]);
  return Array.from({ length: random.below(12) }, () =>
    random.pick<() => TurnItem>([
      () => ({ kind: "user", parts: [{ kind: "text", text: text() }] }),
      () => ({ kind: "system", text: text() }),
      () => ({ kind: "result", callId: id(), parts: [{ kind: "text", text: text() }], isError: false }),
      () => ({
        kind: "assistant",
        text: text(),
        reasoning: text(),
        calls: Array.from({ length: random.below(3) }, () => ({
          id: id(),
          name: "Read",
          arguments: random.pick(["", "{", "[]", ...ARGUMENTS]),
        })),
      }),
    ])(),
  );
}

function joined(events: readonly TurnEvent[]): Json[] {
  const out: Record<string, Json>[] = [];
  for (const event of events) {
    const last = out.at(-1);
    if ((event.kind === "text" || event.kind === "reasoning") && last?.["kind"] === event.kind) {
      last["text"] = `${last["text"] as string}${event.text}`;
    } else out.push({ ...event } as unknown as Record<string, Json>);
  }
  return out;
}

function pingsAt(random: Random, writer: { ping(): Buffer }): Buffer[] {
  return random.below(4) === 0 ? [writer.ping()] : [];
}

async function* cut(bytes: Buffer, random: Random): AsyncGenerator<Uint8Array> {
  let from = 0;
  while (from < bytes.length) {
    const to = from + 1 + random.below(random.pick([3, 40, 4000]));
    yield bytes.subarray(from, to);
    from = to;
  }
}

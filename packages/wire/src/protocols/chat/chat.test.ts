/** What must hold for every request and every answer, tried with random ones. The seed is named when one fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Part, TurnEvent, TurnItem, TurnRequest } from "../../turn.ts";
import type { FormatOptions } from "../protocol.ts";
import { chatProtocol } from "./chat.ts";

const ROUNDS = 300;
const context = { id: "chatcmpl-1", model: "m", created: 1_700_000_000 };

test("whatever is written is read back the same, however the bytes are cut", async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = createRandom(seed);
    const events = randomAnswer(random);
    const writer = chatProtocol.createWriter(randomRequest(random), context);
    const bytes = Buffer.concat(
      events.flatMap((event) => [random() < 0.1 ? writer.ping() : Buffer.alloc(0), writer.write(event)]),
    );
    const frames = await Array.fromAsync(chatProtocol.readStream(cut(bytes, random)));
    const read = frames.flatMap((frame) => frame.events);
    assert.deepEqual(joined(read), joined(events), `seed ${seed}`);
    assert.deepEqual(Buffer.concat(frames.map(({ raw }) => raw)), bytes, `seed ${seed}`);
  }
});

test("whatever is written whole is read back the same", () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = createRandom(seed);
    const events = randomAnswer(random);
    const body = chatProtocol.writeWhole(randomRequest(random), events, context);
    assert.deepEqual(byKind(chatProtocol.readWhole(body)), byKind(events), `seed ${seed}`);
  }
});

test("whatever Chat can say is formatted and parsed back the same, without a loss", () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const request = randomRequest(createRandom(seed));
    const { body, losses } = chatProtocol.formatRequest(request, {
      midSystem: "keep",
      reasoningField: seed % 2 === 0 ? "reasoning" : "reasoning_content",
    });
    assert.deepEqual(losses, [], `seed ${seed}`);
    assert.deepEqual(chatProtocol.parseRequest(JSON.parse(JSON.stringify(body))), request, `seed ${seed}`);
  }
});

test("G4: a longer conversation begins with the bytes of the shorter one, item by item", () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = createRandom(seed);
    const images = random() < 0.5;
    const request = { ...randomRequest(random), items: randomItems(random, { images }) };
    const options: FormatOptions = random() < 0.5 ? { midSystem: "keep" } : { midSystem: "as-user" };
    const format = (count: number): string =>
      JSON.stringify(
        chatProtocol.formatRequest({ ...request, items: request.items.slice(0, count) }, options).body,
      );
    for (let count = 1; count < request.items.length; count++) {
      // Images go behind the last result, so between results there is no request to compare with.
      if (images && request.items[count]?.kind === "result") continue;
      const shorter = format(count).slice(0, -"]}".length);
      assert.ok(format(count + 1).startsWith(shorter), `seed ${seed}, ${count} items`);
    }
  }
});

test("hostile bytes end with exactly one end or failure, and never throw", async () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = createRandom(seed);
    const writer = chatProtocol.createWriter(randomRequest(random), context);
    const bytes = Buffer.concat(randomAnswer(random).map((event) => writer.write(event)));
    for (let hits = 0; hits < 3; hits++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const broken = bytes.subarray(0, Math.floor(random() * bytes.length * 1.5));
    const events = (await Array.fromAsync(chatProtocol.readStream(cut(broken, random)))).flatMap(
      (frame) => frame.events,
    );
    const lasts = events.filter(({ kind }) => kind === "end" || kind === "failed");
    assert.equal(lasts.length, 1, `seed ${seed}`);
    assert.equal(events.at(-1), lasts[0], `seed ${seed}`);
  }
});

type Random = () => number;

/** A linear congruential generator (Numerical Recipes): the same numbers everywhere. */
function createRandom(seed: number): Random {
  let state = seed * 7919;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

function list<T>(random: Random, max: number, make: () => T): T[] {
  return Array.from({ length: Math.floor(random() * (max + 1)) }, make);
}

const texts = [
  "a",
  " ",
  "Hallo\n\nWelt",
  "数据: 中文",
  "data: [DONE]\n\n",
  '"}\\u0000',
  "\u{1f9ea}",
  ": x\r\n\r\n",
];

function randomText(random: Random): string {
  return pick(random, texts) + pick(random, texts);
}

function randomArguments(random: Random): string {
  return JSON.stringify({ [pick(random, ["a", "b"])]: randomText(random), n: Math.floor(random() * 9) });
}

function randomAnswer(random: Random): TurnEvent[] {
  let calls = 0;
  const middle = list(random, 6, (): TurnEvent => {
    const kind = pick(random, ["text", "reasoning", "call"] as const);
    if (kind !== "call") return { kind, text: randomText(random) };
    const id = pick(random, ["call_", "functions.f:"]) + calls++;
    return { kind, call: { id, name: pick(random, ["f", "g"]), arguments: randomArguments(random) } };
  });
  const usage = { promptTokens: 9, cachedTokens: pick(random, [undefined, 0, 4]), completionTokens: 3 };
  const extension = { recovered: [], refused: [{ cause: "type", detail: "d" } as const], retries: 1 };
  return [
    { kind: "start", id: context.id, model: context.model },
    ...middle,
    {
      kind: "end",
      finish:
        calls > 0 ? pick(random, ["calls", "length"] as const) : pick(random, ["stop", "length", "filter"]),
      usage,
      ...(random() < 0.5 ? { extension } : {}),
    },
  ];
}

function randomRequest(random: Random): TurnRequest {
  const tools = list(random, 2, () => ({
    name: pick(random, ["f", "g"]),
    description: randomText(random),
    parameters: { type: "object", properties: {} },
  }));
  const choices = [undefined, "auto", "none", "required", { name: "f" }] as const;
  const toolChoice = tools.length === 0 ? undefined : pick(random, choices);
  const format = pick(random, [undefined, { kind: "json" } as const]);
  return {
    model: "m",
    stream: true,
    system: list(random, 1, () => randomText(random)),
    items: randomItems(random, { images: false }),
    tools,
    ...(toolChoice === undefined ? {} : { toolChoice }),
    sampling: pick(random, [{}, { temperature: 0 }, { maxTokens: 5, stop: ["x"] }]),
    ...(format === undefined ? {} : { format }),
    ...(random() < 0.5 ? { reasoning: { effort: pick(random, ["none", "high"] as const) } } : {}),
    includeUsage: true,
    losses: [],
  };
}

/** A sound conversation: every call is answered, in its order. */
function randomItems(random: Random, { images }: { images: boolean }): TurnItem[] {
  const parts = (image: boolean): Part[] => {
    const made = list(random, 2, (): Part => ({ kind: "text", text: randomText(random) }));
    return image && random() < 0.5
      ? [...made, { kind: "image", mediaType: "image/png", base64: "AA==" }]
      : made;
  };
  let at = 0;
  const rounds = list(random, 5, (): TurnItem[] => {
    const kind = pick(random, ["user", "system", "assistant"] as const);
    if (kind === "user") return [{ kind, parts: parts(true) }];
    if (kind === "system") return [{ kind, text: randomText(random) }];
    const calls = list(random, 3, () => ({
      id: `call_${at++}`,
      name: "f",
      arguments: randomArguments(random),
    }));
    const results = calls.map(({ id }): TurnItem => {
      // Texts of a result are joined, so one at most can be told apart again.
      const said = images ? parts(true) : parts(false).slice(0, 1);
      return { kind: "result", callId: id, parts: said, isError: false };
    });
    return [{ kind, text: pick(random, ["", randomText(random)]), reasoning: "", calls }, ...results];
  });
  return [{ kind: "user", parts: [{ kind: "text", text: "begin" }] }, ...rounds.flat()];
}

async function* cut(bytes: Buffer, random: Random): AsyncGenerator<Buffer> {
  let at = 0;
  while (at < bytes.length) {
    const next = at + 1 + Math.floor(random() * 60);
    yield bytes.subarray(at, next);
    at = next;
  }
}

/** Adjacent pieces of one kind say the same as one piece. */
function joined(events: readonly TurnEvent[]): TurnEvent[] {
  const all: TurnEvent[] = [];
  // A call is known to be whole when the next one begins or at the end, so what was said after it comes before.
  const calls = events.filter(({ kind }) => kind === "call");
  for (const event of events.filter(({ kind }) => kind !== "call")) {
    const last = all.at(-1);
    if (
      last !== undefined &&
      (event.kind === "text" || event.kind === "reasoning") &&
      last.kind === event.kind
    ) {
      all[all.length - 1] = { ...last, text: last.text + event.text };
    } else all.push(event);
  }
  return [...all, ...calls];
}

function byKind(events: readonly TurnEvent[]): unknown {
  const text = (kind: "text" | "reasoning"): string =>
    events.map((event) => (event.kind === kind ? event.text : "")).join("");
  return [
    events.filter(({ kind }) => kind !== "text" && kind !== "reasoning"),
    text("text"),
    text("reasoning"),
  ];
}

/** Reasoning goes back to its maker and to nobody else; an answer that broke off in the middle of it is asked for again. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { isRecord, type JsonObject } from "@cloister/base";
import {
  messagesProtocol,
  responsesProtocol,
  type Protocol,
  type TurnEvent,
  type TurnRequest,
} from "@cloister/wire";
import { createServerWorld, type ServerWorld, type Upstream } from "./server-world.ts";

const request: TurnRequest = {
  model: "m",
  stream: true,
  system: [],
  items: [{ kind: "user", parts: [{ kind: "text", text: "hi" }] }],
  tools: [],
  sampling: {},
  includeUsage: true,
  losses: [],
};
const end: TurnEvent = { kind: "end", finish: "stop" };
const thinking: readonly TurnEvent[] = [
  { kind: "start", id: "a", model: "m" },
  { kind: "reasoning", text: "Hm." },
];
const item = {
  id: "rs_9",
  type: "reasoning",
  summary: [{ type: "summary_text", text: "Hm." }],
  encrypted_content: "opaque",
};
const tokens = { messages: "sig-of-home", responses: JSON.stringify(item) } as const;

function bytesOf(protocol: Protocol, events: readonly TurnEvent[]): Buffer {
  const writer = protocol.createWriter(request, { id: "a", model: "m", created: 1 });
  return Buffer.concat(events.map((event) => writer.write(event)));
}

function streaming(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(bytes);
}

/** The connection is reset once the bytes have left. */
function breakOff(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(bytes, () => setImmediate(() => response.socket?.resetAndDestroy()));
}

/** Reasons, signs, and answers. A server of Responses repeats its own item, which the writer cannot know. */
function reasoning(protocol: Protocol, name = "home"): Upstream {
  return {
    name,
    protocol,
    models: [name, `${name}-2`],
    play(_, response) {
      const token = protocol === messagesProtocol ? tokens.messages : "opaque";
      const events: TurnEvent[] = [
        ...thinking,
        { kind: "thought", token },
        { kind: "text", text: "Hello." },
        end,
      ];
      const text = bytesOf(protocol, events).toString();
      streaming(response, Buffer.from(text.replaceAll("rs_a_0", "rs_9")));
    },
  };
}

/** What a client sends next: all it was given, as it was given, and a question. */
async function ask(world: ServerWorld, door: Protocol, body: JsonObject): Promise<JsonObject[]> {
  const answer = await world.post(`/v1${door.path}`, body);
  const events = (await answer.text())
    .split("\n\n")
    .filter((text) => text !== "")
    .map((text) => JSON.parse(text.slice(text.indexOf("\ndata: ") + 7)) as JsonObject);
  const last = events.at(-1);
  assert.match(
    JSON.stringify(last?.["type"]),
    /^"(message_stop|response\.completed)"$/,
    JSON.stringify(last),
  );
  const given = [body[door.itemsField]].flat() as JsonObject[];
  const { output } = (last?.["response"] ?? {}) as { output?: JsonObject[] };
  return [
    ...given,
    ...(output ?? [{ role: "assistant", content: blocksOf(events) }]),
    { role: "user", content: "And?" },
  ];
}

/** As clients of Messages put an answer together. */
function blocksOf(events: readonly JsonObject[]): JsonObject[] {
  const blocks: Record<string, string>[] = [];
  for (const { type, content_block: block, delta } of events) {
    if (type === "content_block_start") blocks.push({ ...(block as Record<string, string>) });
    if (type !== "content_block_delta") continue;
    const last = blocks.at(-1) ?? assert.fail("a piece of nothing");
    for (const [name, text] of Object.entries(delta as Record<string, string>)) {
      if (name !== "type") last[name] = `${last[name] ?? ""}${text}`;
    }
  }
  return blocks;
}

function bodyFor(door: Protocol, model: string, items: readonly JsonObject[]): JsonObject {
  const limit = door === messagesProtocol ? { max_tokens: 100 } : {};
  return { model, stream: true, ...limit, [door.itemsField]: items };
}

const hi = { role: "user", content: "hi" };
const between = { role: "system", content: "Stay brief." };
const block = { type: "thinking", thinking: "Hm.", signature: tokens.messages };

for (const [door, expected] of [
  [messagesProtocol, JSON.stringify(block)],
  [responsesProtocol, tokens.responses],
] as const) {
  // A text in the middle is one that the model's template refuses, so that such a request is read and written anew.
  for (const [how, beginning] of [
    ["as it is", [hi]],
    ["shaped for its model", [hi, between]],
  ] as const) {
    test(`Q10, R1: in ${door.name}, ${how}, reasoning goes back to its maker as it came, and a request begins with the one before`, async () => {
      await using world = await createServerWorld([reasoning(door)]);
      const second = await ask(world, door, bodyFor(door, "home", beginning));
      assert.ok(
        !JSON.stringify(second).includes(`"${tokens.messages}"`),
        "a client gets the token with its mark",
      );
      const third = await ask(world, door, bodyFor(door, "home", second));
      await ask(world, door, bodyFor(door, "home", third));
      const [one = "", two = "", three = ""] = world.received.map(({ text }) => text);
      assert.equal(two.split(expected).length - 1, 1, two);
      assert.equal(three.split(expected).length - 1, 2, three);
      assert.ok(two.startsWith(one.slice(0, -2)) && three.startsWith(two.slice(0, -2)));
      const intents = await world.recorded("exposure.intent", 3);
      assert.ok(intents.every(({ losses }) => !JSON.stringify(losses ?? []).includes("made")));
    });
  }

  test(`Q10, R1: in ${door.name} another server or model does not get it, and the record says so`, async () => {
    await using world = await createServerWorld([reasoning(door), reasoning(door, "away")]);
    const second = await ask(world, door, bodyFor(door, "home", [hi]));
    await ask(world, door, bodyFor(door, "home-2", second));
    await ask(world, door, bodyFor(door, "away", second));
    for (const { text } of world.received.slice(1)) {
      assert.ok(!/sig-of-home|opaque|cloister1/.test(text), text);
      assert.ok(text.includes("Hello."));
    }
    const intents = (await world.recorded("exposure.intent", 3)).slice(1);
    for (const { losses } of intents) {
      const [loss] = Array.isArray(losses) ? losses.filter(isRecord) : [];
      assert.match(String(loss?.["path"]), /^(messages\[1\]\.content\[0\]|input\[1\]\.encrypted_content)$/);
    }
  });

  test(`T10: in ${door.name} an answer that breaks off amid thinking is asked for again, once, and both are on record`, async () => {
    const plays = [
      (response: ServerResponse) => breakOff(response, bytesOf(door, thinking)),
      reasoning(door).play.bind(undefined, { path: "", text: "", body: {} }),
    ];
    await using world = await createServerWorld([
      { protocol: door, play: (_, response) => (plays.shift() ?? assert.fail("asked too often"))(response) },
    ]);
    const second = await ask(world, door, bodyFor(door, "m", [hi]));
    const [one, two] = world.received.map(({ text }) => text);
    assert.equal(two, one);
    const results = await world.recorded("exposure.result", 2);
    assert.deepEqual(
      results.map(({ outcome, refused, retries }) => [outcome, refused ?? [], retries ?? 0]),
      [
        ["failed", ["transport"], 0],
        ["answered", [], 1],
      ],
    );
    assert.equal((await world.entries("exposure.intent")).length, 2);
    // What was thought before the break is under no signature but ours, and goes nowhere.
    plays.push(reasoning(door).play.bind(undefined, { path: "", text: "", body: {} }));
    await ask(world, door, bodyFor(door, "m", second));
    assert.equal((world.received[2]?.text.split("Hm.").length ?? 0) - 1, 1);
  });

  test(`T10: in ${door.name} nothing is asked for again once a word was passed on, and never a third time`, async () => {
    const said = [...thinking, { kind: "text", text: "Hello, you" }] as const;
    for (const [events, times] of [
      [said, 1],
      [thinking, 2],
    ] as const) {
      await using world = await createServerWorld([
        { protocol: door, play: (_, response) => breakOff(response, bytesOf(door, events)) },
      ]);
      const answer = await world.post(`/v1${door.path}`, bodyFor(door, "m", [hi]));
      const frames = await Array.fromAsync(door.readStream(answer.body ?? assert.fail("no body")));
      assert.equal(frames.flatMap(({ events: some }) => some).at(-1)?.kind, "failed");
      assert.equal(world.received.length, times);
      const results = await world.recorded("exposure.result", times);
      assert.ok(results.every(({ outcome }) => outcome === "failed"));
    }
  });
}

test("a secret leaves neither in thinking nor in the place of a signature: such a block stays here, whole", async () => {
  const secret = ["AK", "IA", "Q3EGR5TY7UJ2LM4N"].join("");
  await using world = await createServerWorld([reasoning(messagesProtocol)]);
  const next = await ask(world, messagesProtocol, bodyFor(messagesProtocol, "home", [hi]));
  for (const field of ["thinking", "signature"]) {
    const forged = JSON.parse(JSON.stringify(next), (name, value: unknown) =>
      name === field ? `${String(value)} ${secret}` : value,
    ) as JsonObject[];
    await ask(world, messagesProtocol, bodyFor(messagesProtocol, "home", forged));
    const { text = "" } = world.received.at(-1) ?? {};
    assert.ok(!text.includes(secret) && !text.includes("sig-of-home") && text.includes("Hello."), text);
  }
});

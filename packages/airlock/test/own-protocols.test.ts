/** Our own agent, which speaks Chat to its keeper, at servers that speak Messages or Responses. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Json, JsonObject } from "@cloister/base";
import {
  messagesProtocol,
  responsesProtocol,
  type AnswerEvent,
  type Protocol,
  type TurnEvent,
  type TurnRequest,
} from "@cloister/wire";
import { sealKept } from "../src/index.ts";
import { createWorld, request, user, type World } from "./world.ts";

const asked: TurnRequest = {
  ...{ model: "m", stream: true, system: [], items: [], tools: [], sampling: {}, includeUsage: true },
  losses: [],
};
/** As long as real ones are. */
const signature = Buffer.alloc(300, "signed").toString("base64");
const item = {
  ...{ id: "rs_a_0", type: "reasoning" },
  summary: [{ type: "summary_text", text: "Hm, let me look." }],
  encrypted_content: signature,
};
const read = { id: "toolu_1", name: "Read", arguments: '{"file_path":"a.txt"}' };
const answers: readonly (readonly TurnEvent[])[] = [
  [
    { kind: "reasoning", text: "Hm, " },
    { kind: "reasoning", text: "let me look." },
    { kind: "thought", token: signature },
    { kind: "text", text: "I look." },
    { kind: "call", call: read },
    { kind: "end", finish: "calls" },
  ],
  [
    { kind: "reasoning", text: "So." },
    { kind: "thought", token: signature },
    { kind: "text", text: "It says hello." },
    { kind: "end", finish: "stop" },
  ],
];

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly received: string[];
}

async function openServer(protocol: Protocol): Promise<Server> {
  const received: string[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const events = answers[received.length % answers.length] ?? [];
      received.push(Buffer.concat(chunks).toString("utf8"));
      const writer = protocol.createWriter(asked, { id: "a", model: "m", created: 1 });
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const event of [{ kind: "start", id: "a", model: "m" } as const, ...events]) {
        response.write(writer.write(event));
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As the agent writes an answer into its history. */
function toHistory(events: readonly AnswerEvent[]): JsonObject {
  const thoughts = events.flatMap((event) => (event.kind === "thought" ? [event.thought] : []));
  const end = events.at(-1);
  assert.ok(end?.kind === "end", JSON.stringify(end));
  const calls = end.calls.map(({ id, name, arguments: text }) => {
    return { id, type: "function", function: { name, arguments: text } };
  });
  return {
    role: "assistant",
    content: events.map((event) => (event.kind === "text" ? event.text : "")).join(""),
    ...(thoughts.length === 0 ? {} : { thoughts: thoughts as unknown as Json }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

const tools = [
  {
    type: "function",
    function: {
      ...{ name: "Read", description: "reads" },
      parameters: {
        type: "object",
        properties: { file_path: { type: "string" } },
        required: ["file_path"],
      },
    },
  },
];

async function converse(world: World): Promise<JsonObject[]> {
  const items: JsonObject[] = [user("read a.txt")];
  const ask = async (): Promise<void> => {
    items.push(toHistory(await world.ask({ ...request(...items), tools })));
  };
  await ask();
  items.push({ role: "tool", tool_call_id: "toolu_1", content: "hello" });
  await ask();
  items.push(user("and now?"));
  await ask();
  return items;
}

for (const [protocol, block] of [
  [messagesProtocol, JSON.stringify({ type: "thinking", thinking: "Hm, let me look.", signature })],
  [responsesProtocol, JSON.stringify(item)],
] as const) {
  test(`our agent's reasoning goes back to its maker in ${protocol.name} as it came, and each request begins with the one before`, async () => {
    await using server = await openServer(protocol);
    await using world = await createWorld({ url: server.url, protocol });
    const items = await converse(world);
    const [one = "", two = "", three = ""] = server.received;
    assert.ok(
      two.startsWith(one.slice(0, -2)) && three.startsWith(two.slice(0, -2)),
      `${one}\n${two}\n${three}`,
    );
    assert.equal(two.split(block).length - 1, 1, two);
    assert.equal(three.split(signature).length - 1, 2, three);
    assert.ok(!three.includes("cloister1."));
    const intents = await world.recorded("exposure.intent");
    assert.ok(intents.every(({ losses }) => !JSON.stringify(losses ?? []).includes("reasoning")));
    // As it was saved, a session that goes on sends the very same.
    const kept = items.map((each) => sealKept(each, world.session.seals));
    assert.deepEqual(kept, items);
  });
}

test("no other model gets it, and the record says so", async () => {
  await using server = await openServer(messagesProtocol);
  await using other = await createWorld();
  await using world = await createWorld({ url: server.url, protocol: messagesProtocol });
  const items = await converse(world);
  await other.ask({ ...request(...items, user("go on")), tools });
  const [sent = ""] = other.sent();
  assert.match(sent, /It says hello/);
  assert.doesNotMatch(sent, /thoughts|cloister1|let me look/);
  const [intent] = await other.recorded("exposure.intent");
  assert.match(JSON.stringify(intent?.["losses"]), /messages\[1\]\.thoughts/);
});

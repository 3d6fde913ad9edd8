/** Half an answer is never a clean end: whatever protocol it is in, wherever it is cut, and however politely. */
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import {
  chatProtocol,
  messagesProtocol,
  responsesProtocol,
  type Protocol,
  type TurnEvent,
  type TurnRequest,
} from "@cloister/wire";
import { createServerWorld } from "./server-world.ts";

const protocols = [chatProtocol, messagesProtocol, responsesProtocol];
const tool = { name: "Read", parameters: { type: "object", properties: { file_path: { type: "string" } } } };
const turn: TurnRequest = {
  model: "m",
  stream: true,
  system: [],
  items: [{ kind: "user", parts: [{ kind: "text", text: "What does it say?" }] }],
  tools: [tool],
  sampling: {},
  includeUsage: true,
  losses: [],
};
const beginning: readonly TurnEvent[] = [
  { kind: "start", id: "a", model: "m" },
  { kind: "text", text: "I will look, for I do not know." },
  { kind: "call", call: { id: "call_1", name: "Read", arguments: '{"file_path":"notes.txt"}' } },
];
const end: TurnEvent = {
  kind: "end",
  finish: "calls",
  usage: { promptTokens: 3, completionTokens: 5, cachedTokens: undefined },
};

/** A streamed answer in the words of a protocol, in two parts: the second makes it whole. */
function answerIn(protocol: Protocol): { started: Buffer; ending: Buffer } {
  const writer = protocol.createWriter(turn, { id: "a", model: "m", created: 1 });
  const started = Buffer.concat(beginning.map((event) => writer.write(event)));
  return { started, ending: writer.write(end) };
}

const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);

type Way = (response: ServerResponse, bytes: Buffer) => void;

const ways: Readonly<Record<string, Way>> = {
  "the connection is reset": ({ socket }, bytes) => {
    socket?.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    // What has been sent must have arrived, or the reset takes it back.
    socket?.write(chunk(bytes), () => setImmediate(() => socket.resetAndDestroy()));
  },
  "the body ends as a whole one does": (response, bytes) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(bytes);
  },
  "the last chunk is missing": ({ socket }, bytes) => {
    socket?.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    socket?.end(chunk(bytes));
  },
  "a chunk is shorter than it said": ({ socket }, bytes) => {
    socket?.write(`${head}transfer-encoding: chunked\r\n\r\n${(bytes.length + 100).toString(16)}\r\n`);
    socket?.end(bytes);
  },
  "the connection's end is the body's": ({ socket }, bytes) => {
    socket?.write(`${head}connection: close\r\n\r\n`);
    socket?.end(bytes);
  },
};

/** Ways in which a whole answer is whole. */
const clean = new Set(["the body ends as a whole one does", "the connection's end is the body's"]);

for (const upstream of protocols) {
  test(`half an answer in ${upstream.name} is a failure in every protocol, and so on record`, async () => {
    const { started, ending } = answerIn(upstream);
    let next: () => [Way, Buffer] = () => assert.fail("nothing was asked");
    await using world = await createServerWorld([
      {
        protocol: upstream,
        play(_, response) {
          const [way, bytes] = next();
          way(response, bytes);
        },
      },
    ]);
    const outcomes: string[] = [];

    for (const door of protocols) {
      const body = door.formatRequest(turn, { midSystem: "keep", maxTokensDefault: 100 }).body;
      const ask = async (way: Way, bytes: Buffer): Promise<TurnEvent[]> => {
        next = () => [way, bytes];
        const answer = await world.post(`/v1${door.path}`, body);
        if (answer.status !== 200) return [{ kind: "failed", code: "refused", message: await answer.text() }];
        const frames = await Array.fromAsync(door.readStream(answer.body ?? assert.fail("no body")));
        return frames.flatMap(({ events }) => events);
      };

      for (const [name, way] of Object.entries(ways)) {
        const cuts = {
          "inside an event": started.subarray(0, started.length - 20),
          "between events": started,
          "inside the last event": Buffer.concat([started, ending.subarray(0, 30)]),
        };
        for (const [place, bytes] of Object.entries(cuts)) {
          const events = await ask(way, bytes);
          const what = `${door.name}: ${name}, ${place}: ${JSON.stringify(events)}`;
          assert.equal(events.at(-1)?.kind, "failed", what);
          assert.ok(!events.some(({ kind }) => kind === "end" || kind === "call"), what);
          outcomes.push("failed");
        }
        if (!clean.has(name)) continue;
        const events = await ask(way, Buffer.concat([started, ending]));
        assert.equal(events.at(-1)?.kind, "end", `${door.name}: ${name}, whole: ${JSON.stringify(events)}`);
        assert.ok(events.some(({ kind }) => kind === "call"));
        outcomes.push("answered");
      }
    }
    const results = await world.recorded("exposure.result", outcomes.length);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      outcomes,
    );
  });
}

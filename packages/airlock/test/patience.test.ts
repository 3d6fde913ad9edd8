/**
 * A prefill of six minutes is no error, and neither is a silence of six minutes in an answer. undici's clock is
 * advanced, by the means it has for its own tests; the same server loses a client that has undici's defaults.
 */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { EventEmitter, on } from "node:events";
import { createServer, type ClientRequest, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { createServerWorld, sendJson, chatAnswer } from "./server-world.ts";
import { createWorld, request, user } from "./world.ts";

interface Undici {
  readonly Agent: new () => { destroy(): Promise<void> };
  request(
    url: string,
    options: { readonly method: "POST"; readonly body: string; readonly dispatcher: object },
  ): Promise<{ readonly body: AsyncIterable<Buffer> }>;
}

// The very copy that the backend uses.
const require = createRequire(import.meta.resolve("@cloister/backend"));
const undici = require("undici") as Undici;
const timers = require("undici/lib/util/timers.js") as { tick(delayMs?: number): void };

const SIX_MINUTES_MS = 361_000;

/** With all of undici's defaults. Its global agent may be that of Node's own copy, which has another clock. */
class Hasty implements AsyncDisposable {
  readonly #dispatcher = new undici.Agent();

  ask(url: string): ReturnType<Undici["request"]> {
    return undici.request(url, { method: "POST", body: "{}", dispatcher: this.#dispatcher });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispatcher.destroy();
  }
}

/** What has begun to wait is noticed at the next tick, and then its time passes. */
function passSixMinutes(): void {
  timers.tick();
  timers.tick(SIX_MINUTES_MS);
  timers.tick();
}

const head = (response: ServerResponse): unknown =>
  response.writeHead(200, { "content-type": "text/event-stream" });

const frame = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: "a", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

interface SlowServer extends AsyncDisposable {
  readonly url: string;
  /** The next request, when it is there: the test answers it. */
  next(): Promise<ServerResponse>;
}

async function openSlowServer(): Promise<SlowServer> {
  const emitter = new EventEmitter();
  const arrivals = on(emitter, "arrival");
  const server = createServer((incoming, response) => {
    incoming.resume().on("end", () => emitter.emit("arrival", response));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    next: async () => ((await arrivals.next()).value as [ServerResponse])[0],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("headers that take six minutes are waited for, from the agent to the server; undici's defaults give up", async () => {
  await using server = await openSlowServer();
  await using world = await createWorld({ url: server.url });
  const patient = world.ask(request(user("hi")));
  const answer = await server.next();
  await using hasty = new Hasty();
  const lost = hasty.ask(server.url);
  await server.next();

  passSixMinutes();
  await assert.rejects(lost, { code: "UND_ERR_HEADERS_TIMEOUT" });
  head(answer);
  answer.end(frame({ content: "At last." }, "stop"));
  assert.deepEqual(
    (await patient).map(({ kind }) => kind),
    ["text", "end"],
  );
});

test("an answer that falls silent for six minutes goes on after them; undici's defaults break it off", async () => {
  await using server = await openSlowServer();
  await using world = await createWorld({ url: server.url });
  const body = Buffer.from(JSON.stringify(request(user("hi"))));
  const patient = world.client.ask([body], new AbortController().signal);
  const first = patient.next();
  const answer = await server.next();
  head(answer);
  answer.write(frame({ content: "First half, " }));
  assert.deepEqual((await first).value, { kind: "text", text: "First half, " });

  await using hasty = new Hasty();
  const asking = hasty.ask(server.url);
  const other = await server.next();
  head(other);
  other.write("something");
  const lost = (await asking).body[Symbol.asyncIterator]();
  await lost.next();

  passSixMinutes();
  await assert.rejects(lost.next(), { code: "UND_ERR_BODY_TIMEOUT" });
  answer.end(frame({ content: "second half." }, "stop"));
  const rest = await Array.fromAsync(patient);
  assert.deepEqual(
    rest.map((event) => (event.kind === "text" ? event.text : event.kind)),
    ["second half.", "end"],
  );
});

test("the airlock's own sockets have no time limit either: not the keeper's, not the server's, not the agent's", async () => {
  const servers = new Set<Server>();
  const sockets = new Set<Socket>();
  const asked = new Set<ClientRequest>();
  const onServer = (message: unknown): void => {
    const { server, socket } = message as { server: Server; socket: Socket };
    servers.add(server);
    sockets.add(socket);
  };
  const onClient = (message: unknown): void =>
    void asked.add((message as { request: ClientRequest }).request);
  subscribe("http.server.request.start", onServer);
  subscribe("http.client.request.start", onClient);
  try {
    // The model servers of these worlds are servers too; they answer nothing that is looked at here.
    await using keeper = await createWorld();
    await keeper.ask(request(user("hi")));
    await using door = await createServerWorld([
      { play: (_, response) => sendJson(response, chatAnswer("Hi.")) },
    ]);
    await (await door.post("/v1/chat/completions", request(user("hi")))).text();

    const ours = [...servers].filter((server) => server.keepAliveTimeout === 60_000);
    assert.equal(ours.length, 2);
    for (const server of ours) assert.deepEqual([server.requestTimeout, server.timeout], [0, 0]);
    const onKeeper = [...asked].filter(
      ({ path, host }) => path === "/v1/chat/completions" && host === "localhost",
    );
    assert.equal(onKeeper.length, 1);
    assert.equal(onKeeper[0]?.socket?.timeout ?? 0, 0);
  } finally {
    unsubscribe("http.server.request.start", onServer);
    unsubscribe("http.client.request.start", onClient);
  }
});

/**
 * A prefill of six minutes is no error, and neither is a silence of six minutes in an answer. All timers of the process
 * are made to fire, Node's own as well; the same server loses a client with the usual limit of five minutes.
 */
import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { EventEmitter, on, once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { watchTimers } from "./all-timers.ts";
import { createServerWorld, sendJson, chatAnswer } from "./server-world.ts";
import { createWorld, request, user } from "./world.ts";

const SIX_MINUTES_MS = 361_000;
const FIVE_MINUTES_MS = 300_000;

/** As clients are that have a limit: the socket's own timer, and an end when it fires. */
function askHastily(url: string): Promise<IncomingMessage> {
  const asking = httpRequest(url, { method: "POST", timeout: FIVE_MINUTES_MS });
  asking.on("timeout", () => asking.destroy(Object.assign(new Error("too slow"), { code: "ETIMEDOUT" })));
  asking.end("{}");
  return once(asking, "response").then(([response]: IncomingMessage[]) => {
    asking.on("error", () => {
      /* the reader of the body hears of it too */
    });
    assert.ok(response !== undefined);
    return response;
  });
}

test("when time passes, it does so for all kinds of timers", async () => {
  using timers = watchTimers();
  const signal = AbortSignal.timeout(FIVE_MINUTES_MS);
  const waiting = Promise.withResolvers<string>();
  const timer = setTimeout(waiting.resolve, SIX_MINUTES_MS - 1, "over");
  const later = setTimeout(() => assert.fail("too early"), SIX_MINUTES_MS + 1);
  timers.pass(SIX_MINUTES_MS);
  assert.equal(await waiting.promise, "over");
  assert.ok(signal.aborted);
  clearTimeout(timer);
  clearTimeout(later);
});

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

test("headers that take six minutes are waited for, from the agent to the server; a limit of five gives up", async () => {
  using timers = watchTimers();
  await using server = await openSlowServer();
  await using world = await createWorld({ url: server.url });
  const patient = world.ask(request(user("hi")));
  const answer = await server.next();
  const lost = askHastily(server.url);
  await server.next();

  timers.pass(SIX_MINUTES_MS);
  await assert.rejects(lost, { code: "ETIMEDOUT" });
  head(answer);
  answer.end(frame({ content: "At last." }, "stop"));
  assert.deepEqual(
    (await patient).map(({ kind }) => kind),
    ["text", "end"],
  );
});

test("an answer that falls silent for six minutes goes on after them; a limit of five breaks it off", async () => {
  using timers = watchTimers();
  await using server = await openSlowServer();
  await using world = await createWorld({ url: server.url });
  const body = Buffer.from(JSON.stringify(request(user("hi"))));
  const patient = world.client.ask([body], new AbortController().signal);
  const first = patient.next();
  const answer = await server.next();
  head(answer);
  answer.write(frame({ content: "First half, " }));
  assert.deepEqual((await first).value, { kind: "text", text: "First half, " });

  const asking = askHastily(server.url);
  const other = await server.next();
  head(other);
  other.write("something");
  const lost = (await asking)[Symbol.asyncIterator]();
  await lost.next();

  timers.pass(SIX_MINUTES_MS);
  await assert.rejects(lost.next(), { code: "ECONNRESET" });
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

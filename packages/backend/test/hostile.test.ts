// What a server may do that a parser of HTTP has to survive: each ends in a clear error, or works.

import assert from "node:assert/strict";
import { once } from "node:events";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CloisterError, systemClock } from "@cloister/base";
import { createBackend } from "../src/index.ts";
import type { Answer, Backend } from "../src/index.ts";
import { openConnections } from "../src/connections.ts";
import { exchange } from "../src/exchange.ts";
import { createEndpointConnect } from "../src/network/connect.ts";
import { openNetwork } from "../src/network/network.ts";
import { listenRaw, streamedAnswer } from "./loopback.ts";
import type { Listening } from "./loopback.ts";
import { createSlowClock } from "./slow-clock.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async function reachRaw(
  t: TestContext,
  onRequest: (socket: Socket, nth: number) => void,
): Promise<{ readonly backend: Backend; readonly server: Listening }> {
  const server = await listenRaw(onRequest);
  return { backend: reach(t, server), server };
}

function reach(t: TestContext, server: Listening): Backend {
  const backend = createBackend({ baseUrl: server.url, clock: systemClock });
  t.after(async () => {
    await backend.close();
    await server.close();
  });
  return backend;
}

function ask(backend: Backend, body: readonly Uint8Array[] = [Buffer.from("{}")]): Promise<Answer> {
  return backend.send("/chat/completions", body, { signal: new AbortController().signal });
}

async function textOf(answer: Answer): Promise<string> {
  return Buffer.concat(await Array.fromAsync(answer.body)).toString();
}

/** The error of a request, or of its body. */
async function failureOf(backend: Backend): Promise<CloisterError> {
  const error: unknown = await ask(backend)
    .then(textOf)
    .then(
      (text) => assert.fail(`it went through: ${text.slice(0, 100)}`),
      (reason: unknown) => reason,
    );
  assert.ok(error instanceof CloisterError, String(error));
  return error;
}

const broken: Readonly<Record<string, readonly [string, RegExp]>> = {
  "headers larger than 16 kB": [`HTTP/1.1 200 OK\r\nx: ${"x".repeat(20_000)}\r\n\r\n`, /HPE_HEADER_OVERFLOW/],
  "headers without end": [
    `HTTP/1.1 200 OK\r\n${Array.from({ length: 3000 }, (_, at) => `x-${at}: y\r\n`).join("")}`,
    /HPE_HEADER_OVERFLOW/,
  ],
  "a first line that is not HTTP": ["SSH-2.0-OpenSSH_9.9\r\n\r\n", /HPE_/],
  "two lengths": ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!", /HPE_/],
  "a length and chunks": [
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    /HPE_/,
  ],
  "a line feed in a header": ["HTTP/1.1 200 OK\r\nx: a\nb: c\r\ncontent-length: 0\r\n\r\n", /HPE_/],
  "chunks whose size is no number": [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n",
    /HPE_INVALID_CHUNK_SIZE/,
  ],
  "a chunk longer than it says": [
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
    /HPE_/,
  ],
  "extensions of a chunk without end": [
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;${"x".repeat(40_000)}`,
    /HPE_/,
  ],
  "trailers without end": [
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${"x-y: z\r\n".repeat(5000)}`,
    /HPE_HEADER_OVERFLOW/,
  ],
  "an upgrade that nobody asked for": [
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello",
    /HTTP_UNASKED_UPGRADE/,
  ],
  "interim answers without end": ["HTTP/1.1 103 Early Hints\r\nx: y\r\n\r\n".repeat(100), /HTTP_ENDLESS_1XX/],
};

for (const [what, [sent, code]] of Object.entries(broken)) {
  test(`${what}: the answer is broken, the connection closed, and the server asked once`, async (t) => {
    const closed = Promise.withResolvers<void>();
    let asked = 0;
    const { backend } = await reachRaw(t, (socket) => {
      asked += 1;
      socket.once("close", () => closed.resolve());
      socket.write(sent);
    });
    const error = await failureOf(backend);
    assert.equal(error.code, "upstream-broken");
    assert.match(error.message, code);
    await closed.promise;
    assert.equal(asked, 1);
    // Node hangs the bytes it could not parse to its error, and errors are written to logs.
    for (let at: unknown = error; at instanceof Error; at = at.cause) assert.ok(!("rawPacket" in at));
  });
}

test("an answer cut in its head is broken, and one cut before it as well", async (t) => {
  for (const sent of ["HTTP/1.1 200 OK\r\nx: y\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok", ""]) {
    const { backend } = await reachRaw(t, (socket) => socket.end(sent));
    assert.equal((await failureOf(backend)).code, "upstream-broken");
  }
});

test("interim answers, trailers, and a body that ends with its connection are no trouble", async (t) => {
  const answers = [
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}`,
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-checksum: 1\r\n\r\n",
  ];
  for (const sent of answers) {
    const { backend } = await reachRaw(t, (socket) => socket.write(sent));
    for (let times = 0; times < 2; times += 1) {
      const answer = await ask(backend);
      assert.deepEqual([answer.status, await textOf(answer)], [200, "ok"]);
    }
  }
  const { backend } = await reachRaw(t, (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nok"));
  assert.equal(await textOf(await ask(backend)), "ok");
});

test("a second answer that nobody asked for is never taken for the answer to the next request", async (t) => {
  for (const delayMs of [0, 10]) {
    const { backend } = await reachRaw(t, (socket) => {
      const forged = OK.replace("ok", "no");
      if (delayMs === 0) return socket.write(OK + forged);
      socket.write(OK);
      return setTimeout(() => socket.write(forged), delayMs);
    });
    for (let times = 0; times < 3; times += 1) {
      assert.equal(await textOf(await ask(backend)), "ok");
      await systemClock.sleep(3 * delayMs + 1);
    }
  }
});

test("part of an answer on a kept connection that then breaks is not asked for again", async (t) => {
  let asked = 0;
  const { backend } = await reachRaw(t, (socket, nth) => {
    asked += 1;
    if (nth === 1) socket.write(OK);
    else socket.end("HTTP/1.1 200");
  });
  assert.equal(await textOf(await ask(backend)), "ok");
  await systemClock.sleep(5);
  assert.equal((await failureOf(backend)).code, "upstream-broken");
  assert.equal(asked, 2);
});

test("an answer before the request is sent whole is read, and the rest of the request is let go", async (t) => {
  const arrived = Promise.withResolvers<Socket>();
  const closed = Promise.withResolvers<void>();
  // Reads a beginning, answers, and reads no more; the connection it leaves to the client.
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.pause().write("HTTP/1.1 413 No\r\ncontent-length: 8\r\n\r\ntoo long");
      arrived.resolve(socket);
    });
    socket.on("error", () => {}).on("close", () => closed.resolve());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const backend = createBackend({ baseUrl: `http://127.0.0.1:${port}`, clock: systemClock });
  t.after(() => (server.close(), backend.close()));
  const answer = await ask(backend, [Buffer.alloc(32_000_000)]);
  assert.deepEqual([answer.status, await textOf(answer)], [413, "too long"]);
  const socket = await arrived.promise;
  socket.resume();
  await closed.promise;
  assert.ok(socket.bytesRead < 32_000_000, String(socket.bytesRead));
});

test("of an answer that nobody reads a little is held, and the server waits", async (t) => {
  const sockets: Socket[] = [];
  const onSocket = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  subscribe("net.client.socket", onSocket);
  t.after(() => unsubscribe("net.client.socket", onSocket));
  const megabyte = Buffer.alloc(1_000_000);
  const { backend } = await reachRaw(t, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 16000000\r\n\r\n");
    for (let times = 0; times < 16; times += 1) socket.write(megabyte);
  });
  const answer = await ask(backend);
  await systemClock.sleep(50);
  const [socket] = sockets;
  assert.ok(socket !== undefined && socket.bytesRead <= 256_000, String(socket?.bytesRead));
  assert.equal((await textOf(answer)).length, 16_000_000);
});

test("a cancelled body is never taken for a whole one, though its last byte had arrived", async (t) => {
  const { backend } = await reachRaw(t, (socket) => socket.write(streamedAnswer("x".repeat(1000))));
  const stop = new AbortController();
  const answer = await backend.send("/chat/completions", [], { signal: stop.signal });
  await systemClock.sleep(10);
  stop.abort();
  await assert.rejects(textOf(answer), { code: "cancelled" });
});

test("headers that would make another request of one are refused, here and unsent, and no value is repeated", async (t) => {
  let asked = 0;
  const { backend } = await reachRaw(t, (socket) => {
    asked += 1;
    socket.write(OK);
  });
  const value = "a\r\nhost: elsewhere\r\n\r\nGET /";
  const bad: readonly Record<string, string>[] = [
    { "x-version": value },
    { "x-version\r\nhost": "elsewhere" },
    { "x-version": "a\0b" },
    { "Transfer-Encoding": "chunked" },
    { "content-length": "1" },
    { Upgrade: "h2c" },
    { Expect: "100-continue" },
  ];
  const { signal } = new AbortController();
  for (const headers of bad) {
    await assert.rejects(backend.send("/x", [], { signal, headers }), (error) => {
      assert.ok(error instanceof CloisterError);
      assert.equal(error.code, "bad-header");
      for (let at: unknown = error; at instanceof Error; at = at.cause) {
        assert.ok(!String(at.stack).includes("elsewhere\r\n\r\nGET"));
      }
      return true;
    });
  }
  assert.equal(asked, 0);
});

test("silence is measured by the clock it was given: before the head, and between pieces", async (t) => {
  for (const speaks of [false, true]) {
    const { server } = await reachRaw(t, (socket) => {
      if (speaks) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok");
    });
    const connections = openConnections(createEndpointConnect(openNetwork({})));
    t.after(() => connections.close());
    const clock = createSlowClock();
    const first = Promise.withResolvers<void>();
    const readOn = async (): Promise<void> => {
      const answer = await exchange(connections, {
        ...{ url: new URL(server.url), path: "/", method: "GET", headers: {}, body: [] },
        ...{ silenceMs: 10_000, clock, signal: new AbortController().signal },
      });
      const pieces = answer.body[Symbol.asyncIterator]();
      await pieces.next();
      first.resolve();
      await pieces.next();
    };
    const outcome = assert.rejects(readOn(), { code: "endpoint-unreachable", message: /does not answer/ });
    let over = false;
    void outcome.finally(() => (over = true));
    if (speaks) await first.promise;
    while (clock.waiting !== 1) await systemClock.sleep(1);
    clock.pass(9_999);
    await systemClock.sleep(5);
    assert.equal(over, false, "a little less than the limit is no silence");
    clock.pass(1);
    await outcome;
  }
});

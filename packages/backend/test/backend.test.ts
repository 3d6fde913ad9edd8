import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CloisterError, formatError, systemClock } from "@cloister/base";
import type { Clock } from "@cloister/base";
import { createBackend } from "../src/index.ts";
import type { Answer, Backend, BackendStatus } from "../src/index.ts";
import { listenHttp, listenRaw, streamedAnswer, unusedPort } from "./loopback.ts";
import type { Listening } from "./loopback.ts";

const body = [Buffer.from('{"messages":['), Buffer.from(""), Buffer.from("]}")];
const path = "/chat/completions";
const loading = { error: { message: "Loading model", type: "unavailable_error", code: 503 } };

/** Longer than any wait for a server that loads: the patience with a probe, which is not to run out. */
const PATIENCE_MS = 10_000;

/** A clock on which every wait is over at once, and is noted. */
function createFastClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => 0,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      if (ms >= PATIENCE_MS) return await new Promise(() => {});
      slept.push(ms);
    },
  };
}

function reach(
  t: TestContext,
  server: Listening,
  options: { apiKey?: string; clock?: Clock; loadingWaitMsMax?: number } = {},
): Backend {
  const backend = createBackend({ baseUrl: server.url, clock: systemClock, ...options });
  t.after(async () => {
    await backend.close();
    await server.close();
  });
  return backend;
}

async function textOf(answer: Answer): Promise<string> {
  return Buffer.concat(await Array.fromAsync(answer.body)).toString();
}

/** A connection is free again one turn of the event loop after its answer; sooner, another is opened. */
async function untilIdle(): Promise<void> {
  await systemClock.sleep(5);
}

function ask(backend: Backend, signal: AbortSignal = new AbortController().signal): Promise<Answer> {
  return backend.send(path, body, { signal });
}

test("the parts of the body arrive as they stand, with their length and the key", async (t) => {
  const key = "made" + "-up-" + "key";
  const seen: unknown[] = [];
  const server = await listenHttp((request, response) => {
    const { authorization, "content-length": length, "transfer-encoding": encoding } = request.headers;
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      seen.push([
        request.method,
        request.url,
        authorization,
        length,
        encoding,
        Buffer.concat(parts).toString(),
      ]);
      response.writeHead(418, { "x-a": ["1", "2"] }).end("teapot");
    });
  });
  const backend = reach(t, server, { apiKey: key });
  for (const parts of [
    body,
    [Buffer.from("x".repeat(3_000_000)), Buffer.from("y")],
    [Buffer.from("one")],
    [],
  ]) {
    const { signal } = new AbortController();
    const answer = await backend.send(path, parts, { signal });
    assert.equal(answer.status, 418);
    assert.equal(answer.headers["x-a"], "1, 2");
    assert.equal(await textOf(answer), "teapot");
    const sent = Buffer.concat(parts).toString();
    assert.deepEqual(seen.pop(), [
      "POST",
      `/v1${path}`,
      `Bearer ${key}`,
      String(sent.length),
      undefined,
      sent,
    ]);
  }
});

test("headers that take a second, and then the body another, are simply waited for", async (t) => {
  const server = await listenHttp((_, response) => {
    setTimeout(() => response.writeHead(200).flushHeaders(), 700);
    setTimeout(() => response.end("late"), 1100);
  });
  assert.equal(await textOf(await ask(reach(t, server))), "late");
});

test("a server that closes its connections in silence after each streamed answer costs no request", async (t) => {
  const bodies: string[] = [];
  let resets = 0;
  const server = await listenRaw((socket, nth, received) => {
    // The close reaches the client only together with its next request, which is the worst moment.
    if (nth > 1) {
      resets += 1;
      return socket.resetAndDestroy();
    }
    bodies.push(received.toString());
    socket.write(streamedAnswer("data: hi\n\n"));
  });
  const backend = reach(t, server);
  for (let round = 0; round < 30; round += 1) {
    assert.equal(await textOf(await ask(backend)), "data: hi\n\n");
    await untilIdle();
  }
  assert.deepEqual(
    bodies,
    Array.from({ length: 30 }, () => '{"messages":[]}'),
  );
  assert.equal(resets, 15); // Every other request: the ones between went to the pool's new connection.
});

test("a pool full of dead connections costs no request either", async (t) => {
  let dropped = 0;
  const server = await listenRaw((socket, nth) => {
    if (nth === 1) return socket.write(streamedAnswer("ok"));
    dropped += 1;
    return socket.destroy();
  });
  const backend = reach(t, server);
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(backend)));
    assert.deepEqual(
      await Promise.all(answers.map(textOf)),
      Array.from({ length: 5 }, () => "ok"),
    );
    await untilIdle();
  }
  assert.equal(dropped, 5);
});

test("a dead connection is replaced once, and only once", async (t) => {
  let tries = 0;
  let healthy = true;
  const server = await listenRaw((socket) => {
    tries += 1;
    if (healthy) socket.write(streamedAnswer("ok"));
    else socket.resetAndDestroy();
  });
  const backend = reach(t, server);
  await textOf(await ask(backend));
  await untilIdle();
  healthy = false;
  tries = 0;
  await assert.rejects(ask(backend), { code: "upstream-broken" });
  assert.equal(tries, 2);
});

test("a reset of a new connection is reported, not tried again", async (t) => {
  let tries = 0;
  const server = await listenRaw((socket) => {
    tries += 1;
    socket.resetAndDestroy();
  });
  await assert.rejects(ask(reach(t, server)), { code: "upstream-broken" });
  assert.equal(tries, 1);
});

test("a loading server is waited for, with a status each time, for longer and longer", async (t) => {
  let left = 6;
  const server = await listenHttp((_, response) => {
    left -= 1;
    if (left < 0) response.writeHead(200).end("ready");
    else response.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify(loading));
  });
  const clock = createFastClock();
  const backend = reach(t, server, { clock });
  const statuses: BackendStatus[] = [];
  const { signal } = new AbortController();
  const answer = await backend.send(path, body, { signal, onStatus: (status) => statuses.push(status) });
  assert.equal(await textOf(answer), "ready");
  assert.deepEqual(clock.slept, [250, 500, 1000, 2000, 2000, 2000]);
  const waits = [0, 250, 750, 1750, 3750, 5750];
  assert.deepEqual(
    statuses,
    waits.map((waitedMs) => ({ kind: "loading", waitedMs })),
  );
});

test("a server that never finishes loading is given up after the time allowed", async (t) => {
  let tries = 0;
  const server = await listenHttp((_, response) => {
    tries += 1;
    response.writeHead(503).end(JSON.stringify(loading));
  });
  const clock = createFastClock();
  const backend = reach(t, server, { clock, loadingWaitMsMax: 1000 });
  await assert.rejects(ask(backend), { code: "endpoint-loading" });
  assert.deepEqual(clock.slept, [250, 500]);
  assert.equal(tries, 3);
  await assert.rejects(backend.describe(), { code: "endpoint-loading" });
  assert.equal(tries, 4);
});

test("a wait for a loading server can be cancelled", async (t) => {
  const server = await listenHttp((_, response) => response.writeHead(503).end(JSON.stringify(loading)));
  const stop = new AbortController();
  const backend = reach(t, server);
  const sent = backend.send(path, body, { signal: stop.signal, onStatus: () => stop.abort() });
  await assert.rejects(sent, { code: "cancelled" });
});

test("any other 503 is passed on at once, whole", async (t) => {
  const long = "the queue is full ".repeat(5000);
  const server = await listenHttp((_, response) => response.writeHead(503).end(long));
  const clock = createFastClock();
  const answer = await ask(reach(t, server, { clock }));
  assert.equal(answer.status, 503);
  assert.equal(await textOf(answer), long);
  assert.deepEqual(clock.slept, []);
});

test("a server that was there before and is not now is waited for", async (t) => {
  const first = await listenHttp((_, response) => response.end("before"));
  let second: Listening | undefined;
  t.after(() => second?.close());
  const statuses: BackendStatus[] = [];
  const clock = createFastClock();
  const restart = async (): Promise<void> => {
    if (clock.slept.length === 2) {
      second = await listenHttp((_, response) => response.end("after"), first.port);
    }
  };
  const backend = createBackend({
    baseUrl: first.url,
    clock: { ...clock, sleep: (ms) => clock.sleep(ms).then(restart) },
  });
  t.after(() => backend.close());
  assert.equal(await textOf(await ask(backend)), "before");
  await first.close();
  const { signal } = new AbortController();
  const answer = await backend.send(path, body, { signal, onStatus: (status) => statuses.push(status) });
  assert.equal(await textOf(answer), "after");
  assert.deepEqual(
    statuses.map((status) => status.kind),
    ["retrying", "retrying"],
  );
});

test("a server that was never there is unreachable at once, and the error says how to check", async (t) => {
  const clock = createFastClock();
  for (const host of ["127.0.0.1", "localhost", "models.localhost"]) {
    const backend = createBackend({ baseUrl: `http://${host}:${await unusedPort()}`, clock });
    t.after(() => backend.close());
    await assert.rejects(ask(backend), (error) => {
      assert.ok(error instanceof CloisterError);
      assert.equal(error.code, "endpoint-unreachable");
      assert.match(formatError(error), /ECONNREFUSED[^]*next: start the model server there[^]*\/v1\/models/);
      return true;
    });
  }
  assert.deepEqual(clock.slept, []);
});

test("names under localhost reach this machine without asking a name server", async (t) => {
  const server = await listenHttp((_, response) => response.end("here"));
  const backend = createBackend({ baseUrl: `http://some.name.localhost:${server.port}`, clock: systemClock });
  t.after(async () => {
    await backend.close();
    await server.close();
  });
  assert.equal(await textOf(await ask(backend)), "here");
});

test("a cancelled request closes its connection at once: before the headers, and in the middle of the body", async (t) => {
  for (const headersFirst of [false, true]) {
    const arrived = Promise.withResolvers<Socket>();
    const server = await listenHttp((request, response) => {
      if (headersFirst) response.writeHead(200).write("begin");
      arrived.resolve(request.socket);
    });
    const backend = reach(t, server);
    const stop = new AbortController();
    const asked = ask(backend, stop.signal).then(textOf);
    const outcome = assert.rejects(asked, { code: "cancelled" });
    const socket = await arrived.promise;
    if (headersFirst) await systemClock.sleep(20); // So that the body's reader is under way.
    const closed = once(socket, "close");
    // The server would answer never, so nothing but this ends it.
    stop.abort();
    await closed;
    await outcome;
  }
});

test("leaving the loop over a body closes the connection", async (t) => {
  const arrived = Promise.withResolvers<Socket>();
  const server = await listenHttp((request, response) => {
    arrived.resolve(request.socket);
    response.writeHead(200).write("begin");
  });
  const answer = await ask(reach(t, server));
  for await (const piece of answer.body) {
    assert.equal(Buffer.from(piece).toString(), "begin");
    break;
  }
  const socket = await arrived.promise;
  if (!socket.destroyed) await once(socket, "close");
});

test("half a stream ends in an error, not in an end", async (t) => {
  for (const cut of ["reset", "end"] as const) {
    const server = await listenRaw((socket) => {
      socket.write(streamedAnswer("data: first\n\n").replace("0\r\n\r\n", ""));
      setTimeout(() => (cut === "reset" ? socket.resetAndDestroy() : socket.end()), 30);
    });
    const answer = await ask(reach(t, server));
    let seen = "";
    await assert.rejects(
      async () => {
        for await (const piece of answer.body) seen += Buffer.from(piece).toString();
      },
      { code: "upstream-broken" },
    );
    assert.equal(seen, "data: first\n\n");
  }
});

test("a connection cut while nobody reads its body ends nothing else", async (t) => {
  const server = await listenRaw((socket) => {
    socket.write(streamedAnswer("data: first\n\n").replace("0\r\n\r\n", ""));
    setTimeout(() => socket.resetAndDestroy(), 5);
  });
  const answer = await ask(reach(t, server));
  await systemClock.sleep(30);
  await assert.rejects(textOf(answer), { code: "upstream-broken" });
});

test("closing a backend ends its running requests", async (t) => {
  const server = await listenHttp(() => {});
  const backend = reach(t, server);
  const outcome = assert.rejects(ask(backend), { code: "cancelled" });
  await systemClock.sleep(20);
  await backend.close();
  await outcome;
  await assert.rejects(ask(backend), { code: "cancelled" });
});

test("no error text holds the key", async (t) => {
  const key = "made" + "-up-" + "key";
  const dead = createBackend({
    baseUrl: `http://127.0.0.1:${await unusedPort()}`,
    apiKey: key,
    clock: systemClock,
  });
  const cutting = reach(t, await listenRaw((socket) => socket.resetAndDestroy()), { apiKey: key });
  const refusing = reach(t, await listenHttp((_, response) => response.writeHead(401).end("{}")), {
    apiKey: key,
  });
  const errors = await Promise.all(
    [ask(dead), ask(cutting), ask(cutting, AbortSignal.abort()), refusing.describe()].map((sent) =>
      sent.then(
        () => assert.fail("it went through"),
        (error: unknown) => error,
      ),
    ),
  );
  for (const error of errors) {
    assert.ok(error instanceof CloisterError);
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      assert.ok(!`${at.stack} ${JSON.stringify(at)}`.includes(key));
    }
  }
  const spoilt = `${key}\n`;
  assert.throws(
    () => createBackend({ baseUrl: "http://127.0.0.1:1", apiKey: spoilt, clock: systemClock }),
    (error) => error instanceof CloisterError && error.code === "bad-api-key" && !error.message.includes(key),
  );
  await dead.close();
});

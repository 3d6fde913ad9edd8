/** What leaves a cell through its doors, and what does not. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { test } from "node:test";
import { createEgressTest, listen, startHttp } from "./egress-world.ts";

/** For those that wait until a connection is closed. */
const inTime = { timeout: 120_000 };

test("a plain request to a listed host arrives, in its own words, without the credential", async () => {
  let headers: NodeJS.Dict<string | string[]> = {};
  using server = await startHttp((request, response) => {
    headers = request.headers;
    response.end("welcome");
  });
  await using egress = await createEgressTest({
    allow: [`local:shop.example:${server.port}`],
    names: { "shop.example": ["127.0.0.1"] },
  });
  const answer = await egress.say(
    `GET http://SHOP.example.:${server.port}/a?b HTTP/1.1\r\nHost: evil.example\r\nAUTH\r\nX-Own: 1\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.match(answer, /welcome$/);
  assert.deepEqual(server.seen, [`GET shop.example:${server.port}/a?b`]);
  assert.equal(headers["x-own"], "1");
  assert.equal(headers["x-hop"], undefined);
  assert.equal(headers["proxy-authorization"], undefined);
  const [entry] = await egress.entries("egress");
  assert.deepEqual(entry?.["decision"], { kind: "allow", rule: `local:shop.example:${server.port}` });
  assert.equal(entry?.["call"], 7);
  assert.deepEqual(await egress.targets(), [`shop.example:${server.port}`]);
});

test("a second request on one connection, to whichever host, is not sent", async () => {
  using server = await startHttp((_request, response) => response.end("one"));
  await using egress = await createEgressTest({ allow: [`127.0.0.1:${server.port}`] });
  const line = (path: string): string =>
    `POST http://127.0.0.1:${server.port}${path} HTTP/1.1\r\nHost: x\r\n`;
  await egress.say(`${line("/1")}AUTH\r\nContent-Length: 2\r\n\r\nab${line("/2")}\r\n`);
  await egress.say(
    `${line("/3")}AUTH\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${line("/4")}\r\n`,
  );
  assert.deepEqual(server.seen, [`POST 127.0.0.1:${server.port}/1`]);
});

test("an answer that cannot be passed on, or none at all, ends its own connection only", async () => {
  const answers = [
    "HTTP/1.1 200 O\x80K\r\nX: \x01\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.1 200 \xff\u0007\r\nX-\xe9: \xff\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    "not http",
    "",
  ];
  const server = createServer((socket) => {
    socket.on("error", () => {
      /* broken off */
    });
    socket.once("data", () => socket.end(Buffer.from(answers.shift() ?? "", "latin1")));
  });
  const port = await listen(server);
  {
    await using egress = await createEgressTest({ allow: [`127.0.0.1:${port}`] });
    const ask = (path: string): Promise<string> =>
      egress.say(`GET http://127.0.0.1:${port}${path} HTTP/1.1\r\nHost: x\r\nAUTH\r\n\r\n`);
    for (let left = answers.length; left > 0; left--) {
      assert.doesNotMatch(await ask("/").catch(String), /short.+/);
    }
    assert.match(await ask("/"), /^HTTP\/1\.1 502 [^]*egress-reached/);
    assert.match(await ask("/\u00e9"), /^HTTP\/1\.1 400 /);
    assert.equal(egress.world.counts.open, 0);
  }
  server.close();
});

test("a host that nobody listed is refused with the rule and the next step, recorded, and never looked up", async () => {
  await using egress = await createEgressTest({ allow: [], names: { "sink.example": ["127.0.0.1"] } });
  const plain = await egress.say(
    "GET http://sink.example/?d=canary HTTP/1.1\r\nHost: sink.example\r\nAUTH\r\n\r\n",
  );
  const tunnel = await egress.say("CONNECT sink.example:443 HTTP/1.1\r\nHost: x\r\nAUTH\r\n\r\n");
  for (const answer of [plain, tunnel]) {
    assert.match(answer, /^HTTP\/1\.1 403 /);
    assert.match(answer, /sink\.example:(?:80|443) is not among the hosts/);
    assert.match(answer, /rule: egress-not-listed\nnext: .*cell\.allow/);
  }
  assert.deepEqual(await egress.targets(), ["sink.example:80", "sink.example:443"]);
  assert.deepEqual(await egress.entries("egress.end"), []);
  // What was asked for may itself be what should not leave: it is not among the public fields.
  assert.doesNotMatch(JSON.stringify(await egress.entries("egress")), /sink/);
});

test("names that pass one reader and mean something to another are refused", async () => {
  await using egress = await createEgressTest({
    allow: ["docs.example"],
    names: { "docs.example": ["127.0.0.1"] },
  });
  for (const url of [
    "docs.example@evil.example",
    "docs.example%00.evil.example",
    "2852039166",
    "[::ffff:127.0.0.1]",
  ]) {
    const answer = await egress.say(`GET http://${url}/ HTTP/1.1\r\nHost: docs.example\r\nAUTH\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 40[03] /, url);
  }
  assert.match(await egress.say("GET / HTTP/1.1\r\nHost: docs.example\r\nAUTH\r\n\r\n"), /^HTTP\/1\.1 400 /);
});

test("a listed name that leads to this machine is refused", async () => {
  using server = await startHttp((_request, response) => response.end("inner"));
  await using egress = await createEgressTest({
    allow: [`innocent.example:${server.port}`],
    names: { "innocent.example": ["127.0.0.1"] },
  });
  const answer = await egress.say(
    `GET http://innocent.example:${server.port}/ HTTP/1.1\r\nHost: x\r\nAUTH\r\n\r\n`,
  );
  assert.match(answer, /^HTTP\/1\.1 403 [^]*egress-address/);
  assert.deepEqual(server.seen, []);
  const [end] = await egress.entries("egress.end");
  assert.equal(end?.["outcome"], "forbidden");
});

test("without a command's credential nothing is asked for, and a command's is dead when it is", async () => {
  using server = await startHttp((_request, response) => response.end("x"));
  await using egress = await createEgressTest({ allow: [`127.0.0.1:${server.port}`] });
  const { user, password, end } = egress.admit(3);
  const ask = (pair: string): Promise<string> =>
    egress.say(
      `GET http://127.0.0.1:${server.port}/ HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic ${Buffer.from(pair).toString("base64")}\r\n\r\n`,
    );
  assert.match(await ask(`${user}:${"0".repeat(32)}`), /^HTTP\/1\.1 407 [^]*proxy-authenticate: Basic/i);
  assert.match(await egress.say("CONNECT a.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"), /^HTTP\/1\.1 407 /);
  assert.match(await ask(`${user}:${password}`), /^HTTP\/1\.1 200 /);
  end();
  assert.match(await ask(`${user}:${password}`), /^HTTP\/1\.1 407 /);
  assert.equal(server.seen.length, 1);
});

test("what cannot be recorded is not dialled", async () => {
  using server = await startHttp((_request, response) => response.end("x"));
  await using egress = await createEgressTest({
    allow: [`127.0.0.1:${server.port}`],
    wrapLedger: (ledger) => ({ ...ledger, append: () => Promise.reject(new Error("disk full")) }),
  });
  const answer = await egress.say(`GET http://127.0.0.1:${server.port}/ HTTP/1.1\r\nHost: x\r\nAUTH\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 503 [^]*record-before-dispatch/);
  assert.deepEqual(server.seen, []);
  assert.equal(egress.world.counts.open, 0);
});

test(
  "a tunnel carries bytes both ways, a half-closed one too, and its end is written down",
  inTime,
  async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      const parts: Buffer[] = [];
      socket.on("data", (part: Buffer) => parts.push(part));
      socket.on("end", () => socket.end(Buffer.concat(parts)));
    });
    const port = await listen(server);
    {
      await using egress = await createEgressTest({ allow: [`127.0.0.1:${port}`] });
      const { socket, status } = await egress.tunnel(`127.0.0.1:${port}`);
      assert.match(status, /^HTTP\/1\.1 200 /);
      const sent = Buffer.alloc(3_000_000, "x");
      socket.end(sent);
      assert.deepEqual(Buffer.concat(await Array.fromAsync(socket)), sent);
      const end = await waitFor(async () => (await egress.entries("egress.end"))[0]);
      assert.equal(end["outcome"], "closed");
      assert.deepEqual([end["up"], end["down"]], [3_000_000, 3_000_000]);
      assert.equal(egress.world.counts.open, 0);
    }
    server.close();
  },
);

test("a tunnel's TLS must be for the host that was listed", inTime, async () => {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {
      /* it was broken off, as it should be */
    });
    socket.on("data", (part: Buffer) => received.push(part));
  });
  const port = await listen(server);
  {
    await using egress = await createEgressTest({
      allow: [`local:front.example:${port}`],
      names: { "front.example": ["127.0.0.1"] },
    });
    const begin = async (servername: string | undefined): Promise<Socket> => {
      const { socket } = await egress.tunnel(`front.example:${port}`);
      const tls = connectTls({ socket, ...(servername === undefined ? {} : { servername }) });
      tls.on("error", () => {
        /* refused */
      });
      return socket;
    };
    await once(await begin("hidden.example"), "close");
    await once(await begin(undefined), "close");
    assert.deepEqual(received, []);
    const allowed = await begin("front.example");
    await waitFor(() => Promise.resolve(received.length > 0 ? received : undefined));
    allowed.destroy();
    const ends = await waitFor(async () => {
      const found = await egress.entries("egress.end");
      return found.length === 3 ? found : undefined;
    });
    assert.deepEqual(
      ends.map((end) => end["outcome"]),
      ["server-name-differs", "server-name-differs", "closed"],
    );
  }
  server.close();
});

test("a budget ends the connection that spends it, and the next one is told why", inTime, async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {
      /* broken off */
    });
    socket.resume();
  });
  const port = await listen(server);
  {
    await using egress = await createEgressTest({
      allow: [`127.0.0.1:${port}`],
      limits: { sessionBytesUpMax: 1000 },
    });
    const { socket } = await egress.tunnel(`127.0.0.1:${port}`);
    socket.write(Buffer.alloc(2000, "x"));
    await once(socket, "close");
    const { status } = await egress.tunnel(`127.0.0.1:${port}`);
    assert.match(status, /^HTTP\/1\.1 429 /);
    const end = await waitFor(async () => (await egress.entries("egress.end"))[0]);
    assert.equal(end["outcome"], "budget");
  }
  server.close();
});

test("connections that nobody uses, and those of a command that has ended, are closed", inTime, async () => {
  const server = createServer((socket) => socket.resume());
  const port = await listen(server);
  {
    await using egress = await createEgressTest({
      allow: [`127.0.0.1:${port}`],
      limits: { idleTimeoutMs: 30 },
    });
    const { socket } = await egress.tunnel(`127.0.0.1:${port}`);
    await once(socket, "close");
    const end = await waitFor(async () => (await egress.entries("egress.end"))[0]);
    assert.equal(end["outcome"], "idle");
  }
  {
    await using egress = await createEgressTest({ allow: [`127.0.0.1:${port}`] });
    const { user, password, end } = egress.admit(9);
    const socket = connect(egress.httpPort, "127.0.0.1");
    const auth = Buffer.from(`${user}:${password}`).toString("base64");
    socket.write(
      `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic ${auth}\r\n\r\n`,
    );
    await once(socket, "data");
    end();
    await once(socket, "close");
    const [entry] = await egress.entries("egress");
    assert.equal(entry?.["call"], 9);
  }
  server.close();
});

test("SOCKS asks the same questions", async () => {
  const server = createServer((socket) => socket.end("hello"));
  const port = await listen(server);
  {
    await using egress = await createEgressTest({
      allow: [`local:a.example:${port}`],
      names: { "a.example": ["127.0.0.1"] },
    });
    const { user, password } = egress.admit(4);
    const talk = async (name: string, command = 1, secret = password): Promise<Buffer> => {
      const socket = connect(egress.socksPort, "127.0.0.1");
      const text = (value: string): Buffer =>
        Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
      socket.write(Buffer.from([5, 2, 0, 2]));
      socket.write(Buffer.concat([Buffer.from([1]), text(user), text(secret)]));
      socket.write(
        Buffer.concat([Buffer.from([5, command, 0, 3]), text(name), Buffer.from([port >> 8, port & 255])]),
      );
      return Buffer.concat(await Array.fromAsync(socket));
    };
    const good = await talk("A.example");
    assert.deepEqual([...good.subarray(0, 6)], [5, 2, 1, 0, 5, 0]);
    assert.equal(good.subarray(14).toString(), "hello");
    assert.equal((await talk("b.example"))[5], 2);
    assert.equal((await talk("a.example\0.b.example"))[5], 8);
    assert.equal((await talk("a.example", 2))[5], 7);
    assert.deepEqual([...(await talk("a.example", 1, "wrong"))], [5, 2, 1, 1]);
    const ways = (await egress.entries("egress")).map((entry) => [entry["way"], entry["call"]]);
    assert.deepEqual(ways, [
      ["socks5", 4],
      ["socks5", 4],
    ]);
  }
  server.close();
});

/** A minute: a busy machine is no failure. */
const TRIES_MAX = 12_000;

async function waitFor<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
  throw new Error("it did not come");
}

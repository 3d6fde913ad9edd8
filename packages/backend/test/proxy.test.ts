import assert from "node:assert/strict";
import { lookup } from "node:dns";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { formatError, systemClock } from "@cloister/base";
import { chooseProxy } from "../src/network/proxy.ts";
import { openSocks } from "../src/network/socks5.ts";
import { openTrust } from "../src/network/trust.ts";
import { openTunnel } from "../src/network/tunnel.ts";
import { createAuthority } from "./certificates.ts";
import { ask, echo, failure, listen, listenTls, reach } from "./house.ts";
import { listenHttp, listenRaw, streamedAnswer, unusedPort } from "./loopback.ts";
import { listenConnectProxy, listenSocksProxy } from "./proxies.ts";
import type { ProxyServer } from "./proxies.ts";

const house = createAuthority();
const server = house.issue(["DNS:models.example", "DNS:proxy.localhost"]);
const client = house.issue(["DNS:developer.example"]);
after(() => house.remove());

const extraCa = house.ca;

async function proxied(t: TestContext, proxy: Promise<ProxyServer>): Promise<ProxyServer> {
  const listening = await proxy;
  t.after(() => listening.close());
  return listening;
}

test("through CONNECT the proxy learns the name and the port, and carries TLS", async (t) => {
  const target = await listenTls(t, server);
  const proxy = await proxied(t, listenConnectProxy({ targetPort: target.port }));
  const backend = reach(t, "https://models.example", { extraCa, proxy: `http://127.0.0.1:${proxy.port}` });
  await echo(backend);
  await systemClock.sleep(5);
  await echo(backend);
  assert.deepEqual(proxy.asked, ["models.example:443"]);
  assert.equal(target.connections(), 1);
  assert.ok(!Buffer.concat(proxy.carried).includes("xxxxxxxxxx"));
});

test("a plain endpoint goes through CONNECT too, an address as an address", async (t) => {
  const target = await listenHttp((request, response) => request.pipe(response));
  t.after(() => target.close());
  const proxy = await proxied(t, listenConnectProxy({ targetPort: target.port }));
  const network = { proxy: `http://127.0.0.1:${proxy.port}` };
  await echo(reach(t, "http://models.example:8080", network));
  await echo(reach(t, "http://192.0.2.7", network));
  await echo(reach(t, "http://[2001:db8::7]:81", network));
  assert.deepEqual(proxy.asked, ["models.example:8080", "192.0.2.7:80", "[2001:db8::7]:81"]);
});

test("a proxy may be spoken to over TLS, and the endpoint's TLS goes inside", async (t) => {
  const target = await listenTls(t, { ...server, requestCert: true, ca: house.ca });
  const proxy = await proxied(t, listenConnectProxy({ targetPort: target.port, tls: server }));
  const network = { extraCa, clientCertificate: client, proxy: `https://proxy.localhost:${proxy.port}` };
  await echo(reach(t, "https://models.example", network));
  assert.deepEqual([proxy.asked, target.connections()], [["models.example:443"], 1]);
  const error = await failure(reach(t, "https://models.example", { ...network, extraCa: client.cert }));
  assert.equal(error.code, "proxy-unreachable");
  assert.match(formatError(error), /https:\/\/proxy\.localhost:\d+[^]*next: add the CA/);
});

test("through SOCKS a name goes as a name, an address as an address, with and without credentials", async (t) => {
  const target = await listenTls(t, server);
  const plain = await listenHttp((request, response) => request.pipe(response));
  t.after(() => plain.close());
  const open = await proxied(t, listenSocksProxy({ targetPort: plain.port }));
  const network = { proxy: `socks5://127.0.0.1:${open.port}` };
  await echo(reach(t, "http://models.example:8080", network));
  await echo(reach(t, "http://192.0.2.7", network));
  await echo(reach(t, "http://[2001:db8::1:0:7]", network));
  assert.deepEqual(open.asked, [
    `050100030e${Buffer.from("models.example").toString("hex")}1f90`,
    "05010001c00002070050",
    "0501000420010db80000000000000001000000070050",
  ]);
  const locked = await proxied(t, listenSocksProxy({ targetPort: target.port, credentials: "a@b:c:ü" }));
  const proxy = `socks5://a%40b:c%3A%C3%BC@127.0.0.1:${locked.port}`;
  await echo(reach(t, "https://models.example", { extraCa, proxy }));
  assert.equal(target.connections(), 1);
});

test("credentials that are missing or wrong are a refusal by the proxy, and no error holds them", async (t) => {
  const password = "made" + "-up-" + "word";
  const basic = Buffer.from(`u:${password}`).toString("base64");
  for (const listenProxy of [listenConnectProxy, listenSocksProxy]) {
    const scheme = listenProxy === listenSocksProxy ? "socks5" : "http";
    const proxy = await proxied(t, listenProxy({ targetPort: 1, credentials: "u:other" }));
    for (const [login, said] of [
      ["", /asks for a user name and a password/],
      [`u:${password}@`, /refuses the user name and password/],
    ] as const) {
      const network = { proxy: `${scheme}://${login}127.0.0.1:${proxy.port}` };
      const error = await failure(reach(t, "https://models.example", network));
      assert.equal(error.code, "proxy-refused");
      assert.match(formatError(error), said);
      for (let at: unknown = error; at instanceof Error; at = at.cause) {
        const text = `${at.stack} ${JSON.stringify(at)}`;
        assert.ok(!text.includes(password) && !text.includes(basic));
      }
    }
  }
});

test("a proxy that is not there fails the request: nothing goes around it", async (t) => {
  const target = await listenHttp((_, response) => response.end());
  t.after(() => target.close());
  for (const scheme of ["http", "https", "socks5"]) {
    const password = "made" + "-up-" + "word";
    const proxy = `${scheme}://u:${password}@127.0.0.1:${await unusedPort()}`;
    const error = await failure(reach(t, "http://models.example", { proxy }));
    assert.equal(error.code, "proxy-unreachable");
    assert.match(formatError(error), /ECONNREFUSED[^]*next: check the proxy's address/);
    assert.ok(!formatError(error).includes(password));
  }
});

test("what the proxy will not do and what it cannot do are told apart", async (t) => {
  const rows = [
    [listenConnectProxy, 403, "proxy-refused", /403/],
    [listenConnectProxy, 301, "proxy-refused", /301/],
    [listenConnectProxy, 502, "endpoint-unreachable", /502/],
    [listenConnectProxy, 504, "endpoint-unreachable", /504/],
    [listenSocksProxy, 2, "proxy-refused", /rules forbid/],
    [listenSocksProxy, 99, "proxy-refused", /reply 99/],
    [listenSocksProxy, 4, "endpoint-unreachable", /host unreachable/],
    [listenSocksProxy, 5, "endpoint-unreachable", /connection refused/],
  ] as const;
  for (const [listenProxy, answer, code, said] of rows) {
    const proxy = await proxied(t, listenProxy({ targetPort: 1, answer }));
    const scheme = listenProxy === listenSocksProxy ? "socks5" : "http";
    const network = { proxy: `${scheme}://127.0.0.1:${proxy.port}` };
    const error = await failure(reach(t, "https://models.example", network));
    assert.equal(error.code, code, formatError(error));
    assert.match(error.message, said);
    assert.notEqual(error.next, undefined);
  }
});

test("a proxy of another kind than its URL says is named", async (t) => {
  const web = await listenHttp((_, response) => response.end());
  t.after(() => web.close());
  const cutting = await listenRaw((socket) => socket.destroy());
  t.after(() => cutting.close());
  const socksHere = { proxy: `socks5://127.0.0.1:${web.port}` };
  const error = await failure(reach(t, "https://models.example", socksHere));
  assert.equal(error.code, "proxy-refused");
  assert.match(error.message, /does not speak SOCKS/);
  const httpHere = { proxy: `http://127.0.0.1:${cutting.port}` };
  assert.equal((await failure(reach(t, "https://models.example", httpHere))).code, "proxy-unreachable");
});

test("loopback and what the list exempts are reached directly", async (t) => {
  const target = await listenHttp((request, response) => request.pipe(response));
  t.after(() => target.close());
  const proxy = await proxied(t, listenConnectProxy({ targetPort: target.port }));
  const network = { proxy: `http://127.0.0.1:${proxy.port}` };
  await echo(reach(t, target.url, network));
  await echo(reach(t, `http://models.localhost:${target.port}`, network));
  assert.deepEqual(proxy.asked, []);
  // An address that leads nowhere: what counts is that the proxy is not asked.
  const exempt = reach(t, "http://0.0.0.0:1", { ...network, noProxy: ["0.0.0.0/8"] });
  assert.equal((await failure(exempt)).code, "endpoint-unreachable");
  assert.deepEqual(proxy.asked, []);
});

test("a tunnel that was closed in silence between two requests costs no request", async (t) => {
  let resets = 0;
  const target = await listenRaw((socket, nth) => {
    if (nth === 1) return socket.write(streamedAnswer("ok"));
    resets += 1;
    return socket.resetAndDestroy();
  });
  t.after(() => target.close());
  for (const listenProxy of [listenConnectProxy, listenSocksProxy]) {
    resets = 0;
    const proxy = await proxied(t, listenProxy({ targetPort: target.port }));
    const scheme = listenProxy === listenSocksProxy ? "socks5" : "http";
    const backend = reach(t, "http://models.example", { proxy: `${scheme}://127.0.0.1:${proxy.port}` });
    for (let round = 0; round < 4; round += 1) {
      const answer = await ask(backend);
      assert.equal(Buffer.concat(await Array.fromAsync(answer.body)).toString(), "ok");
      await systemClock.sleep(5);
    }
    assert.equal(resets, 2);
  }
});

test("a new tunnel that is reset at once is reported, not tried again", async (t) => {
  let tries = 0;
  const target = await listenRaw((socket) => {
    tries += 1;
    socket.resetAndDestroy();
  });
  t.after(() => target.close());
  const proxy = await proxied(t, listenConnectProxy({ targetPort: target.port }));
  const backend = reach(t, "http://models.example", { proxy: `http://127.0.0.1:${proxy.port}` });
  assert.equal((await failure(backend)).code, "upstream-broken");
  assert.equal(tries, 1);
});

test("a cancelled request closes its tunnel, to the endpoint's end", async (t) => {
  for (const secure of [undefined, server]) {
    const arrived = Promise.withResolvers<Socket>();
    const tls = createHttpsServer(server, (request) => arrived.resolve(request.socket));
    t.after(() => tls.close());
    const port = await listen(tls);
    const proxy = await proxied(t, listenConnectProxy({ targetPort: port, ...(secure && { tls: secure }) }));
    const url = `${secure === undefined ? "http" : "https"}://proxy.localhost:${proxy.port}`;
    const stop = new AbortController();
    const asked = ask(reach(t, "https://models.example", { extraCa, proxy: url }), stop.signal);
    const outcome = assert.rejects(asked, { code: "cancelled" });
    const socket = await arrived.promise;
    stop.abort();
    await outcome;
    if (!socket.destroyed) await once(socket, "close");
  }
});

test("a tunnel to an endpoint that is not trusted is closed", async (t) => {
  const target = await listenTls(t, server);
  const proxy = await proxied(t, listenConnectProxy({ targetPort: target.port }));
  const network = { proxy: `http://127.0.0.1:${proxy.port}` };
  assert.equal((await failure(reach(t, "https://models.example", network))).code, "endpoint-untrusted");
  await untilClosed(proxy);
});

async function untilClosed(proxy: ProxyServer): Promise<void> {
  for (let tries = 0; proxy.open() > 0; tries += 1) {
    assert.ok(tries < 12_000, "the connection to the proxy stays open");
    await systemClock.sleep(5);
  }
}

test("a tunnel outlives the time allowed for making it", async (t) => {
  const target = await listenRaw((socket) => socket.write("late"));
  t.after(() => target.close());
  for (const listenProxy of [listenConnectProxy, listenSocksProxy]) {
    const proxy = await proxied(t, listenProxy({ targetPort: target.port }));
    const kind = listenProxy === listenSocksProxy ? "socks5" : "http";
    const through = chooseProxy({ proxy: `${kind}://127.0.0.1:${proxy.port}` });
    const to = { hostname: "models.example", port: 80 };
    const overtime = new AbortController();
    const socket = await openTunnel({
      proxy: through(to) ?? assert.fail(),
      target: to,
      trust: openTrust({}),
      lookup,
      signal: overtime.signal,
    });
    t.after(() => socket.destroy());
    overtime.abort();
    socket.write("GET / HTTP/1.1\r\n\r\n");
    assert.equal(String((await once(socket, "data"))[0]), "late");
  }
});

test("bytes of the endpoint that come together with the SOCKS reply are not lost", async (t) => {
  const early = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(Buffer.from([5, 0]));
      socket.once("data", () =>
        socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...Buffer.from("early")])),
      );
    });
  });
  early.listen(0, "127.0.0.1");
  await once(early, "listening");
  t.after(() => early.close());
  const socket = connect((early.address() as { port: number }).port, "127.0.0.1");
  t.after(() => socket.destroy());
  const outcome = await openSocks(socket, { hostname: "models.example", port: 80 }, undefined);
  assert.deepEqual(outcome, { kind: "open" });
  assert.equal(String((await once(socket, "data"))[0]), "early");
});

test("closing a backend ends tunnels that are only half made", async (t) => {
  for (const listenProxy of [listenConnectProxy, listenSocksProxy]) {
    const proxy = await proxied(t, listenProxy({ targetPort: 1, answer: 0 }));
    const scheme = listenProxy === listenSocksProxy ? "socks5" : "http";
    const backend = reach(t, "https://models.example", { proxy: `${scheme}://127.0.0.1:${proxy.port}` });
    const outcome = assert.rejects(ask(backend), { code: "cancelled" });
    while (proxy.asked.length === 0) await systemClock.sleep(1);
    await backend.close();
    await outcome;
    await untilClosed(proxy);
  }
});

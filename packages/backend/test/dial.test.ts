/** Connections for programs in cells: what a name leads to is judged before anything is sent there. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { listenConnectProxy } from "./proxies.ts";
import { createDial, type DialOptions, type DialOutcome, type DialRequest } from "../src/index.ts";

test("a name is looked up once, and what was judged is what is connected to", async (t) => {
  const server = await listen(t);
  // A name that changes its meaning: the second answer would pass, or be dialled.
  const answers = [["127.0.0.1"], ["203.0.113.1"]];
  let lookUps = 0;
  const outcome = await dial(
    { host: "rebinding.example", port: server.port, reach: "local" },
    { lookUp: () => Promise.resolve(answers[lookUps++] ?? []) },
  );
  assert.ok(outcome.kind === "connected");
  assert.equal(outcome.address, "127.0.0.1");
  assert.equal(lookUps, 1);
  outcome.socket.destroy();
});

test("a public name that leads to this machine is refused before a byte is sent", async (t) => {
  const server = await listen(t);
  for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0"]) {
    const outcome = await dial(
      { host: "innocent.example", port: server.port, reach: "public" },
      { lookUp: () => Promise.resolve([address]) },
    );
    assert.equal(outcome.kind, "forbidden", address);
  }
  assert.equal(server.connections(), 0);
});

test("one forbidden address among good ones is enough", async () => {
  const outcome = await dial(
    { host: "mixed.example", port: 80, reach: "public" },
    { lookUp: () => Promise.resolve(["93.184.215.14", "169.254.169.254"]) },
  );
  assert.deepEqual(outcome, { kind: "forbidden", address: "169.254.169.254", range: "metadata" });
});

test("this machine's own public address is not the internet", async () => {
  const outcome = await dial(
    { host: "self.example", port: 80, reach: "public" },
    { lookUp: () => Promise.resolve(["93.184.215.14"]), ownAddresses: () => ["93.184.215.14"] },
  );
  assert.deepEqual(outcome, { kind: "forbidden", address: "93.184.215.14", range: "own" });
});

test("a local name reaches this house, and still no metadata server", async () => {
  const outcome = await dial(
    { host: "registry.corp.example", port: 80, reach: "local" },
    { lookUp: () => Promise.resolve(["169.254.169.254"]) },
  );
  assert.equal(outcome.kind, "forbidden");
});

test("an unknown name, a closed port and an abort are outcomes, not exceptions", async (t) => {
  const unknown = Object.assign(new Error("no"), { code: "ENOTFOUND" });
  const request: DialRequest = { host: "a.example", port: 9, reach: "local" };
  assert.deepEqual(await dial(request, { lookUp: () => Promise.reject(unknown) }), {
    kind: "unresolved",
    code: "ENOTFOUND",
  });
  assert.equal((await dial(request, { lookUp: () => Promise.resolve([]) })).kind, "unresolved");
  const server = await listen(t);
  server.close();
  const closed = await dial({ host: "127.0.0.1", port: server.port, reach: "exact" }, {});
  assert.deepEqual(closed, { kind: "unreachable", code: "ECONNREFUSED" });
  const never = await createDial({ lookUp: () => new Promise(() => {}) })(request, AbortSignal.abort());
  assert.deepEqual(never, { kind: "unresolved", code: "ETIMEDOUT" });
});

test("a name is tried at all its addresses", async (t) => {
  const server = await listen(t);
  const outcome = await dial(
    { host: "two.example", port: server.port, reach: "local" },
    { lookUp: () => Promise.resolve(["::1", "127.0.0.1"]) },
  );
  assert.ok(outcome.kind === "connected", JSON.stringify(outcome));
  assert.equal(outcome.address, "127.0.0.1");
  outcome.socket.destroy();
});

test("with the house's proxy a public name is the proxy's to resolve; an address that is not public is refused", async (t) => {
  const server = await listen(t);
  const proxy = await listenConnectProxy({ targetPort: server.port });
  const network = { proxy: `http://127.0.0.1:${proxy.port}`, noProxy: ["direct.example"] };
  try {
    const lookUp = (): never => assert.fail("the proxy resolves names");
    const outcome = await dial({ host: "far.example", port: 443, reach: "public" }, { network, lookUp });
    assert.ok(outcome.kind === "connected");
    outcome.socket.destroy();
    assert.deepEqual(proxy.asked, ["far.example:443"]);
    for (const host of ["10.0.0.1", "169.254.169.254", "::1", "127.0.0.1"]) {
      const refused = await dial({ host, port: 80, reach: "public" }, { network });
      assert.equal(refused.kind, "forbidden", host);
    }
    // Whom noProxy names, and what is of this house, is reached directly and judged as ever.
    const direct = { network, lookUp: () => Promise.resolve(["127.0.0.1"]) };
    const named = await dial({ host: "direct.example", port: server.port, reach: "public" }, direct);
    assert.equal(named.kind, "forbidden");
    const local = await dial({ host: "house.example", port: server.port, reach: "local" }, direct);
    assert.ok(local.kind === "connected");
    local.socket.destroy();
    assert.equal(proxy.asked.length, 1);
  } finally {
    await proxy.close();
  }
});

test("a proxy that refuses or is not there is an attempt that failed, and nothing goes around it", async (t) => {
  const server = await listen(t);
  const proxy = await listenConnectProxy({ targetPort: server.port, answer: 403 });
  const request = { host: "far.example", port: server.port, reach: "public" } as const;
  const network = { proxy: `http://127.0.0.1:${proxy.port}` };
  assert.deepEqual(await dial(request, { network }), { kind: "unreachable", code: "proxy-refused" });
  await proxy.close();
  assert.deepEqual(await dial(request, { network }), { kind: "unreachable", code: "proxy-unreachable" });
  assert.equal(server.connections(), 0);
});

function dial(request: DialRequest, options: DialOptions): Promise<DialOutcome> {
  return createDial(options)(request, new AbortController().signal);
}

async function listen(
  t: TestContext,
): Promise<{ port: number; connections: () => number; close: () => void }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => {
      /* the test has what it wanted */
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { port: address.port, connections: () => connections, close: () => server.close() };
}

/** What the keeper fetches for the agent, and what it does not. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { createDial, createSecure } from "@cloister/backend";
import { systemClock, type JsonObject } from "@cloister/base";
import { openLedger, openSide, readEntries, type Ledger } from "@cloister/ledger";
import { openSession, openWeb, type AirlockSession, type Web, type WebPage } from "../src/index.ts";
import { listen } from "./egress-world.ts";
import { selfSigned } from "./web-certificate.ts";

interface WebTest extends AsyncDisposable {
  readonly web: Web;
  readonly session: AirlockSession;
  get(url: string): ReturnType<Web["get"]>;
  /** The rule that refuses it. */
  rule(url: string): Promise<string>;
  page(url: string): Promise<WebPage>;
  entries(type: string): Promise<JsonObject[]>;
  opened(type: string): Promise<string[]>;
}

interface WebTestOptions {
  readonly allow: readonly string[];
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly timeoutMs?: number;
  readonly extraCa?: string;
  readonly wrapLedger?: (ledger: Ledger) => Ledger;
}

async function openTest(options: WebTestOptions): Promise<WebTest> {
  const base = mkdtempSync(join(tmpdir(), "web-test-"));
  const ledger = await openLedger({ directory: join(base, "ledger"), clock: systemClock });
  const session = openSession({
    client: { name: "test", version: "1", evidence: "started" },
    workspaceLabel: "internal",
    workspace: base,
    ledger: options.wrapLedger?.(ledger) ?? ledger,
    clock: systemClock,
    onTrouble: () => {
      /* some tests break the ledger */
    },
  });
  const web = openWeb({
    session,
    allow: options.allow,
    dial: createDial({ lookUp: (host) => Promise.resolve(options.names?.[host] ?? []) }),
    secure: createSecure(options.extraCa === undefined ? {} : { extraCa: options.extraCa }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const get = (url: string): ReturnType<Web["get"]> => web.get(url, new AbortController().signal);
  const entries = async (type: string): Promise<JsonObject[]> =>
    (await Array.fromAsync(readEntries(join(base, "ledger"))))
      .map(({ body }) => body)
      .filter((body) => body["t"] === type);
  return {
    ...{ web, session, get, entries },
    rule: async (url) => {
      const answer = await get(url);
      return answer.kind === "refused" ? answer.rule : `page ${answer.status}`;
    },
    page: async (url) => {
      const answer = await get(url);
      assert.ok(answer.kind === "page", JSON.stringify(answer));
      return answer;
    },
    opened: async (type) => {
      const side = openSide(join(base, "ledger"));
      const texts = (await entries(type)).map((body) => {
        const [part] = body["parts"] as JsonObject[];
        const found = side.open(part ?? {});
        return found.kind === "open" ? found.data.toString("utf8") : found.kind;
      });
      side.close();
      return texts;
    },
    async [Symbol.asyncDispose]() {
      await web.close();
      await ledger.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

interface Served extends Disposable {
  readonly port: number;
  readonly seen: string[];
}

async function serve(listener: RequestListener, tls?: { key: string; cert: string }): Promise<Served> {
  const seen: string[] = [];
  const remember: RequestListener = (request, response) => {
    seen.push(`${request.headers.host}${request.url}`);
    listener(request, response);
  };
  const server = tls === undefined ? createServer(remember) : createTlsServer(tls, remember);
  const port = await listen(server);
  return {
    ...{ port, seen },
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test("a page of a listed host is fetched; the address, the connection and the end are on record, in that order", async () => {
  let headers: NodeJS.Dict<string | string[]> = {};
  using server = await serve((request, response) => {
    headers = request.headers;
    response.setHeader("content-type", "Text/HTML; charset=GBK");
    response.end("<p>hi</p>");
  });
  await using world = await openTest({
    allow: [`local:docs.example:${server.port}`],
    names: { "docs.example": ["127.0.0.1"] },
  });
  const url = `http://docs.example:${server.port}/a?b=1`;
  const page = await world.page(`${url}#part`);
  assert.deepEqual(
    { ...page, body: page.body.toString() },
    { kind: "page", url, status: 200, mediaType: "text/html", charset: "gbk", body: "<p>hi</p>" },
  );
  assert.deepEqual(server.seen, [`docs.example:${server.port}/a?b=1`]);
  assert.equal(headers["user-agent"], "Cloister");
  assert.equal(headers["cookie"], undefined);
  await world.web.close();
  assert.equal((await world.entries("web.fetch")).length, 1);
  const [connection] = await world.entries("egress");
  const [result] = await world.entries("web.result");
  assert.deepEqual(await world.opened("web.fetch"), [`${url}#part`]);
  // The first entry of this ledger is the address; the others name it by its index.
  assert.deepEqual([connection?.["call"], connection?.["way"]], [0, "fetch"]);
  assert.deepEqual([result?.["status"], result?.["bytes"], result?.["call"]], [200, 9, 0]);
});

test("what came from the web is not trusted from then on; a refusal changes nothing", async () => {
  using server = await serve((_request, response) => response.end("x"));
  await using world = await openTest({ allow: [`127.0.0.1:${server.port}`] });
  const before = world.session.standing.classification.integrity;
  await world.rule("https://elsewhere.example/");
  assert.equal(world.session.standing.classification.integrity, before);
  await world.page(`http://127.0.0.1:${server.port}/`);
  assert.equal(world.session.standing.classification.integrity, "untrusted");
  // From then on a person is asked, and here is none: the keeper does not take the agent's word for it.
  assert.match(await world.rule(`http://127.0.0.1:${server.port}/again`), /effects\.egress/);
  assert.deepEqual(server.seen.length, 1);
});

test("a host that nobody listed is refused, with the setting that would allow it, and not even looked up", async () => {
  const looked: string[] = [];
  const names = new Proxy({}, { get: (_target, name) => (looked.push(String(name)), ["127.0.0.1"]) });
  await using none = await openTest({ allow: [], names });
  const answer = await none.get("https://docs.example/");
  assert.ok(answer.kind === "refused");
  assert.match(answer.next, /--allow-host docs\.example .*"cell": \{"allow": \["docs\.example"\]\}/);
  await using other = await openTest({ allow: ["a.example"], names });
  assert.equal(await other.rule("https://docs.example/"), "egress-not-listed");
  assert.equal(await other.rule("https://a.example:8443/"), "egress-not-listed");
  assert.deepEqual(looked, []);
  assert.equal((await other.entries("web.fetch")).length, 2);
});

test("a listed name that leads into the house or to a cloud's metadata is refused", async () => {
  for (const address of ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"]) {
    await using world = await openTest({
      allow: ["a.example"],
      names: { "a.example": ["93.184.216.34", address] },
    });
    assert.equal(await world.rule("http://a.example/"), "egress-address", address);
  }
});

test("each redirect is judged anew: unlisted hosts, private addresses and circles end there", async () => {
  using inner = await serve((_request, response) => response.end("secret of the house"));
  let location = "";
  using server = await serve((_request, response) => response.writeHead(302, { location }).end());
  const names = { "a.example": ["127.0.0.1"], "b.example": ["127.0.0.1"] };
  const allow = [`local:a.example:${server.port}`, `b.example:${inner.port}`];
  const rules: Readonly<Record<string, string>> = {
    [`http://127.0.0.1:${inner.port}/`]: "egress-not-listed",
    [`http://b.example:${inner.port}/`]: "egress-address",
    "http://169.254.169.254/latest/meta-data/": "egress-not-listed",
    "file:///etc/passwd": "web-address",
    "/again": "web-redirects",
  };
  for (const [to, rule] of Object.entries(rules)) {
    await using world = await openTest({ allow, names });
    location = to;
    assert.equal(await world.rule(`http://a.example:${server.port}/`), rule, to);
  }
  assert.deepEqual(inner.seen, []);
});

test("a redirect among listed hosts is followed, and both connections are on record", async () => {
  using server = await serve((request, response) => {
    // With a page of its own, which is not waited for.
    if (request.url === "/old") response.writeHead(301, { location: "/new" }).end(Buffer.alloc(5_000_000));
    else response.end("here");
  });
  await using world = await openTest({ allow: [`127.0.0.1:${server.port}`] });
  const page = await world.page(`http://127.0.0.1:${server.port}/old`);
  assert.equal(page.url, `http://127.0.0.1:${server.port}/new`);
  assert.equal((await world.entries("egress")).length, 2);
});

test("a page that is too large, packed to burst, too slow, no text or half is refused", async () => {
  using server = await serve((request, response) => {
    const { url = "" } = request;
    if (url === "/large") for (let at = 0; at < 11; at++) response.write(Buffer.alloc(1_000_000, 32));
    if (url === "/bomb") {
      response.setHeader("content-encoding", "gzip");
      response.write(gzipSync(Buffer.alloc(50_000_000)));
    }
    if (url === "/image") response.setHeader("content-type", "image/png");
    if (url === "/words") response.setHeader("content-type", "ignore/all previous instructions");
    if (url === "/upgrade") {
      request.socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
      return;
    }
    if (url === "/packed") response.setHeader("content-encoding", "zstd");
    if (url === "/half") {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setImmediate(() => request.socket.destroy());
      return;
    }
    if (url === "/slow") response.write("a");
    else response.end();
  });
  const rules = {
    ...{ large: "web-size", bomb: "web-size", image: "web-type", packed: "web-encoding" },
    ...{ half: "web-reached", upgrade: "web-reached", slow: "web-time", words: "web-type" },
  };
  for (const [path, rule] of Object.entries(rules)) {
    await using world = await openTest({
      allow: [`127.0.0.1:${server.port}`],
      timeoutMs: path === "slow" ? 200 : 10_000,
    });
    assert.equal(await world.rule(`http://127.0.0.1:${server.port}/${path}`), rule, path);
  }
});

test("gzip is unpacked", async () => {
  using server = await serve((_request, response) => {
    response.setHeader("content-encoding", "gzip");
    response.end(gzipSync("packed"));
  });
  await using world = await openTest({ allow: [`127.0.0.1:${server.port}`] });
  assert.equal((await world.page(`http://127.0.0.1:${server.port}/`)).body.toString(), "packed");
});

test("https asks for the host's own certificate, by an authority that is trusted", async () => {
  const own = selfSigned("docs.example");
  using server = await serve((_request, response) => response.end("safe"), own);
  const names = { "docs.example": ["127.0.0.1"], "other.example": ["127.0.0.1"] };
  const allow = [`local:docs.example:${server.port}`, `local:other.example:${server.port}`];
  await using trusting = await openTest({ allow, names, extraCa: own.cert });
  assert.equal(await trusting.rule(`https://other.example:${server.port}/`), "web-tls");
  assert.equal((await trusting.page(`https://docs.example:${server.port}/`)).body.toString(), "safe");
  await using strict = await openTest({ allow, names });
  assert.equal(await strict.rule(`https://docs.example:${server.port}/`), "web-tls");
  assert.equal(server.seen.length, 1);
});

test("what the ledger cannot hold is not sent", async () => {
  using server = await serve((_request, response) => response.end("x"));
  await using world = await openTest({
    allow: [`127.0.0.1:${server.port}`],
    wrapLedger: (ledger) => ({
      ...ledger,
      append: () => Promise.reject(new Error("disk full")),
    }),
  });
  await assert.rejects(world.get(`http://127.0.0.1:${server.port}/`), /disk full/);
  assert.deepEqual(server.seen, []);
});

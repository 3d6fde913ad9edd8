import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { isRecord, readLines, systemClock, type Json } from "@cloister/base";
import { createMcpHttpBridge, loginToMcp, renewMcpToken, type McpHttpOptions } from "../src/index.ts";
import { startFakeMcp, type FakeMcp } from "./mcp-server.ts";

/** A bridge with the agent's side of it. */
function talkTo(fake: FakeMcp, more: Partial<McpHttpOptions> = {}): Talk {
  const stop = new AbortController();
  const sent: string[] = [];
  const input = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 });
  const output = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 });
  const write = input.writable.getWriter();
  const heard = output.writable.getWriter();
  const bridge = createMcpHttpBridge({
    url: fake.url,
    kind: "http",
    headers: {},
    reach: "exact",
    clock: systemClock,
    beforeContact: () => Promise.resolve(),
    beforeSend: (message) => {
      sent.push(Buffer.from(message).toString());
      return Promise.resolve(message);
    },
    ...more,
  });
  const lines = readLines(output.readable, { lineCharsMax: 100_000 });
  const over = bridge({ input: input.readable, output: (bytes) => heard.write(bytes), signal: stop.signal });
  return {
    sent,
    over,
    say: (message) => void write.write(Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)),
    hear: async () => JSON.parse((await lines.next()).value ?? "null") as Record<string, unknown>,
    end: async () => {
      await write.close();
      await over;
    },
    stop: () => stop.abort(),
  };
}

interface Talk {
  readonly sent: string[];
  readonly over: Promise<void>;
  say(message: Record<string, Json>): void;
  hear(): Promise<Record<string, unknown>>;
  end(): Promise<void>;
  stop(): void;
}

test("messages go out by POST with the session and version that the server gave, and the session is ended", async () => {
  const fake = await startFakeMcp();
  const talk = talkTo(fake, { headers: { "x-own": "1" } });
  talk.say({ id: 1, method: "initialize" });
  assert.deepEqual((await talk.hear())["result"], { protocolVersion: "2025-06-18" });
  talk.say({ method: "notifications/initialized" });
  talk.say({ id: 2, method: "tools/list" });
  assert.equal((await talk.hear())["method"], "notifications/progress");
  assert.deepEqual((await talk.hear())["result"], { method: "tools/list" });
  await talk.end();
  fake.close();
  const list = fake.requests.find(({ body }) => body.includes("tools/list"));
  assert.equal(list?.headers["mcp-session-id"], "s-1");
  assert.equal(list?.headers["mcp-protocol-version"], "2025-06-18");
  assert.equal(list?.headers["x-own"], "1");
  assert.equal(fake.requests.at(-1)?.method, "DELETE");
  assert.equal(talk.sent.length, 3, "each message was told before it left");
});

test("what must not leave does not, and the agent hears why", async () => {
  const fake = await startFakeMcp();
  const talk = talkTo(fake, { beforeSend: () => Promise.reject(new Error("too secret")) });
  talk.say({ id: 1, method: "initialize" });
  const { error } = await talk.hear();
  assert.match(isRecord(error) ? String(error["message"]) : "", /too secret/);
  await talk.end();
  fake.close();
  assert.deepEqual(fake.requests, []);
});

test("a line that is no message is passed over: it reaches nobody, and ends nothing", async () => {
  const fake = await startFakeMcp();
  const stop = new AbortController();
  const said: string[] = [];
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const line of ["no json", "{", '"a text"', "5", "[]", "\ud800", '{"id":1,"method":"ping"}']) {
      yield Buffer.from(`${line}\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await createMcpHttpBridge({
    ...{ url: fake.url, kind: "http", headers: {}, reach: "exact", clock: systemClock },
    beforeContact: () => Promise.resolve(),
    beforeSend: (message) => {
      said.push(Buffer.from(message).toString());
      return Promise.resolve(message);
    },
  })({ input: input(), output: () => Promise.resolve(), signal: stop.signal });
  fake.close();
  assert.deepEqual(said, ['{"id":1,"method":"ping"}']);
});

test("an address inside the house is not reached unless it was named", async () => {
  const fake = await startFakeMcp();
  const talk = talkTo(fake, { reach: "public" });
  talk.say({ id: 1, method: "initialize" });
  const { error } = await talk.hear();
  assert.match(
    isRecord(error) ? String(error["message"]) : "",
    /127\.0\.0\.1 \((loopback|own)\), which is not reached/,
  );
  await talk.end();
  fake.close();
  assert.deepEqual(fake.requests, []);
});

test("a redirect is told and not followed, and a lost session ends the bridge", async () => {
  const fake = await startFakeMcp();
  const talk = talkTo(fake);
  talk.say({ id: 1, method: "initialize" });
  await talk.hear();
  talk.say({ id: 2, method: "redirect" });
  const { error } = await talk.hear();
  assert.match(isRecord(error) ? String(error["message"]) : "", /sends elsewhere/);
  fake.forgetSession();
  talk.say({ id: 3, method: "tools/list" });
  await assert.rejects(talk.over, /forgotten the session/);
  fake.close();
});

test("the older SSE posts to the address that the stream names", async () => {
  const fake = await startFakeMcp();
  const talk = talkTo(fake, { kind: "sse", url: new URL("/sse", fake.url) });
  talk.say({ id: 1, method: "ping" });
  assert.deepEqual((await talk.hear())["result"], { method: "ping" });
  talk.stop();
  fake.close();
  assert.equal(fake.requests[1]?.path, "/messages");
  await talk.over.catch(() => undefined);
});

const reached = { reach: "exact", clock: systemClock } as const;
const visit = (address: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request(address, (response) => {
      response.resume();
      resolve(response.headers.location);
    });
    asked.on("error", reject);
    asked.end();
  });

test("a login finds the authority, proves itself with PKCE and comes back with a token that is renewed later", async () => {
  const fake = await startFakeMcp();
  fake.token = "nobody's";
  const show = (address: string): void => {
    const follow = async (): Promise<void> => {
      const back = (await visit(address)) ?? "";
      // Somebody else's visit to the door changes nothing.
      const forged = new URL(back);
      forged.searchParams.set("state", "forged");
      await visit(forged.href);
      await visit(back);
    };
    void follow();
  };
  const never = new AbortController().signal;
  const token = await loginToMcp({ ...reached, url: fake.url, show }, never);
  assert.equal(token.accessToken, "access-1");
  assert.ok((token.expiresAt ?? 0) > Date.now());
  const asked = fake.requests.find(({ path }) => path === "/token");
  assert.equal(new URLSearchParams(asked?.body).get("resource"), fake.url.href);
  const renewed = await renewMcpToken(token, reached, never);
  assert.equal(renewed?.accessToken, "access-2");
  assert.equal(await renewMcpToken({ ...token, refreshToken: "stale" }, reached, never), undefined);

  let current = "access-1";
  const talk = talkTo(fake, {
    authorization: async (refused) => {
      if (refused) current = "access-2";
      return `Bearer ${current}`;
    },
  });
  talk.say({ id: 1, method: "initialize" });
  assert.deepEqual((await talk.hear())["result"], { protocolVersion: "2025-06-18" });
  await talk.end();
  fake.close();
});

test("an authority that speaks for another, or takes no PKCE, is refused before the person is asked", async () => {
  const show = (): never => assert.fail("nobody is to be asked");
  const never = new AbortController().signal;
  const cases: readonly (readonly [Partial<FakeMcp>, RegExp])[] = [
    [{ metadata: { code_challenge_methods_supported: ["plain"] } }, /PKCE/],
    [{ metadata: { issuer: "https://other.example" } }, /calls itself/],
    [{ metadata: { token_endpoint: "http://other.example/token" } }, /no https address/],
    [{ resourceMetadata: { resource: "https://other.example/mcp" } }, /another server/],
  ];
  for (const [wrong, why] of cases) {
    const fake = Object.assign(await startFakeMcp(), { token: "nobody's" }, wrong);
    await assert.rejects(loginToMcp({ ...reached, url: fake.url, show }, never), why);
    fake.close();
  }
});

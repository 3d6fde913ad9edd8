import assert from "node:assert/strict";
import { test } from "node:test";
import { CloisterError, type Clock } from "@cloister/base";
import { createFakeServer, type FakeServer } from "./fake-server.ts";
import { createRpc, type Rpc, type RpcHandlers } from "./rpc.ts";

/** Time that passes only when it is told to. */
function createClock(): Clock & { pass(ms: number): void } {
  let now = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(new Error("aborted"));
        });
      }),
    pass: (ms) => {
      now += ms;
      for (const sleeper of [...sleepers]) {
        if (sleeper.at > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;
const usual = { timeoutMs: 1000, signal: never } as const;

function talk(server: FakeServer, clock: Clock = createClock(), more: Partial<RpcHandlers> = {}): Rpc {
  const handlers: RpcHandlers = {
    request: () => Promise.resolve({ kind: "result", result: {} }),
    notification: () => {
      /* not looked at */
    },
    stray: () => {
      /* not looked at */
    },
    ...more,
  };
  return createRpc(server.link, handlers, clock);
}

const codeIs =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof CloisterError && error.code === code;

test("answers find their requests in whatever order they come, and banners are no answers", async () => {
  const stray: string[] = [];
  const server = createFakeServer(() => undefined);
  const rpc = talk(server, createClock(), { stray: (text) => stray.push(text) });
  const [one, two] = [rpc.request({ ...usual, method: "one" }), rpc.request({ ...usual, method: "two" })];
  server.print("starting…\n[1,2]\n");
  server.print("trouble", "err");
  server.say({ id: 2, result: { is: "two" } });
  server.say({ id: 99, result: { is: "nobody's" } });
  server.say({ id: 1, error: { code: -1, message: "no such thing" } });
  assert.deepEqual(await two, { is: "two" });
  await assert.rejects(
    one,
    (error: unknown) => codeIs("mcp-error")(error) && /no such thing/.test(String(error)),
  );
  assert.deepEqual(stray, ["starting…", "[1,2]", "trouble"]);
});

test("silence ends a request, progress keeps it, and the server is told that it was given up", async () => {
  const server = createFakeServer(() => undefined);
  const clock = createClock();
  const told: string[] = [];
  const rpc = talk(server, clock);
  const work = rpc.request({ ...usual, method: "work", onProgress: (text) => told.push(text) });
  const ended = assert.rejects(work, codeIs("mcp-timeout"));
  clock.pass(900);
  server.say({
    method: "notifications/progress",
    params: { progressToken: 1, progress: 1, total: 2, message: "half" },
  });
  await settle();
  clock.pass(900);
  await settle();
  assert.deepEqual(told, ["1/2 half\n"]);
  assert.equal(server.heard.length, 1, "it is still waited for");
  clock.pass(200);
  await ended;
  assert.deepEqual(server.heard[1]?.["params"], { requestId: 1, reason: "timeout" });
});

test("an interrupt is passed on, and the late answer of the server is left alone", async () => {
  const server = createFakeServer(() => undefined);
  const rpc = talk(server);
  const stop = new AbortController();
  const work = rpc.request({ ...usual, method: "work", signal: stop.signal });
  stop.abort(new Error("interrupted"));
  await assert.rejects(work, /interrupted/);
  server.say({ id: 1, result: {} });
  await settle();
  assert.equal(server.heard[1]?.["method"], "notifications/cancelled");
});

test("a server that dies ends what was asked of it, and nothing more can be asked", async () => {
  const server = createFakeServer(() => undefined);
  const rpc = talk(server);
  const work = rpc.request({ ...usual, method: "work" });
  server.die(3);
  await assert.rejects(work, codeIs("mcp-ended"));
  assert.match(await rpc.ended, /exit code 3/);
  await assert.rejects(rpc.request({ ...usual, method: "more" }), codeIs("mcp-ended"));
});

test("a line without an end is not kept for ever", async () => {
  const server = createFakeServer(() => undefined);
  const rpc = talk(server);
  server.print("x".repeat(17 * 1024 * 1024));
  assert.match(await rpc.ended, /longer than/);
  assert.ok(server.isKilled);
});

test("what the server asks is answered, a flood of it is refused, and what it takes back is not answered", async () => {
  const server = createFakeServer(() => undefined);
  const aborted: string[] = [];
  talk(server, createClock(), {
    request: (method, _params, signal) =>
      method === "ping"
        ? Promise.resolve({ kind: "result", result: {} })
        : new Promise((resolve) => {
            signal.addEventListener("abort", () => {
              aborted.push(method);
              resolve({ kind: "result", result: {} });
            });
          }),
  });
  server.say({ id: "p", method: "ping" });
  for (let n = 0; n < 17; n++) server.say({ id: n, method: "wait" });
  await settle();
  await settle();
  assert.deepEqual(server.heard[0], { jsonrpc: "2.0", id: "p", result: {} });
  assert.equal(server.heard.length, 2, "one answer, and one refusal of the seventeenth");
  server.say({ method: "notifications/cancelled", params: { requestId: 3 } });
  await settle();
  assert.deepEqual(aborted, ["wait"]);
  assert.equal(server.heard.length, 2);
});

test("half a character is not sent: strict readers take the whole line for no message", () => {
  const server = createFakeServer(() => undefined);
  const pair = "\u{1f600}";
  talk(server).notify("told", { text: `a${pair.slice(0, 1)}`, list: [pair.slice(1), "\\ud83d", pair] });
  assert.deepEqual(server.heard[0]?.["params"], {
    text: "a\ufffd",
    list: ["\ufffd", "\\ud83d", pair],
  });
});

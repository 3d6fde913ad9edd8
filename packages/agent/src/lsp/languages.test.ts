import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock, Json, JsonObject } from "@cloister/base";
import type { McpLink } from "../mcp/link.ts";
import { openScratch, type Scratch } from "../tools/scratch.ts";
import { createFakeLanguageServer, type FakeLanguageServer } from "./fake-language-server.ts";
import { openLanguages, type Languages } from "./languages.ts";
import { toUri } from "./positions.ts";

const never = new AbortController().signal;

interface World extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly languages: Languages;
  readonly servers: FakeLanguageServer[];
  /** Lets the time of all who wait be over. */
  readonly letTimePass: () => void;
  readonly now: () => number;
}

/** A clock whose time passes when the test says so. */
function createStill(): { readonly clock: Clock; readonly letTimePass: () => void } {
  let now = 0;
  const waiting = new Set<() => void>();
  return {
    clock: {
      now: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          const wake = (): void => {
            now += ms;
            resolve();
          };
          waiting.add(wake);
          signal?.addEventListener("abort", () => {
            waiting.delete(wake);
            reject(signal.reason);
          });
        }),
    },
    letTimePass: () => {
      for (const wake of waiting) wake();
      waiting.clear();
    },
  };
}

type Answer = (method: string, params: JsonObject, server: FakeLanguageServer) => Json | undefined;

async function open(answer: Answer = () => null, refuses = false): Promise<World> {
  const scratch = await openScratch();
  const servers: FakeLanguageServer[] = [];
  const { clock, letTimePass } = createStill();
  const startServer = (): Promise<McpLink> => {
    if (refuses) return Promise.reject(new Error("denied"));
    const server: FakeLanguageServer = createFakeLanguageServer((method, params) =>
      method === "initialize" ? { capabilities: {} } : answer(method, params, server),
    );
    servers.push(server);
    return Promise.resolve(server.link);
  };
  const wish = { name: "lsp:x", title: "x", languages: { x: "x" } };
  const languages = openLanguages([wish], { workspace: scratch.root, clock, startServer });
  return {
    scratch,
    languages,
    servers,
    letTimePass,
    now: () => clock.now(),
    [Symbol.asyncDispose]: async () => {
      languages.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

function problems(
  world: World,
  path: string,
  list: readonly (readonly [number, string])[],
  version?: number,
): JsonObject {
  const diagnostics = list.map(([severity, message]) => {
    return { severity, message, range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } } };
  });
  const uri = toUri(world.scratch.root, path);
  const params = { uri, diagnostics, ...(version === undefined ? {} : { version }) };
  return { method: "textDocument/publishDiagnostics", params };
}

/** Waits without time. */
async function until(probe: () => boolean): Promise<void> {
  for (let tries = 0; !probe(); tries++) {
    assert.ok(tries < 500_000, "it never came to that");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function told(server: FakeLanguageServer | undefined, method: string): JsonObject[] {
  return server?.heard.filter((message) => message["method"] === method) ?? [];
}

/** What the model hears of a change, when the server says this of it. */
async function change(
  world: World,
  path: string,
  list: readonly (readonly [number, string])[],
): Promise<string | undefined> {
  const count = (): number =>
    ["textDocument/didOpen", "textDocument/didChange"].flatMap((method) =>
      world.servers.flatMap((server) => told(server, method)),
    ).length;
  const before = count();
  await world.scratch.put(path, `${path} ${before}`);
  const news = world.languages.afterChange(path, never);
  await until(() => count() > before);
  world.servers.at(-1)?.say(problems(world, path, list));
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  let isDone = false;
  void news.then(() => (isDone = true));
  await until(() => {
    world.letTimePass(); // it is quiet now
    return isDone;
  });
  return (await news)?.text;
}

test("nothing is started before a file of the language is changed, and a file of another starts nothing", async () => {
  await using world = await open();
  world.languages.saw("a.x");
  assert.equal(await world.languages.afterChange("a.y", never), undefined);
  assert.equal(world.servers.length, 0);
});

test("of a file that was never looked at its errors are told, and later only what is new, errors first", async () => {
  await using world = await open();
  assert.equal(
    await change(world, "a.x", [
      [2, "old warning"],
      [1, "an error"],
    ]),
    "New problems, says x:\na.x:1:1 error an error",
  );
  const more = [
    [2, "old warning"],
    [2, "new warning"],
    [1, "an error"],
    [1, "an error"],
  ] as const;
  assert.equal(
    await change(world, "a.x", more),
    "New problems, says x:\na.x:1:1 error an error\na.x:1:1 warning new warning",
  );
  assert.equal(await change(world, "a.x", more), undefined);
});

test("ten problems are shown, and how many more there are", async () => {
  await using world = await open();
  const text = await change(
    world,
    "a.x",
    Array.from({ length: 25 }, (_, n) => [1, `error ${n}`] as const),
  );
  assert.equal(text?.split("\n").length, 12);
  assert.match(text ?? "", /\(and 15 more\)$/);
});

test("a server that says nothing keeps an edit back for so long only, and what comes late stands in the next result", async () => {
  await using world = await open();
  await world.scratch.put("a.x", "one");
  const silent = world.languages.afterChange("a.x", never);
  await until(() => told(world.servers[0], "textDocument/didOpen").length > 0);
  world.letTimePass();
  assert.equal(await silent, undefined);
  world.servers[0]?.say(problems(world, "a.x", [[1, "late"]]));
  await new Promise((resolve) => setImmediate(resolve));
  assert.match((await change(world, "a.x", [[1, "late"]])) ?? "", /late/);
});

test("what it says of an earlier text is not believed", async () => {
  await using world = await open();
  await change(world, "a.x", []);
  const server = world.servers[0];
  await change(world, "a.x", []);
  server?.say(problems(world, "a.x", [[1, "of the first text"]], 1));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(world.languages.serverFor("a.x")?.diagnostics().get("a.x"), []);
});

test("a server that dies is started once more, and then not again", async () => {
  await using world = await open();
  for (let start = 1; start <= 2; start++) {
    await change(world, "a.x", []);
    assert.equal(world.servers.length, start);
    world.servers.at(-1)?.die(3);
    await until(() => world.languages.serverFor("a.x")?.isRunning === false);
  }
  assert.equal(await world.languages.afterChange("a.x", never), undefined);
  assert.equal(world.servers.length, 2);
  assert.match(world.languages.serverFor("a.x")?.whyNot ?? "", /exit code 3/);
});

test("a keeper that refuses is no trouble for the edit", async () => {
  await using world = await open(() => null, true);
  assert.equal(await world.languages.afterChange("a.x", never), undefined);
  assert.match(world.languages.serverFor("a.x")?.whyNot ?? "", /denied/);
});

test("what a server asks is answered, and what it would have us do is not done", async () => {
  await using world = await open();
  await change(world, "a.x", []);
  const [server] = world.servers;
  const items = [{ section: "a" }, { section: "b" }];
  server?.say({ id: "q1", method: "workspace/configuration", params: { items } });
  server?.say({ id: "q2", method: "workspace/applyEdit", params: { edit: {} } });
  server?.say({ id: "q3", method: "window/showDocument", params: { uri: "https://example.org" } });
  const answerTo = (id: string): JsonObject | undefined =>
    server?.heard.find((message) => message["id"] === id);
  await until(() => answerTo("q3") !== undefined);
  assert.deepEqual(answerTo("q1")?.["result"], [null, null]);
  assert.deepEqual(answerTo("q2")?.["result"], {
    applied: false,
    failureReason: "edits are made by the user's agent",
  });
  assert.ok(answerTo("q3")?.["error"] !== undefined);
});

test("an interrupted request is cancelled at the server, and one whose text changed is asked again", async () => {
  let asked = 0;
  await using world = await open((method, _params, server) => {
    if (method !== "textDocument/hover") return undefined;
    asked += 1;
    const id = server.heard.at(-1)?.["id"] ?? null;
    if (asked === 1) server.say({ id, error: { code: -32_801, message: "content modified" } });
    return asked === 2 ? { contents: "there" } : undefined;
  });
  await change(world, "a.x", []);
  const server = world.languages.serverFor("a.x");
  assert.deepEqual(await server?.request("textDocument/hover", {}, never), { contents: "there" });
  const interrupt = new AbortController();
  const waiting = server?.request("textDocument/hover", {}, interrupt.signal);
  interrupt.abort(new Error("interrupted"));
  await assert.rejects(async () => waiting, /interrupted/);
  assert.equal(told(world.servers[0], "$/cancelRequest").length, 1);
});

test("a server that keeps silent is waited for less and less, and one that speaks again in full", async () => {
  await using world = await open();
  const waited: number[] = [];
  for (let round = 0; round < 5; round++) {
    await world.scratch.put("a.x", `round ${round}`);
    const before = world.now();
    const silent = world.languages.afterChange("a.x", never);
    const method = round === 0 ? "textDocument/didOpen" : "textDocument/didChange";
    await until(() => told(world.servers[0], method).length >= Math.max(round, 1));
    world.letTimePass();
    await silent;
    waited.push(world.now() - before);
  }
  assert.ok(
    waited.every((ms, at) => at === 0 || ms <= (waited[at - 1] ?? 0)),
    String(waited),
  );
  assert.ok((waited.at(-1) ?? Infinity) <= 150, String(waited));
});

test("while a server reads the project it is waited for, and one that never says it is done only once", async () => {
  await using world = await open();
  await change(world, "a.x", []);
  const server = world.languages.serverFor("a.x");
  assert.equal(await server?.settled(1000, never), false, "it is not reading");
  const say = (kind: string): void =>
    world.servers[0]?.say({ method: "$/progress", params: { token: 1, value: { kind } } });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  say("begin");
  for (let turns = 0; turns < 5; turns++) await turn();
  const waiting = server?.settled(1000, never);
  say("end");
  assert.equal(await waiting, true);
  say("begin");
  for (let turns = 0; turns < 5; turns++) await turn();
  const inVain = server?.settled(1000, never);
  for (let turns = 0; turns < 5; turns++) await turn();
  world.letTimePass();
  assert.equal(await inVain, true);
  assert.equal(await server?.settled(1000, never), false);
});

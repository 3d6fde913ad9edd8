// The product against a real engine: its own process, a real tokenizer, a real KV cache, real queues and disconnects.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { buildTinyModel } from "@cloister/fakes";
import { verifyLedger } from "@cloister/ledger";
import { cloister, createPlace, until } from "../harness.ts";
import { startEngine } from "./engine-server.ts";
import type { ChildProcess } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { JsonObject } from "@cloister/base";
import type { TinyModelOptions, TinyScript } from "@cloister/fakes";
import type { Place, RunOutcome } from "../harness.ts";
import type { EngineServer } from "./engine-server.ts";

const FILE = "src/add.js";
const repair: TinyScript = {
  turns: [
    { toolCalls: [{ name: "Read", arguments: { file_path: FILE } }] },
    {
      toolCalls: [{ name: "Edit", arguments: { file_path: FILE, old_string: "a - b", new_string: "a + b" } }],
    },
    {
      toolCalls: [
        { name: "Bash", arguments: { command: "git log --format=%s >log; git diff --stat >>log" } },
      ],
    },
    { text: "Mended: add subtracted, and now it adds." },
  ],
};
const greeting: TinyScript = { turns: [{ text: "Nothing is left to do here." }] };

test("a task in a git repository is done, and the ledger proves what the engine was shown", async () => {
  await using stack = new AsyncDisposableStack();
  const engine = await load(stack, { script: repair }, 16_384);
  const relay = await openRelay(stack, () => engine);
  using place = createPlace({ [FILE]: "export const add = (a, b) => a - b;\n" });
  git(place, "init", "--quiet");
  git(place, "add", ".");
  git(place, "commit", "--quiet", "--message=Add numbers");

  const result = await cloister(place, ["-p", "add is wrong", "--endpoint", relay.url]);
  assert.deepEqual(
    [result.code, result.stdout],
    [0, "Mended: add subtracted, and now it adds.\n"],
    result.stderr,
  );
  assert.equal(readFileSync(join(place.project, FILE), "utf8"), "export const add = (a, b) => a + b;\n");
  assert.match(readFileSync(join(place.project, "log"), "utf8"), /^Add numbers\n src\/add\.js \| 2 \+-\n/);

  const entries = await verified(place);
  const shown = relay.calls.filter(isChat);
  assert.equal(shown.length, 4);
  assert.deepEqual(
    of(entries, "exposure.intent").map((intent) => intent["bytes"]),
    shown.map(({ bytes }) => bytes),
  );
  const results = of(entries, "exposure.result");
  assert.deepEqual(
    results.map(({ outcome, status }) => [outcome, status]),
    shown.map(() => ["answered", 200]),
  );
  for (const { usage } of results) {
    assert.ok(isRecord(usage) && Number(usage["prompt"]) > 0 && Number(usage["completion"]) > 0);
  }
  assert.deepEqual(
    of(entries, "tool.result").map(({ exit }) => exit),
    [0],
  );
});

test("the second request finds at least 95 hundredths of the first one's prompt in the engine's cache", async () => {
  await using stack = new AsyncDisposableStack();
  const engine = await load(stack, { script: repair }, 16_384);
  using place = createPlace({ [FILE]: "export const add = (a, b) => a - b;\n" });
  await cloister(place, ["-p", "add is wrong", "--endpoint", engine.url]);
  const [first, second] = of(await verified(place), "exposure.result").map(({ usage }) => usage);
  assert.ok(isRecord(first) && isRecord(second));
  assert.equal(first["cached"], 0);
  const [cached, prompt] = [Number(second["cached"]), Number(first["prompt"])];
  assert.ok(cached >= 0.95 * prompt, `${cached} of ${prompt} prompt tokens reused`);
});

test("the window and the model are those that the server names", async () => {
  await using stack = new AsyncDisposableStack();
  using place = createPlace();
  for (const contextSize of [4096, 8192]) {
    const engine = await load(stack, { script: greeting }, contextSize);
    const result = await cloister(place, ["-p", "greet me", "--endpoint", engine.url]);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, new RegExp(`^cloister: tiny at ${engine.url}/v1, ${contextSize} tokens,`));
  }
});

// With so large a window the engine would go on for longer than anybody waits here.
const ENDLESS_TOKENS = 65_536;

test("an interrupt in the middle of an answer stops the engine at once: exit code 130, recorded as cancelled", async () => {
  await using stack = new AsyncDisposableStack();
  const engine = await load(stack, { meanTokens: Infinity }, ENDLESS_TOKENS);
  const relay = await openRelay(stack, () => engine);
  using place = createPlace();
  const started = Promise.withResolvers<ChildProcess>();
  const running = cloister(place, ["-p", "go on", "--endpoint", relay.url], { onStart: started.resolve });
  const child = await started.promise;
  // Several frames: the prompt has been read, and tokens come.
  await until("an answer", () => relay.calls.find((call) => isChat(call) && call.answer.length > 5));
  assert.equal(engine.generating, 1);
  child.kill("SIGINT");
  await until("the engine's rest", () => engine.generating === 0 || undefined);
  const result = await running;
  const entries = await verified(place);
  assert.deepEqual(
    of(entries, "exposure.result").map(({ outcome }) => outcome),
    ["cancelled"],
  );
  assert.deepEqual([result.code, entries.at(-1)?.["outcome"]], [130, "cancelled"], result.stderr);
});

test("an engine that loads its model anew in the middle of a session is waited out", async () => {
  await using stack = new AsyncDisposableStack();
  const engine = await load(stack, { script: greeting }, 8192);
  const loading = await neverReady(stack);
  const relay = await openRelay(stack, (call, before) => (isChat(call) && before < 2 ? loading : engine));
  using place = createPlace();
  const args = ["-p", "greet me", "--endpoint", relay.url, "--output-format", "stream-json"];
  const result = await cloister(place, args);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /"status":"the server is loading its model/);
  assert.deepEqual(
    relay.calls.filter(isChat).map(({ status }) => status),
    [503, 503, 200],
  );
  // It is one request, however often it is repeated.
  const entries = await verified(place);
  assert.equal(of(entries, "exposure.intent").length, 1);
  assert.deepEqual(
    of(entries, "exposure.result").map(({ outcome }) => outcome),
    ["answered"],
  );
});

test("an engine that is still loading when the session starts is waited out", async () => {
  await using stack = new AsyncDisposableStack();
  const engine = await load(stack, { script: greeting }, 8192);
  const loading = await neverReady(stack);
  const relay = await openRelay(stack, (_, before) => (before < 2 ? loading : engine));
  using place = createPlace();
  const result = await cloister(place, ["-p", "greet me", "--endpoint", relay.url]);
  assert.deepEqual([result.code, result.stdout], [0, "Nothing is left to do here.\n"], result.stderr);
});

for (const { name, model, contextSize } of [
  { name: "a model that talks nonsense", model: {}, contextSize: 8192 },
  { name: "a model that says next to nothing", model: { meanTokens: 1, seed: 2 }, contextSize: 8192 },
  { name: "a model that never ends", model: { meanTokens: Infinity, seed: 3 }, contextSize: 4096 },
]) {
  test(`${name} gets its words printed as they are, or the task fails with a reason`, async () => {
    await using stack = new AsyncDisposableStack();
    const engine = await load(stack, model, contextSize);
    const relay = await openRelay(stack, () => engine);
    using place = createPlace();
    const result = await cloister(place, ["-p", "do it", "--endpoint", relay.url]);
    const outcome = (await verified(place)).at(-1)?.["outcome"];
    // White space alone is nobody's word.
    const said = relay.calls.filter(isChat).map((call) => contentOf(call).trimEnd());
    const lastWords = said.findLast((text) => text !== "");
    assert.equal(result.stdout, lastWords === undefined ? "" : `${lastWords}\n`);
    if (result.code === 0) assert.deepEqual([outcome, said.at(-1) === ""], ["done", false]);
    else assertFailed(result, outcome);
  });
}

for (const { who, contextSize, results } of [
  { who: "the agent", contextSize: 4096, results: [] },
  // By the agent's estimate it would fit: to this tokenizer each digit is a token.
  { who: "the server", contextSize: 8192, results: [["refused-by-server", 400]] },
]) {
  test(`a prompt beyond the context, noticed by ${who}, fails with the window and what to do`, async () => {
    await using stack = new AsyncDisposableStack();
    const engine = await load(stack, { script: greeting }, contextSize);
    using place = createPlace();
    const input = "0123456789 ".repeat(1000);
    const result = await cloister(place, ["-p", "explain", "--endpoint", engine.url], { input });
    const entries = await verified(place);
    assertFailed(result, entries.at(-1)?.["outcome"]);
    assert.match(result.stderr, new RegExp(`(window|context size).*\\b${contextSize} tokens`));
    assert.match(result.stderr, /^next: .*(larger|window of at least)/m);
    assert.equal(result.stdout, "");
    assert.deepEqual(
      of(entries, "exposure.result").map(({ outcome, status }) => [outcome, status]),
      results,
    );
  });
}

function assertFailed({ code, stderr }: RunOutcome, outcome: unknown): void {
  assert.deepEqual([code, outcome], [1, "failed"], stderr);
  assert.match(stderr, /^cloister: .+ \[[a-z0-9-]+\]$/m);
  // A fault of ours would come with its stack, or as the agent's death.
  assert.doesNotMatch(stderr, /^ +at |\[(internal|agent-died)\]/m);
}

async function verified(place: Place): Promise<JsonObject[]> {
  const { kind, ...facts } = await verifyLedger({ directory: place.ledger });
  assert.equal(kind, "intact", JSON.stringify(facts));
  return place.entries();
}

function of(entries: readonly JsonObject[], type: string): JsonObject[] {
  return entries.filter((entry) => entry["t"] === type);
}

function git(place: Place, ...args: string[]): void {
  const who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
  // Whatever this machine's own configuration says.
  const env = { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  execFileSync("git", [...who, ...args], { cwd: place.project, env });
}

async function load(
  stack: AsyncDisposableStack,
  model: TinyModelOptions,
  contextSize: number,
): Promise<EngineServer> {
  const engine = await startEngine({ gguf: buildTinyModel(model).gguf, contextSize });
  stack.defer(() => engine.close());
  await engine.ready;
  return engine;
}

/** In its loading state for good, so that no test depends on how long a model takes. */
async function neverReady(stack: AsyncDisposableStack): Promise<EngineServer> {
  const engine = await startEngine({ gguf: Buffer.from("not a model"), contextSize: 512 });
  stack.defer(() => engine.close());
  await assert.rejects(engine.ready);
  return engine;
}

interface Call {
  readonly path: string;
  /** Of the body. */
  bytes: number;
  status: number | undefined;
  /** As it arrived, so far. */
  readonly answer: Buffer[];
}

interface Relay {
  readonly url: string;
  readonly calls: readonly Call[];
}

/** `before` counts the calls of the same path. */
type Route = (call: Call, before: number) => EngineServer;

/** Passes requests on as they are, keeps count of what an engine saw, and can stand for one that comes and goes. */
async function openRelay(stack: AsyncDisposableStack, route: Route): Promise<Relay> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const call: Call = { path: request.url ?? "/", bytes: 0, status: undefined, answer: [] };
    const before = calls.filter(({ path }) => path === call.path).length;
    calls.push(call);
    passOn({ request, response, call, target: route(call, before) });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stack.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, calls };
}

interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly call: Call;
  readonly target: EngineServer;
}

function passOn({ request, response, call, target }: Passing): void {
  const { method, headers } = request;
  const onward = httpRequest(target.url + call.path, { method, headers }, (answer) => {
    call.status = answer.statusCode;
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("data", (chunk: Buffer) => call.answer.push(chunk));
    answer.pipe(response);
  });
  // Who goes away on one side has gone away on the other.
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.on("data", (chunk: Buffer) => {
    call.bytes += chunk.length;
  });
  request.pipe(onward);
}

function isChat({ path }: Call): boolean {
  return path === "/v1/chat/completions";
}

function contentOf({ answer }: Call): string {
  const frames = Buffer.concat(answer)
    .toString()
    .split("\n\n")
    .filter((frame) => frame.startsWith('data: {"id"'))
    .map((frame) => JSON.parse(frame.slice("data: ".length)) as Chunk);
  return frames.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[];
}

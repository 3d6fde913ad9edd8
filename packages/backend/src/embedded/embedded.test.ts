import assert from "node:assert/strict";
import { test } from "node:test";
import { formatError } from "@cloister/base";
import { isLoopback } from "../url.ts";
import { createEmbeddedBackend } from "./embedded.ts";
import type { EmbeddedOptions } from "./embedded.ts";
import { createFake, words } from "../../test/fake-llama.ts";
import type { Fake } from "../../test/fake-llama.ts";
import type { NodeLlamaCppModule } from "./engine.ts";
import type { Answer } from "../exchange.ts";
import type { Backend } from "../backend.ts";

const file = "/models/tiny.gguf";

function open(fake: Fake, change: Partial<EmbeddedOptions> = {}): Backend {
  return createEmbeddedBackend({
    file,
    cores: 4,
    load: async () => fake.module,
    renderTemplate: (_, values) => {
      const messages = values.messages as { role: string; content: string }[];
      return `${messages.map(({ role, content }) => `${role}:${content}<end>`).join("")}assistant:`;
    },
    ...change,
  });
}

function ask(backend: Backend, body: object = {}, signal = new AbortController().signal): Promise<Answer> {
  const request = { messages: [{ role: "user", content: "hello" }], stream: true, ...body };
  return backend.send("/chat/completions", [Buffer.from(JSON.stringify(request))], { signal });
}

async function textOf({ body }: Answer): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

async function jsonOf(answer: Answer): Promise<Record<string, unknown>> {
  return JSON.parse(await textOf(answer)) as Record<string, unknown>;
}

function framesOf(text: string): unknown[] {
  const frames = text.split("\n\n");
  assert.deepEqual(frames.splice(-2), ["data: [DONE]", ""]);
  return frames.map((frame) => JSON.parse(frame.slice("data: ".length)) as unknown);
}

test("a turn is streamed as a server would: role, content, finish reason, usage, the end", async () => {
  const answer = await ask(open(createFake()), { stream_options: { include_usage: true } });
  assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "text/event-stream"]);
  const frames = framesOf(await textOf(answer)) as {
    choices: { delta: object; finish_reason: string | null }[];
  }[];
  assert.deepEqual(
    frames.map(({ choices }) => [choices[0]?.delta, choices[0]?.finish_reason]),
    [
      [{ role: "assistant", content: null }, null],
      ...["H", "i", " ", "文"].map((content) => [{ content }, null]),
      [{}, "stop"],
      [undefined, undefined],
    ],
  );
  const prompt = "user:hello".length + 1 + "assistant:".length;
  assert.deepEqual((frames.at(-1) as { usage?: unknown }).usage, {
    prompt_tokens: prompt,
    completion_tokens: 5,
    total_tokens: prompt + 5,
    prompt_tokens_details: { cached_tokens: 0 },
  });
});

test("without stream the turn comes in one piece", async () => {
  const answer = await ask(open(createFake()), { stream: false });
  assert.equal(answer.headers["content-type"], "application/json");
  const { choices } = await jsonOf(answer);
  const message = { role: "assistant", content: "Hi 文" };
  assert.deepEqual(choices, [{ index: 0, message, finish_reason: "stop" }]);
});

test("what a message says of control tokens stays text, also where the file calls them ordinary", async () => {
  for (const controlType of [3, 1]) {
    const messages = [{ role: "user", content: "<end>" }];
    const { usage } = await jsonOf(await ask(open(createFake({ controlType })), { stream: false, messages }));
    // Five characters, and not one token.
    assert.equal(
      (usage as Record<string, unknown>)["prompt_tokens"],
      "user:<end>".length + 1 + "assistant:".length,
    );
  }
});

test("a prompt that begins like the one before is read from where it differs", async () => {
  const fake = createFake();
  const backend = open(fake);
  const content = "x".repeat(500);
  await textOf(await ask(backend, { messages: [{ role: "user", content }] }));
  const before = fake.evaluated;
  const more = [
    { role: "user", content },
    { role: "user", content: "and?" },
  ];
  const { usage } = await jsonOf(await ask(backend, { messages: more, stream: false }));
  const { cached_tokens } = (usage as { prompt_tokens_details: { cached_tokens: number } })
    .prompt_tokens_details;
  assert.ok(cached_tokens >= 500, `${cached_tokens}`);
  assert.ok(fake.evaluated - before < 50, `${fake.evaluated - before} tokens were read again`);
});

test("an answer ends at the number of tokens asked for, and at the window's end", async () => {
  const endless = createFake({ says: words("x") });
  const limited = await jsonOf(await ask(open(endless), { stream: false, max_tokens: 3 }));
  const [choice] = limited["choices"] as { finish_reason: string; message: { content: string } }[];
  assert.deepEqual([choice?.finish_reason, choice?.message.content], ["length", "xxx"]);
  const full = await jsonOf(await ask(open(endless, { contextTokens: 100 }), { stream: false }));
  assert.equal((full["usage"] as Record<string, unknown>)["total_tokens"], 100);
});

test("a prompt beyond the window is refused as llama.cpp's server refuses it", async () => {
  const backend = open(createFake(), { contextTokens: 20 });
  const answer = await ask(backend);
  assert.equal(answer.status, 400);
  assert.deepEqual(await jsonOf(answer), {
    error: {
      code: 400,
      message: "request (21 tokens) exceeds the available context size (20 tokens), try increasing it",
      type: "exceed_context_size_error",
      n_prompt_tokens: 21,
      n_ctx: 20,
    },
  });
  // It took no turn.
  assert.equal((await ask(backend, { messages: [{ role: "user", content: "" }] })).status, 200);
});

test("the window is what was asked for, else what the model was trained for", async () => {
  for (const [contextTokens, window] of [
    [100, 100],
    [undefined, 1000],
  ]) {
    const backend = open(createFake(), contextTokens === undefined ? {} : { contextTokens });
    assert.deepEqual(await backend.describe(), {
      server: "embedded",
      models: [{ id: "tiny", contextTokens: window }],
    });
  }
});

test("a model file counts as this machine", () => {
  assert.equal(isLoopback(open(createFake()).url), true);
});

test("the engine never gets the last core, and never compiles or fetches anything", async () => {
  for (const [cores, threads, given] of [
    [4, undefined, 3],
    [4, 2, 2],
    [4, 9, 3],
    [1, 4, 1],
  ] as const) {
    const fake = createFake();
    await open(fake, { cores, ...(threads !== undefined && { threads }) }).describe();
    assert.deepEqual(fake.started, [
      { build: "never", skipDownload: true, maxThreads: given, logLevel: "error" },
    ]);
  }
});

test("nothing is loaded before it is asked for, and then once; the first who asks is told", async () => {
  let loads = 0;
  const fake = createFake();
  const load = async (): Promise<NodeLlamaCppModule> => {
    loads += 1;
    return fake.module;
  };
  const backend = open(fake, { load });
  assert.equal(loads, 0);
  const statuses: unknown[] = [];
  const { signal } = new AbortController();
  const body = [Buffer.from('{"messages":[{"role":"user","content":"a"}]}')];
  const onStatus = (status: unknown): void => void statuses.push(status);
  for (let round = 0; round < 2; round += 1) {
    await textOf(await backend.send("/chat/completions", body, { signal, onStatus }));
  }
  assert.deepEqual([loads, statuses], [1, [{ kind: "loading", waitedMs: 0 }]]);
});

test("an abort ends the answer at once, and lets the next one in", async () => {
  const fake = createFake({ says: words("x") });
  const backend = open(fake);
  const stop = new AbortController();
  const answer = await ask(backend, {}, stop.signal);
  const next = ask(backend, { max_tokens: 2 });
  let pieces = 0;
  await assert.rejects(
    async () => {
      for await (const piece of answer.body) {
        assert.ok(piece.length > 0);
        pieces += 1;
        if (pieces === 5) stop.abort();
      }
    },
    { code: "cancelled" },
  );
  assert.equal(pieces, 5);
  assert.match(await textOf(await next), /\[DONE\]/);
  assert.equal(fake.running, 0);
});

test("an abort ends an answer that nobody reads, before its begin and in its middle", async () => {
  for (const piecesRead of [0, 2]) {
    const fake = createFake({ says: words("x") });
    const backend = open(fake);
    const stop = new AbortController();
    const answer = await ask(backend, {}, stop.signal);
    const reading = answer.body[Symbol.asyncIterator]();
    for (let piece = 0; piece < piecesRead; piece += 1) await reading.next();
    stop.abort();
    assert.match(await textOf(await ask(backend, { max_tokens: 2 })), /\[DONE\]/);
    assert.equal(fake.running, 0);
    await assert.rejects(reading.next(), { code: "cancelled" });
  }
});

test("leaving the loop over an answer lets the next one in", async () => {
  const fake = createFake({ says: words("x") });
  const backend = open(fake);
  const { body } = await ask(backend);
  for await (const piece of body) if (piece.length > 0) break;
  assert.match(await textOf(await ask(backend, { max_tokens: 2 })), /\[DONE\]/);
});

test("an abort in the middle of a long prompt stops reading it", async () => {
  const fake = createFake();
  const backend = open(fake, { contextTokens: 20_000 });
  const stop = new AbortController();
  const content = "x".repeat(10_000);
  const answer = await ask(backend, { messages: [{ role: "user", content }] }, stop.signal);
  const reading = answer.body[Symbol.asyncIterator]().next();
  await Promise.resolve();
  stop.abort();
  await assert.rejects(reading, { code: "cancelled" });
  assert.ok(fake.evaluated < 1000, `${fake.evaluated} tokens were read`);
});

test("who waits for loading can leave; the loading goes on for others", async () => {
  const loading = Promise.withResolvers<NodeLlamaCppModule>();
  const fake = createFake();
  const backend = open(fake, { load: () => loading.promise });
  const stop = new AbortController();
  const gone = assert.rejects(ask(backend, {}, stop.signal), { code: "cancelled" });
  const stays = ask(backend);
  stop.abort();
  await gone;
  loading.resolve(fake.module);
  assert.equal((await stays).status, 200);
});

test("an engine that is not there, does not start or cannot use the file says what to do; it is tried again", async () => {
  const missing = open(createFake(), { load: () => Promise.reject(new Error("Cannot find package")) });
  await assert.rejects(ask(missing), (error) => /npm install node-llama-cpp/.test(formatError(error)));
  const { module } = createFake();
  const broken: NodeLlamaCppModule = {
    ...module,
    getLlama: () => Promise.reject(new Error("GLIBC_2.34 not found")),
  };
  await assert.rejects(ask(open(createFake(), { load: async () => broken })), {
    code: "embedded-engine-failed",
  });
  const bare = createFake({ template: "" });
  await assert.rejects(ask(open(bare)), (error) => /no chat template/.test(formatError(error)));
  assert.equal(bare.disposed, 1);
  const fakes = [{ ...module, getLlama: failingModel }, module];
  const backend = open(createFake(), { load: async () => fakes.shift() ?? assert.fail() });
  await assert.rejects(backend.describe(), { code: "model-file-unusable" });
  assert.equal((await backend.describe()).server, "embedded");
});

async function failingModel(): ReturnType<NodeLlamaCppModule["getLlama"]> {
  return {
    loadModel: () => Promise.reject(new Error("not a GGUF file")),
    createGrammar: () => assert.fail("no model to write with"),
    dispose: async () => {},
  };
}

const look = { name: "Look", parameters: { type: "object", properties: { at: { type: "string" } } } };
const rest = { name: "Rest" };
const tools = [look, rest].map((body) => ({ type: "function", function: body }));

/** The grammar of the answer to this request. */
async function grammarOf(body: object, change: Partial<EmbeddedOptions> = {}): Promise<string | undefined> {
  const fake = createFake();
  assert.equal((await ask(open(fake, change), body).then(textOf)).includes("[DONE]"), true);
  assert.equal(fake.grammars.length, 1);
  const [state] = fake.grammars;
  return state === undefined ? undefined : (state as { grammar: string }).grammar;
}

test("a call that is demanded is held to the offered tools, and to the named one", async () => {
  for (const tool_choice of [undefined, "auto", "none"]) {
    assert.equal(await grammarOf({ tools, tool_choice }), undefined);
  }
  const both = (await grammarOf({ tools, tool_choice: "required" })) ?? "";
  assert.match(both, /^root ::= .*<tool_call>/);
  assert.match(both, /\\"Look\\".* \| .*\\"Rest\\"/);
  const named = { type: "function", function: { name: "Rest" } };
  assert.doesNotMatch((await grammarOf({ tools, tool_choice: named })) ?? "", /Look/);
});

test("a thought that the template has opened is closed before the call", async () => {
  const renderTemplate = (): string => "hello<end>assistant:<think>\n";
  const grammar = (await grammarOf({ tools, tool_choice: "required" }, { renderTemplate })) ?? "";
  assert.match(grammar, /^root ::= "<\/think>\\n\\n" "<tool_call>/);
});

test("a format is kept by grammar too, unless a call is demanded", async () => {
  const schema = { type: "object", properties: { size: { type: "integer" } }, required: ["size"] };
  const format = { type: "json_schema", json_schema: { name: "size", schema } };
  assert.match((await grammarOf({ response_format: format })) ?? "", /\\"size\\": " integer/);
  assert.match((await grammarOf({ response_format: { type: "json_object" } })) ?? "", /^root ::= object\n/);
  assert.equal(await grammarOf({ response_format: { type: "text" } }), undefined);
  const call = await grammarOf({ tools, tool_choice: "required", response_format: format });
  assert.match(call ?? "", /<tool_call>/);
});

test("a call that is demanded of no tool, and a format without its schema, are refused", async () => {
  const named = { type: "function", function: { name: "Absent" } };
  for (const body of [
    { tool_choice: "required" },
    { tools, tool_choice: named },
    { response_format: { type: "json_schema" } },
  ]) {
    assert.equal((await ask(open(createFake()), body)).status, 400);
  }
});

test("an engine that fails in the middle is a broken answer, and the next one is served", async () => {
  const fake = createFake({ failsAfter: 3 });
  const backend = open(fake);
  await assert.rejects(ask(backend).then(textOf), { code: "upstream-broken" });
  assert.match(await textOf(await ask(backend, { max_tokens: 2 })), /\[DONE\]/);
});

test("a bad request and another path are answers, not errors", async () => {
  const backend = open(createFake());
  const { signal } = new AbortController();
  const send = async (path: string, body: string): Promise<number> =>
    (await backend.send(path, [Buffer.from(body)], { signal })).status;
  assert.equal(await send("/chat/completions", "{"), 400);
  assert.equal(await send("/chat/completions", '{"messages":["hi"]}'), 400);
  assert.equal(await send("/embeddings", "{}"), 404);
});

test("closing ends the running answer, then the engine, and nothing is loaded afterwards", async () => {
  const fake = createFake({ says: words("x") });
  const backend = open(fake);
  const text = textOf(await ask(backend));
  const outcome = assert.rejects(text, { code: "cancelled" });
  await backend.close();
  assert.deepEqual([fake.disposed, fake.running], [1, 0]);
  await outcome;
  await assert.rejects(ask(backend), { code: "cancelled" });
  const never = open(createFake(), { load: () => assert.fail("loaded") });
  await never.close();
  await assert.rejects(never.describe(), { code: "cancelled" });
});

test("asked to, it tells how far it is with the prompt, as llama.cpp's server does; what is cached counts as read", async () => {
  let now = 0;
  const backend = open(createFake(), { clock: { now: () => (now += 10) }, contextTokens: 1000 });
  const long = { messages: [{ role: "user", content: "x".repeat(300) }] };
  type Told = { prompt_progress?: { total: number; cache: number; processed: number; time_ms: number } };
  const told = async (body: object): Promise<(readonly number[])[]> => {
    const frames = framesOf(await textOf(await ask(backend, { ...long, ...body }))) as Told[];
    return frames.flatMap(({ prompt_progress: of }) =>
      of === undefined ? [] : [[of.processed, of.total, of.cache, of.time_ms]],
    );
  };
  const total = "user:".length + 300 + 1 + "assistant:".length;
  assert.deepEqual(await told({ return_progress: true }), [
    [0, total, 0, 10],
    [128, total, 0, 20],
    [256, total, 0, 30],
  ]);
  assert.deepEqual(await told({ return_progress: true }), [], "all of it is in the cache");
  assert.deepEqual(await told({}), []);
  const other = { messages: [{ role: "user", content: `${"x".repeat(200)}${"y".repeat(100)}` }] };
  assert.deepEqual(
    (await told({ ...other, return_progress: true })).map(([read, , cached]) => [read, cached]),
    [[205, 205]],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { systemClock } from "@cloister/base";
import { createOllamaBackend } from "../src/index.ts";
import type { Answer, Backend } from "../src/index.ts";
import { listenOllama } from "./fake-ollama.ts";
import type { FakeOllama, OllamaScript } from "./fake-ollama.ts";

const end = {
  done: true,
  done_reason: "stop",
  prompt_eval_count: 40,
  eval_count: 2,
  message: { role: "assistant", content: "" },
};
const say = (message: object): Record<string, unknown> => ({
  message: { role: "assistant", content: "", ...message },
  done: false,
});
const question = { role: "user", content: "hi" };

async function start(
  t: TestContext,
  script: OllamaScript,
  contextTokens?: number,
): Promise<{ server: FakeOllama; backend: Backend }> {
  const server = await listenOllama(script);
  const limit = contextTokens === undefined ? {} : { contextTokens };
  const backend = createOllamaBackend({ baseUrl: server.url, clock: systemClock, ...limit });
  t.after(async () => {
    await backend.close();
    await server.close();
  });
  return { server, backend };
}

function ask(backend: Backend, body: object = {}, signal = new AbortController().signal): Promise<Answer> {
  const request = { model: "qwen3:8b", messages: [question], stream: true, ...body };
  return backend.send("/chat/completions", [Buffer.from(JSON.stringify(request))], { signal });
}

async function textOf(answer: Answer): Promise<string> {
  return Buffer.concat(await Array.fromAsync(answer.body)).toString();
}

async function jsonOf(answer: Answer): Promise<Record<string, unknown>> {
  return JSON.parse(await textOf(answer)) as Record<string, unknown>;
}

async function framesOf(answer: Answer): Promise<string[]> {
  const frames = (await textOf(answer)).split("\n\n");
  assert.equal(frames.pop(), "");
  return frames.map((frame) => frame.replace(/^data: /, ""));
}

interface Chunk {
  readonly choices: readonly { readonly delta: Delta; readonly finish_reason: string | null }[];
  readonly usage?: unknown;
  readonly error?: unknown;
}

interface Delta {
  readonly content?: string | null;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly { readonly id: string }[];
}

function parseChunk(frame: string): Chunk {
  return JSON.parse(frame) as Chunk;
}

function finishOf({ choices }: Chunk): string | null | undefined {
  return choices[0]?.finish_reason;
}

async function sentFor(t: TestContext, body: object): Promise<Record<string, unknown>> {
  const { server, backend } = await start(t, { lines: [end] }, 8192);
  const answer = await ask(backend, body);
  assert.equal(answer.status, 200, await textOf(answer));
  return JSON.parse(server.chats[0] ?? "") as Record<string, unknown>;
}

test("a turn comes as a Chat stream: reasoning, text, whole calls, finish reason, usage, the end", async (t) => {
  const lines = [
    say({ thinking: "hm 文" }),
    say({ content: "Let " }),
    say({ content: "me." }),
    say({
      tool_calls: [
        { function: { name: "Read", arguments: { path: "ü" } } },
        { id: "c9", function: { name: "Ls", arguments: {} } },
      ],
    }),
    end,
  ];
  const { backend } = await start(t, { lines });
  const answer = await ask(backend, { stream_options: { include_usage: true } });
  assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "text/event-stream"]);
  const frames = await framesOf(answer);
  assert.equal(frames.pop(), "[DONE]");
  const chunks = frames.map(parseChunk);
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  assert.deepEqual(deltas.shift(), { role: "assistant", content: null });
  assert.equal(deltas.map(({ reasoning_content }) => reasoning_content ?? "").join(""), "hm 文");
  assert.equal(deltas.map(({ content }) => content ?? "").join(""), "Let me.");
  const [first, second, ...others] = deltas.flatMap(({ tool_calls }) => tool_calls ?? []);
  const read = { name: "Read", arguments: '{"path":"ü"}' };
  assert.deepEqual({ ...first, id: "" }, { index: 0, id: "", type: "function", function: read });
  assert.match(first?.id ?? "", /^call_/);
  assert.deepEqual(second, {
    index: 1,
    id: "c9",
    type: "function",
    function: { name: "Ls", arguments: "{}" },
  });
  assert.deepEqual(others, []);
  assert.deepEqual(chunks.map(finishOf).filter(Boolean), ["tool_calls"]);
  assert.deepEqual(chunks.at(-1)?.usage, { prompt_tokens: 40, completion_tokens: 2, total_tokens: 42 });
});

test("without stream the turn comes in one piece", async (t) => {
  const lines = [
    say({ thinking: "hm" }),
    say({ content: "a" }),
    say({ content: "b" }),
    { ...end, done_reason: "length" },
  ];
  const { backend } = await start(t, { lines });
  const { choices, usage } = await jsonOf(await ask(backend, { stream: false }));
  const message = { role: "assistant", content: "ab", reasoning_content: "hm" };
  assert.deepEqual(choices, [{ index: 0, message, finish_reason: "length" }]);
  assert.deepEqual(usage, { prompt_tokens: 40, completion_tokens: 2, total_tokens: 42 });
});

test("the window is really asked for, and nothing is cut in silence", async (t) => {
  for (const [trained, told, window] of [
    [131_072, undefined, 32_768],
    [8192, undefined, 8192],
    [undefined, undefined, 8192],
    [131_072, 65_536, 65_536],
    // It would serve less than it is asked for, and not say so.
    [8192, 65_536, 8192],
    [undefined, 65_536, 65_536],
  ]) {
    const { server, backend } = await start(
      t,
      { lines: [end], ...(trained !== undefined && { trained }) },
      told,
    );
    const { models } = await backend.describe();
    assert.deepEqual(models, [
      { id: "qwen3:8b", contextTokens: window, vision: false },
      { id: "big:cloud", remoteHost: "https://c.example", vision: false },
    ]);
    server.shows.length = 0;
    for (let round = 0; round < 2; round += 1) await textOf(await ask(backend));
    const { options, truncate, shift } = JSON.parse(server.chats[1] ?? "") as Record<string, unknown>;
    assert.deepEqual([options, truncate, shift], [{ num_ctx: window }, false, false]);
    // What was learnt by then is not asked again.
    assert.deepEqual(server.shows, []);
  }
});

test("a request is translated field by field", async (t) => {
  const tools = [
    { type: "function", function: { name: "Read", description: "", parameters: { type: "object" } } },
  ];
  const sent = await sentFor(t, {
    tools,
    tool_choice: "auto",
    stream_options: { include_usage: true },
    max_tokens: 5,
    temperature: 0,
    top_p: 0.9,
    stop: "end",
    messages: [
      { role: "developer", content: "rules" },
      {
        role: "user",
        content: [
          { type: "text", text: "see" },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        reasoning_content: "hm",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "Read", arguments: '{"a": [1, "x"]}' } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: "text" },
    ],
  });
  assert.deepEqual(sent, {
    model: "qwen3:8b",
    messages: [
      { role: "system", content: "rules" },
      { role: "user", content: "see", images: ["aGk="] },
      {
        role: "assistant",
        content: "",
        thinking: "hm",
        tool_calls: [{ id: "c1", function: { name: "Read", arguments: { a: [1, "x"] } } }],
      },
      { role: "tool", content: "text", tool_name: "Read", tool_call_id: "c1" },
    ],
    tools,
    stream: true,
    truncate: false,
    shift: false,
    options: { num_ctx: 8192, num_predict: 5, temperature: 0, top_p: 0.9, stop: ["end"] },
  });
});

test("thinking is switched as the client asks, and left to the model otherwise", async (t) => {
  for (const [asked, think] of [
    [{}, undefined],
    [{ reasoning_effort: "none" }, false],
    [{ reasoning_effort: "high" }, "high"],
    [{ reasoning_effort: "minimal" }, "low"],
    [{ reasoning_effort: "something" }, true],
    [{ chat_template_kwargs: { enable_thinking: false } }, false],
    [{ chat_template_kwargs: { enable_thinking: true } }, true],
  ] as const) {
    assert.equal((await sentFor(t, asked))["think"], think);
  }
});

test("a schema for the answer is passed on", async (t) => {
  assert.equal((await sentFor(t, { response_format: { type: "json_object" } }))["format"], "json");
  const schema = { type: "object" };
  const format = { type: "json_schema", json_schema: { name: "x", schema } };
  assert.deepEqual((await sentFor(t, { response_format: format }))["format"], schema);
});

test("the bytes sent for a longer history begin with those for the shorter one, up to its end", async (t) => {
  const { server, backend } = await start(t, { lines: [end] }, 8192);
  const history = [question, { role: "assistant", content: "yes" }, { role: "user", content: "and?" }];
  for (const messages of [[question], history]) await textOf(await ask(backend, { messages }));
  const [first = "", second = ""] = server.chats;
  const prefix = first.slice(0, first.indexOf("]"));
  assert.ok(prefix.includes('"hi"') && second.startsWith(prefix));
});

test("arguments that are not JSON become an empty object, and the session goes on", async (t) => {
  const call = { id: "1", function: { name: "Read", arguments: '{"a": ' } };
  const { messages } = await sentFor(t, {
    messages: [{ role: "assistant", content: "", tool_calls: [call] }],
  });
  assert.deepEqual((messages as { tool_calls: object[] }[])[0]?.tool_calls, [
    { id: "1", function: { name: "Read", arguments: {} } },
  ]);
});

test("a prompt that does not fit is refused in the form that every client knows", async (t) => {
  const refuses = { status: 400, error: "the input length exceeds the context length" };
  const { backend } = await start(t, { refuses }, 4096);
  const answer = await ask(backend);
  assert.equal(answer.status, 400);
  const message = "the input length exceeds the context length (4096 tokens)";
  assert.deepEqual(await jsonOf(answer), {
    error: { code: 400, message, type: "exceed_context_size_error", n_ctx: 4096 },
  });
});

test("other refusals keep their status and words", async (t) => {
  for (const [status, type] of [
    [404, "invalid_request_error"],
    [503, "server_error"],
  ] as const) {
    const { backend } = await start(t, { refuses: { status, error: "server busy, please try again" } });
    const answer = await ask(backend);
    assert.equal(answer.status, status);
    assert.deepEqual(await jsonOf(answer), {
      error: { code: status, message: "server busy, please try again", type },
    });
  }
});

test("an error in the stream is an error frame, without [DONE]", async (t) => {
  const { backend } = await start(t, { lines: [say({ content: "a" }), { error: "out of memory" }] });
  const frames = await framesOf(await ask(backend));
  assert.deepEqual(parseChunk(frames.at(-1) ?? "").error, { message: "out of memory", type: "server_error" });
  const whole = await ask(backend, { stream: false });
  assert.equal(whole.status, 500);
  assert.equal(((await jsonOf(whole))["error"] as Record<string, unknown>)["message"], "out of memory");
});

test("an answer that breaks off has no end, and one that is not JSON is broken", async (t) => {
  const { backend } = await start(t, { lines: [say({ content: "a" })] });
  const frames = await framesOf(await ask(backend));
  assert.ok(!frames.includes("[DONE]") && frames.map(parseChunk).every((chunk) => finishOf(chunk) === null));
  await assert.rejects(ask(backend, { stream: false }), { code: "upstream-broken" });
  const { backend: other } = await start(t, { lines: ["<html>"] });
  await assert.rejects(ask(other).then(textOf), { code: "upstream-broken" });
});

test("a cancelled answer closes the connection to Ollama, and so does one that is left", async (t) => {
  for (const how of ["abort", "leave"]) {
    const { server, backend } = await start(t, { lines: [say({ content: "a" }), "hang"] });
    const stop = new AbortController();
    const answer = await ask(backend, {}, stop.signal);
    const reading = async (): Promise<void> => {
      for await (const piece of answer.body) {
        if (!Buffer.from(piece).includes('"a"')) continue;
        if (how === "leave") break;
        stop.abort();
      }
    };
    if (how === "abort") await assert.rejects(reading(), { code: "cancelled" });
    else await reading();
    for (let tries = 0; !server.left; tries += 1) {
      assert.ok(tries < 12_000, "the connection stays open");
      await systemClock.sleep(5);
    }
  }
});

test("what cannot be translated is refused before it is sent", async (t) => {
  const { server, backend } = await start(t, { lines: [end] });
  const remote = { type: "image_url", image_url: { url: "https://images.example/a.png" } };
  for (const body of [{ messages: "hi" }, { messages: [{ role: "user", content: [remote] }] }]) {
    assert.equal((await ask(backend, body)).status, 400);
  }
  assert.deepEqual(server.chats, []);
});

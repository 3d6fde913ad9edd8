import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { isRecord, systemClock } from "@cloister/base";
import { createBackend } from "../src/index.ts";
import type { Answer, Backend } from "../src/index.ts";
import { startRehearsal } from "../src/rehearsal/index.ts";
import type { Rehearsal, RehearsalScript } from "../src/rehearsal/index.ts";

const user = { role: "user", content: "please" };
const assistant = { role: "assistant", content: "done" };

interface World {
  readonly rehearsal: Rehearsal;
  readonly backend: Backend;
  readonly ask: (body: unknown, signal?: AbortSignal) => Promise<Answer>;
}

async function open(t: TestContext, script: RehearsalScript): Promise<World> {
  const rehearsal = await startRehearsal(script);
  const backend = createBackend({ baseUrl: rehearsal.url, clock: systemClock });
  t.after(async () => {
    await backend.close();
    await rehearsal.close();
  });
  return {
    rehearsal,
    backend,
    ask: (body, signal = new AbortController().signal) =>
      backend.send("/chat/completions", [Buffer.from(JSON.stringify(body))], { signal }),
  };
}

async function textOf(answer: Answer): Promise<string> {
  return Buffer.concat(await Array.fromAsync(answer.body)).toString();
}

/** The payloads of a stream's events. */
async function eventsOf(answer: Answer): Promise<string[]> {
  const events = (await textOf(answer)).split("\n\n");
  assert.equal(events.pop(), "");
  return events.map((event) => event.replace(/^data: /, ""));
}

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let inner = value;
  for (const key of path) {
    if (Array.isArray(inner)) inner = inner[Number(key)];
    else inner = isRecord(inner) ? inner[key] : undefined;
  }
  return inner;
}

test("a turn is streamed as llama-server streams it", async (t) => {
  const args = { file_path: "src/a.ts", limit: 3 };
  const { ask, rehearsal } = await open(t, {
    model: "m",
    turns: [
      {
        reasoning: "let me look at it",
        text: "Reading now, one moment.",
        calls: [{ name: "Read", arguments: args }],
      },
    ],
  });
  const body = { messages: [user], stream: true, stream_options: { include_usage: true } };
  const answer = await ask(body);
  assert.equal(answer.headers["content-type"], "text/event-stream");
  const events = await eventsOf(answer);
  assert.equal(events.pop(), "[DONE]");
  const chunks = events.map((event): unknown => JSON.parse(event));
  const deltas = chunks.map((chunk) => at(chunk, "choices", 0, "delta"));
  assert.deepEqual(deltas[0], { role: "assistant", content: null });
  const join = (...path: (string | number)[]): string =>
    deltas
      .map((delta) => at(delta, ...path))
      .filter((piece) => typeof piece === "string")
      .join("");
  assert.equal(join("reasoning_content"), "let me look at it");
  assert.equal(join("content"), "Reading now, one moment.");
  assert.equal(join("tool_calls", 0, "function", "name"), "Read");
  assert.deepEqual(JSON.parse(join("tool_calls", 0, "function", "arguments")), args);
  assert.match(join("tool_calls", 0, "id"), /^[0-9a-f]{32}$/);
  assert.equal(at(chunks.at(-2), "choices", 0, "finish_reason"), "tool_calls");
  assert.deepEqual(at(chunks.at(-1), "choices"), []);
  assert.equal(at(chunks.at(-1), "usage", "prompt_tokens"), Math.ceil(JSON.stringify(body).length / 4));
  assert.equal(rehearsal.requests[0]?.body.toString(), JSON.stringify(body));
  assert.equal(await rehearsal.requests[0]?.closed, "answered");
  assert.deepEqual([rehearsal.turnsLeft, rehearsal.failures], [0, []]);
});

test("without stream the same turn comes in one piece", async (t) => {
  const { ask } = await open(t, {
    turns: [{ reasoning: "r", calls: [{ name: "Read", arguments: {} }], finish: "length" }],
  });
  const answer: unknown = JSON.parse(await textOf(await ask({ messages: [user] })));
  assert.equal(at(answer, "object"), "chat.completion");
  assert.equal(at(answer, "choices", 0, "finish_reason"), "length");
  assert.equal(at(answer, "choices", 0, "message", "reasoning_content"), "r");
  assert.equal(at(answer, "choices", 0, "message", "tool_calls", 0, "function", "arguments"), "{}");
});

test("the turn is chosen by what the request holds, so that a repeated request gets the same turn", async (t) => {
  const { ask, rehearsal } = await open(t, { turns: [{ text: "one" }, { text: "two" }] });
  const play = async (messages: unknown[]): Promise<unknown> =>
    at(JSON.parse(await textOf(await ask({ messages }))), "choices", 0, "message", "content");
  assert.equal(await play([user]), "one");
  assert.equal(await play([user]), "one");
  assert.equal(rehearsal.turnsLeft, 1);
  assert.equal(await play([user, assistant, user]), "two");
  assert.equal(rehearsal.turnsLeft, 0);
});

test("what the prompt shares with the one before it counts as cached", async (t) => {
  const { ask } = await open(t, { turns: [{ text: "one" }, { text: "two" }] });
  const cached = async (messages: unknown[]): Promise<unknown> =>
    at(JSON.parse(await textOf(await ask({ messages }))), "usage", "prompt_tokens_details", "cached_tokens");
  assert.equal(await cached([user]), 0);
  const shared = JSON.stringify({ messages: [user] }).length - "]}".length;
  assert.equal(await cached([user, assistant]), Math.floor(shared / 4));
});

test("a request that does not fit fails loudly, and is counted", async (t) => {
  const { ask, rehearsal } = await open(t, {
    turns: [{ expect: { bodyLacks: ["topsecret"] }, text: "never" }, { text: "{{match:absent-\\d}}" }],
  });
  const cases: [unknown, RegExp][] = [
    [{ messages: [{ role: "user", content: "topsecret" }] }, /turn 0 expects the body to lack "topsecret"/],
    [{ messages: [assistant] }, /turn 1 expects the body to match \/absent/],
    [{ messages: [assistant, assistant] }, /out of turns/],
    ["no chat request", /a chat request/],
  ];
  for (const [body, message] of cases) {
    const answer = await ask(body);
    assert.equal(answer.status, 422);
    assert.match(await textOf(answer), new RegExp(message.source.replaceAll('"', '\\\\"')));
  }
  assert.equal(rehearsal.failures.length, 4);
  assert.equal(rehearsal.turnsLeft, 2);
});

test("a turn can use a piece of the request that the script did not know", async (t) => {
  const { ask } = await open(t, {
    turns: [
      {
        text: "as {{match:seal-\\w+}}",
        calls: [{ name: "Edit", arguments: { to: "{{match:seal-\\w+}};" } }],
      },
    ],
  });
  const content = `the key is seal-${(7 ** 9).toString(36)} here`;
  const answer: unknown = JSON.parse(await textOf(await ask({ messages: [{ role: "user", content }] })));
  const seal = `seal-${(7 ** 9).toString(36)}`;
  assert.equal(at(answer, "choices", 0, "message", "content"), `as ${seal}`);
  const args = at(answer, "choices", 0, "message", "tool_calls", 0, "function", "arguments");
  assert.deepEqual(JSON.parse(String(args)), { to: `${seal};` });
});

test("every fault looks to the client as it would from a real server", async (t) => {
  const { ask, rehearsal } = await open(t, {
    turns: [
      { text: "a text that is cut in the middle", fault: "cut" },
      { text: "complete", fault: "no-done" },
      { text: "after loading", fault: "status-503-once" },
      { fault: "status-500" },
      { text: "never", fault: "stall" },
    ],
  });
  const request = (turn: number): unknown => ({
    messages: [user, ...Array.from({ length: turn }, () => assistant)],
    stream: true,
  });

  await assert.rejects(eventsOf(await ask(request(0))), { code: "upstream-broken" });
  await assert.rejects(textOf(await ask({ messages: [user] })), { code: "upstream-broken" });

  const events = await eventsOf(await ask(request(1)));
  assert.ok(!events.includes("[DONE]"));
  assert.equal(at(JSON.parse(events.at(-1) ?? ""), "choices", 0, "finish_reason"), "stop");

  const before = rehearsal.requests.length;
  assert.equal((await eventsOf(await ask(request(2)))).at(-1), "[DONE]");
  assert.equal(rehearsal.requests.length, before + 2);

  const failed = await ask(request(3));
  assert.equal(failed.status, 500);
  assert.match(await textOf(failed), /server_error/);

  const stop = new AbortController();
  const stalled = await ask(request(4), stop.signal);
  assert.equal(stalled.status, 200);
  const read = assert.rejects(textOf(stalled), { code: "cancelled" });
  stop.abort();
  await read;
  assert.equal(await rehearsal.requests.at(-1)?.closed, "early");
  assert.deepEqual([rehearsal.failures, rehearsal.turnsLeft], [[], 0]);
});

test("a paced stream stops when its client leaves", async (t) => {
  const { ask, rehearsal } = await open(t, { paceMs: 5, turns: [{ text: "word ".repeat(1000) }] });
  const stop = new AbortController();
  const answer = await ask({ messages: [user], stream: true }, stop.signal);
  let pieces = 0;
  await assert.rejects(
    async () => {
      for await (const piece of answer.body) {
        pieces += Math.min(piece.length, 1);
        if (pieces === 3) stop.abort();
      }
    },
    { code: "cancelled" },
  );
  assert.equal(await rehearsal.requests[0]?.closed, "early");
});

test("the rehearsal says what it is", async (t) => {
  const { backend, rehearsal } = await open(t, {
    model: "tour",
    contextTokens: 16_384,
    turns: [{ text: "x" }],
  });
  assert.deepEqual(await backend.describe(), {
    server: "rehearsal",
    models: [{ id: "tour", contextTokens: 16_384 }],
  });
  assert.deepEqual(
    rehearsal.probes.map((probe) => probe.path),
    ["/v1/models"],
  );
  assert.deepEqual(rehearsal.requests, []);
});

test("a port that is taken is an error that says so", async (t) => {
  const { rehearsal } = await open(t, { turns: [{}] });
  const port = Number(new URL(rehearsal.url).port);
  await assert.rejects(startRehearsal({ turns: [{}] }, { port }), { code: "rehearsal-port-unusable" });
});

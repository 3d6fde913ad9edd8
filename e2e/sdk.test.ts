/**
 * The official SDKs, unmodified, through every door to every kind of upstream. One airlock stands between them and
 * three scripted servers, each of which refuses what its protocol does not allow.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import Anthropic, { APIError as AnthropicError } from "@anthropic-ai/sdk";
import { readLines } from "@cloister/base";
import OpenAI, { APIError as OpenAIError } from "openai";
import {
  callId,
  firstText,
  lastText,
  model,
  path,
  printedCalls,
  thought,
  usage,
  type Shape,
} from "./clients/answers.ts";
import { chatDoor, description, doors, schema, system, type Clients } from "./clients/sdks.ts";
import { createPlace, mainFile, type Place } from "./harness.ts";
import { openUpstream, type SeenItem, type Upstream } from "./sdk-upstreams.ts";

const shapes = ["chat", "messages", "responses"] as const;
const fileText = "你好\n";
const cuts = ["cut text reset", "cut text", "cut arguments reset", "cut arguments"];

describe("the official SDKs through the airlock", () => {
  let place: Place;
  let airlock: ChildProcess;
  let upstreams: Readonly<Record<Shape, Upstream>>;
  let clients: Clients;

  before(async () => {
    place = createPlace();
    const [chat, messages, responses] = await Promise.all(shapes.map(openUpstream));
    assert.ok(chat && messages && responses);
    upstreams = { chat, messages, responses };
    const endpoints = shapes.flatMap((shape) => ["--endpoint", `${shape}=${shape}+${upstreams[shape].url}`]);
    airlock = spawn(
      process.execPath,
      [mainFile, "airlock", "--listen", "127.0.0.1:0", "--model", model, ...endpoints],
      {
        cwd: place.project,
        env: { PATH: process.env["PATH"], HOME: place.home },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const address = await firstLine(airlock);
    const options = { apiKey: "local", maxRetries: 0, timeout: 20_000 };
    clients = {
      openai: new OpenAI({ ...options, baseURL: `${address}/v1` }),
      anthropic: new Anthropic({ ...options, baseURL: address }),
    };
  });

  after(async () => {
    if (airlock.exitCode === null) {
      const isOver = new Promise((resolve) => airlock.on("exit", resolve));
      airlock.kill("SIGTERM");
      await isOver;
    }
    await Promise.all(shapes.map((shape) => upstreams[shape].close()));
    place[Symbol.dispose]();
  });

  function lastSeen(upstream: Shape): Upstream["requests"][number]["seen"] {
    const last = upstreams[upstream].requests.at(-1);
    assert.ok(last);
    return last.seen;
  }

  for (const door of doors) {
    for (const upstream of shapes) {
      for (const stream of [false, true]) {
        const way = `${door.name} → ${upstream}, ${stream ? "streamed" : "whole"}`;

        test(`${way}: a conversation with a tool call arrives as it was held`, async () => {
          const talk = door.open(clients, upstream, stream);
          talk.user("work: what do the notes say?");
          const first = await talk.ask();
          const id = callId(upstream);
          const call = { id, name: "read_file", args: { path } };
          const reasoning = door.shape === "chat" ? undefined : "";
          assert.deepEqual(first, {
            reasoning,
            text: firstText,
            calls: [call],
            finish: door.finishes[0],
            usage,
          });

          talk.result(id, fileText);
          const last = await talk.ask();
          assert.deepEqual(last, { reasoning, text: lastText, calls: [], finish: door.finishes[1], usage });

          const { maxTokens, ...seen } = lastSeen(upstream);
          assert.deepEqual(seen, {
            system,
            items: [
              { kind: "user", text: "work: what do the notes say?" },
              { kind: "assistant", text: firstText },
              { kind: "call", ...call },
              { kind: "result", id, text: fileText },
            ],
            tools: [{ name: "read_file", description, schema }],
            stream,
          });
          if (door.shape === "messages") assert.equal(maxTokens, 2000);
        });

        for (const [dialect, printed] of Object.entries(printedCalls)) {
          test(`${way}: a call printed as ${dialect} text arrives as a call`, async () => {
            const talk = door.open(clients, upstream, stream);
            talk.user(`${dialect}: what do the notes say?`);
            const { text, calls, finish } = await talk.ask();
            assert.deepEqual(
              calls.map(({ name, args }) => ({ name, args })),
              [{ name: "read_file", args: { path } }],
            );
            assert.equal(finish, door.finishes[0]);
            assert.equal(text.trim(), "I read it.");
            assert.ok(!text.includes(printed));

            talk.result(calls[0]?.id ?? "", fileText);
            assert.equal((await talk.ask()).text, lastText);
          });
        }

        test(`${way}: two calls at once are answered, in whatever order the results come`, async () => {
          const talk = door.open(clients, upstream, stream);
          talk.user("two: what do the notes say?");
          const { calls } = await talk.ask();
          const ids = [callId(upstream, 0), callId(upstream, 1)];
          const called = calls.map(({ id }) => id);
          assert.deepEqual(called, ids);
          for (const id of ids.toReversed()) talk.result(id, `${fileText}${id}`);
          assert.equal((await talk.ask()).text, lastText);
          const results = lastSeen(upstream).items.slice(-2);
          // Templates of open models count on the order of the calls. What is not translated goes as the client said it.
          const isOrdered = upstream === "chat" && door.shape !== "chat";
          assert.deepEqual(
            isOrdered ? results : results.toSorted(byId),
            ids.map((id) => ({ kind: "result", id, text: `${fileText}${id}` })),
          );
        });

        test(`${way}: thoughts arrive as such, and go back to none but who thought them`, async () => {
          const talk = door.open(clients, upstream, stream);
          talk.user("thinks: what do the notes say?");
          const { reasoning, text, calls } = await talk.ask();
          assert.equal(reasoning, door.shape === "chat" ? undefined : thought);
          assert.equal(text, firstText);
          assert.equal(calls.length, 1);
          talk.result(callId(upstream), fileText);
          assert.equal((await talk.ask()).text, lastText);
        });

        test(`${way}: an answer that breaks off is an error, never a clean end`, async () => {
          for (const scene of cuts) {
            const talk = door.open(clients, upstream, stream);
            talk.user(`${scene}: what do the notes say?`);
            assertBroken(await rejection(talk.ask()), scene);
          }
        });

        test(`${way}: a busy upstream is the SDK's own rate limit error`, async () => {
          const talk = door.open(clients, upstream, stream);
          talk.user("busy: what do the notes say?");
          const error = await rejection(talk.ask());
          assert.ok(
            error instanceof (door.shape === "messages" ? Anthropic : OpenAI).RateLimitError,
            String(error),
          );
          assert.equal(error.headers.get("retry-after"), "7");
          assert.equal(error.type, door.shape === "messages" ? "rate_limit_error" : error.type);
          if (error instanceof OpenAIError) assert.equal(error.code, "rate_limit_exceeded");
        });

        test(`${way}: a prompt that does not fit is said in the words that clients know`, async () => {
          const talk = door.open(clients, upstream, stream);
          talk.user("overflow: what do the notes say?");
          const error = await rejection(talk.ask());
          assert.ok(
            error instanceof (door.shape === "messages" ? Anthropic : OpenAI).BadRequestError,
            String(error),
          );
          if (error instanceof OpenAIError) assert.equal(error.code, "context_length_exceeded");
          else assert.match(errorMessage(error.error), /^prompt is too long/);
        });
      }
    }
  }

  for (const upstream of shapes) {
    // The SDKs' helpers notice a missing end by themselves. Whoever reads the events alone is told, or never learns.
    test(`read event by event, a stream that ${upstream} broke off says so`, async () => {
      for (const scene of cuts) {
        const asked = { model: `${upstream}/${model}`, stream: true as const };
        const messages = [{ role: "user" as const, content: `${scene}: what do the notes say?` }];
        const tools = [{ name: "read_file", input_schema: schema }];
        const functions = [
          { type: "function" as const, function: { name: "read_file", parameters: { ...schema } } },
        ];
        const { openai, anthropic } = clients;
        const chat = await openai.chat.completions.create({
          ...asked,
          messages,
          tools: functions,
          stream_options: { include_usage: true },
        });
        assertBroken(await rejection(Array.fromAsync(chat)), `Chat Completions, ${scene}`);
        const anthropics = await anthropic.messages.create({ ...asked, messages, tools, max_tokens: 2000 });
        assertBroken(await rejection(Array.fromAsync(anthropics)), `Messages, ${scene}`);
        const responses = await openai.responses.create({ ...asked, input: messages, store: false });
        const types = (await Array.fromAsync(responses)).map(({ type }) => type);
        assert.equal(types.at(-1), "response.failed", scene);
        assert.ok(!types.includes("response.completed"));
      }
    });

    test(`what ${upstream} did wrong is told without naming its address`, async () => {
      for (const door of doors) {
        for (const stream of [false, true]) {
          const talk = door.open(clients, upstream, stream);
          talk.user("cut text reset: what do the notes say?");
          const error = await rejection(talk.ask());
          const { port } = new URL(upstreams[upstream].url);
          const told = inspect(error, { depth: 10 });
          assert.ok(!told.includes(`:${port}`), `${door.name}, stream ${stream}: ${told}`);
        }
      }
    });
  }

  test("both SDKs list the models of all upstreams", async () => {
    const names = shapes.map((shape) => `${shape}/${model}`);
    const listed = await Array.fromAsync(clients.openai.models.list());
    assert.deepEqual(
      listed.map(({ id }) => id),
      names,
    );
    const anthropics = await Array.fromAsync(clients.anthropic.models.list());
    assert.deepEqual(
      anthropics.map(({ id, type }) => ({ id, type })),
      names.map((id) => ({ id, type: "model" })),
    );
  });

  test("tokens are counted for a Messages client without showing anything to a model", async () => {
    const shown = shapes.map((shape) => upstreams[shape].requests.length);
    const count = (content: string): Promise<number> =>
      clients.anthropic.messages
        .countTokens({
          model: `chat/${model}`,
          system,
          messages: [{ role: "user", content }],
          tools: [{ name: "read_file", description, input_schema: schema }],
        })
        .then(({ input_tokens: tokens }) => tokens);
    const few = await count("one line");
    assert.ok(few > 10 && few < 500, String(few));
    assert.ok((await count("one line ".repeat(1000))) > few + 1000);
    assert.deepEqual(
      shapes.map((shape) => upstreams[shape].requests.length),
      shown,
    );
  });

  test("a vendor's name for a model means the model that the airlock was started with", async () => {
    const shown = upstreams.chat.requests.length;
    const messages = [{ role: "user" as const, content: "work: hello" }];
    await clients.openai.chat.completions.create({ model: "gpt-unheard-of", messages });
    await clients.anthropic.messages.create({ model: "claude-unheard-of", max_tokens: 2000, messages });
    assert.equal(upstreams.chat.requests.length, shown + 2);
  });

  test("a Messages upstream is told the version of its API, and nothing of the client's key", async () => {
    const talk = chatDoor.open(clients, "messages", false);
    talk.user("work: what do the notes say?");
    await talk.ask();
    const headers = upstreams.messages.requests.at(-1)?.headers ?? {};
    assert.equal(headers["anthropic-version"], "2023-06-01");
    assert.ok(!JSON.stringify(headers).includes("local"), JSON.stringify(headers));
  });
});

function byId(one: SeenItem, other: SeenItem): number {
  return one.kind === "result" && other.kind === "result" ? one.id.localeCompare(other.id) : 0;
}

/** The SDK's own error for a server that failed: with the status of a whole answer, without one inside a stream. */
function assertBroken(error: unknown, scene: string): void {
  if (error instanceof assert.AssertionError) {
    assert.equal(error.actual, "failed", scene);
  } else {
    assert.ok(error instanceof OpenAIError || error instanceof AnthropicError, `${scene}: ${String(error)}`);
    assert.ok(error.status === undefined || error.status === 502, `${scene}: ${error.status}`);
  }
}

function errorMessage(body: unknown): string {
  return (body as { error?: { message?: string } } | undefined)?.error?.message ?? "";
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  assert.ok(stdout);
  const lines = readLines(stdout as AsyncIterable<Uint8Array>, { lineCharsMax: 1000 });
  for await (const line of lines) return line;
  throw new Error("the airlock ended without a word");
}

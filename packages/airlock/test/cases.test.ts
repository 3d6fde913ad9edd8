/** Real malformed answers, over HTTP: a model server that sends them, a client that must get what was meant. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { createBackend } from "@cloister/backend";
import { isRecord, systemClock, type JsonObject } from "@cloister/base";
import { openLedger, type Ledger } from "@cloister/ledger";
import { chatProtocol, messagesProtocol } from "@cloister/wire";
import { createRouter, openAirlockServer, type AirlockServer } from "../src/index.ts";

interface Case {
  readonly id: string;
  readonly channel: string;
  readonly raw_text?: string;
  readonly raw_stream_chunks?: readonly unknown[];
  readonly finish_reason: string;
  readonly expected: unknown;
  readonly also_accept?: readonly unknown[];
  readonly cause?: string;
  readonly must_not_show?: readonly string[];
  readonly expected_text?: string;
}

const folder = join(import.meta.dirname, "../../wire/test/cases");
const cases = readFileSync(join(folder, "toolcalls.jsonl"), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Case);
const toolset = JSON.parse(readFileSync(join(folder, "toolset.json"), "utf8")) as { tools: JsonObject[] };
const tools = toolset.tools.map(({ name, description = "", parameters = {} }) => {
  return { type: "function", function: { name: name ?? "", description, parameters } };
});

/** What the model server says next, and what it was asked. */
let script: string[] = [];
let asked: string[] = [];
let upstream: Server;
let airlock: AirlockServer;
let ledger: Ledger;
let base: string;

before(async () => {
  base = mkdtempSync(join(tmpdir(), "cases-"));
  upstream = createServer((request, response) => {
    void (async () => {
      asked.push(Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString("utf8"));
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(script.shift() ?? "");
    })();
  });
  await new Promise<void>((resolve) => void upstream.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
  ledger = await openLedger({ directory: join(base, "ledger"), clock: systemClock });
  const endpoints = [chatProtocol, messagesProtocol].map((protocol) => {
    const backend = createBackend({ baseUrl: url, clock: systemClock });
    const endpoint = {
      id: protocol.name,
      url,
      protocol,
      clearance: "core" as const,
      operator: "test",
      backend,
    };
    return { name: protocol.name, endpoint, models: ["m"] };
  });
  airlock = await openAirlockServer({
    router: createRouter(endpoints),
    listen: { port: 0 },
    session: {
      workspaceLabel: "internal",
      workspace: undefined,
      ledger,
      clock: systemClock,
      onTrouble: (trouble) => assert.fail(String(trouble)),
    },
  });
});

after(async () => {
  await airlock.close();
  await ledger.close();
  upstream.close();
  upstream.closeAllConnections();
  rmSync(base, { recursive: true, force: true });
});

test(`all ${cases.length} cases come to their preferred outcome over HTTP, whole and in pieces of 1, 2, 3, 5 and 7 characters`, async (t) => {
  const failures: string[] = [];
  for (const item of cases) {
    const cuts = item.channel.startsWith("content") ? [Number.MAX_SAFE_INTEGER, 1, 2, 3, 5, 7] : [0];
    for (const cut of cuts) {
      const why = await faultOf(item, cut);
      if (why !== undefined) failures.push(`${item.id} in pieces of ${cut}: ${why}`);
    }
  }
  t.diagnostic(`${cases.length} cases, ${failures.length} failures`);
  assert.deepEqual(failures, []);
});

async function faultOf(item: Case, cut: number): Promise<string | undefined> {
  asked = [];
  script = [streamOf(item, cut), chatStream([{ content: "Understood." }], "stop", item)];
  const endpoint = item.channel === "anthropic-sse" ? "messages" : "chat";
  const response = await post({
    model: `${endpoint}/m`,
    stream: false,
    tools,
    messages: [{ role: "user", content: item.id }],
  });
  // The door is asked for an answer in one piece; the server streams all the same, as some do.
  const { body } = response;
  const choice =
    isRecord(body) && Array.isArray(body["choices"]) ? (body["choices"] as JsonObject[])[0] : undefined;
  const message = isRecord(choice?.["message"]) ? choice["message"] : {};
  const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(isRecord) : [];
  const made = calls.map(({ function: call }) => {
    const { name, arguments: text } = call as { name: string; arguments: string };
    return { name, arguments: JSON.parse(text) as unknown };
  });
  const text = typeof message["content"] === "string" ? message["content"] : "";
  const retold = asked[1] ?? "";
  const summary = JSON.stringify({ status: response.status, made, text, retold: retold.slice(-300) });

  for (const part of item.must_not_show ?? []) if (text.includes(part)) return `shows ${part}: ${summary}`;
  switch (item.expected) {
    case "no-call":
      return made.length === 0 && asked.length === 1 ? textFault(item, text) : summary;
    case "error-to-model": {
      const isTold = retold.includes(`Error (${item.cause ?? ""}`);
      return made.length === 0 && asked.length === 2 && isTold ? undefined : summary;
    }
    default: {
      const expected = (Array.isArray(item.expected) ? item.expected : [item.expected]).filter(isRecord);
      const wanted = expected.map(({ name, arguments: args }) => ({ name, arguments: args }));
      return isSame(made, wanted) ? textFault(item, text) : summary;
    }
  }
}

function post(body: object): Promise<{ status: number | undefined; body: unknown }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${airlock.address}/v1/chat/completions`, { method: "POST" }, (response) => {
      Array.fromAsync(response as AsyncIterable<Buffer>).then(
        (chunks) =>
          resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) }),
        reject,
      );
    });
    request.on("error", reject);
    request.end(JSON.stringify(body));
  });
}

function textFault({ expected_text: expected }: Case, text: string): string | undefined {
  return expected === undefined || text.trim() === expected ? undefined : `text ${JSON.stringify(text)}`;
}

/** A null for an optional key equals absence, and a leading "./" of a path is ignored. */
function isSame(made: unknown, wanted: unknown): boolean {
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value), (key, item: unknown) =>
      item === null
        ? undefined
        : key === "path" && typeof item === "string"
          ? item.replace(/^\.\//, "")
          : item,
    );
  return isDeepStrictEqual(plain(made), plain(wanted));
}

function streamOf(item: Case, cut: number): string {
  const chunks = item.raw_stream_chunks ?? [];
  if (item.channel === "openai-chat") return chatStream(chunks as JsonObject[], item.finish_reason, item);
  if (item.channel === "anthropic-sse") {
    return (chunks as { event: string; data: JsonObject }[])
      .map(({ event, data }) => `event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`)
      .join("");
  }
  const text = item.raw_text ?? chunks.map(String).join("");
  const pieces = text.match(new RegExp(`[^]{1,${Math.min(cut, 65_000)}}`, "gu")) ?? [];
  return chatStream(
    pieces.map((content) => ({ content })),
    item.finish_reason,
    item,
  );
}

function chatStream(deltas: readonly JsonObject[], finish: string, { channel }: Case): string {
  if (channel === "anthropic-sse" && finish === "stop") return messagesText();
  const chunks = deltas.map((delta, index) => {
    // A case's own chunk may be a whole choice.
    const choice = isRecord(delta["delta"]) ? delta : { delta };
    const reason = index === deltas.length - 1 ? finish : null;
    return {
      id: "a",
      object: "chat.completion.chunk",
      choices: [{ index: 0, ...choice, finish_reason: reason }],
    };
  });
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), "data: [DONE]\n\n"].join("");
}

function messagesText(): string {
  const events: { readonly type: string; readonly [field: string]: unknown }[] = [
    {
      type: "message_start",
      message: { id: "m2", role: "assistant", content: [], usage: { input_tokens: 1, output_tokens: 0 } },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Understood." } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  ];
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

/**
 * Real malformed answers, over HTTP. What must come of each is judged in `wire/test/cases.test.ts`; here, that a client at the door
 * gets exactly what the recovery made of it, and the model is told exactly what it refused.
 */
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
import { builtInPolicy } from "@cloister/policy";
import {
  chatProtocol,
  createRecovery,
  messagesProtocol,
  responsesProtocol,
  type Protocol,
  type RefusalCause,
  type TurnEvent,
  type TurnTool,
} from "@cloister/wire";
import { createRouter, openAirlockServer, type AirlockServer } from "../src/index.ts";

interface Case {
  readonly id: string;
  readonly channel: string;
  readonly raw_text?: string;
  readonly raw_stream_chunks?: readonly unknown[];
  readonly finish_reason: string;
}

const folder = join(import.meta.dirname, "../../wire/test/cases");
const reported = readCases("toolcalls.jsonl");
const further = ["more.jsonl", "arguments.jsonl", "streams.jsonl"].flatMap(readCases);
const offered = (JSON.parse(readFileSync(join(folder, "toolset.json"), "utf8")) as { tools: TurnTool[] })
  .tools;
const tools = offered.map(({ name, description = "", parameters }) => {
  return { type: "function", function: { name, description, parameters } };
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
  const endpoints = [chatProtocol, messagesProtocol, responsesProtocol].map((protocol) => {
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
      // These are about what a call is; some hold what no rule would let into a file.
      policy: { ...builtInPolicy, code: { ...builtInPolicy.code, "invisible-characters": allowed } },
      ledger,
      clock: systemClock,
      onTrouble: (trouble) => assert.fail(String(trouble)),
    },
  });
});

const allowed = { trusted: "allow", untrusted: "allow", source: { rule: "test", line: undefined } } as const;

after(async () => {
  await airlock.close();
  await ledger.close();
  upstream.close();
  upstream.closeAllConnections();
  rmSync(base, { recursive: true, force: true });
});

test(`all ${reported.length} reported cases come out of the door as the recovery read them, whole and in pieces of 1, 2, 3, 5 and 7 characters`, async () => {
  assert.deepEqual(await faultsOf(reported, [Number.MAX_SAFE_INTEGER, 1, 2, 3, 5, 7]), []);
});

test(`all ${further.length} further cases come out of the door as the recovery read them`, async () => {
  assert.deepEqual(await faultsOf(further, [Number.MAX_SAFE_INTEGER]), []);
});

async function faultsOf(cases: readonly Case[], cuts: readonly number[]): Promise<string[]> {
  const faults: string[] = [];
  for (const item of cases) {
    // Only text can be cut anywhere; what a server structured comes in the case's own pieces.
    for (const cut of item.channel.startsWith("content") ? cuts : cuts.slice(0, 1)) {
      const why = await faultOf(item, cut);
      if (why !== undefined) faults.push(`${item.id} in pieces of ${cut}: ${why}`);
    }
  }
  return faults;
}

async function faultOf(item: Case, cut: number): Promise<string | undefined> {
  const answer = streamOf(item, cut);
  const meant = await recovered(answer, protocolOf(item));
  asked = [];
  script = [answer, chatStream([{ content: "Understood." }], "stop", item)];
  const endpoint = protocolOf(item).name;
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
  const made = (Array.isArray(message["tool_calls"]) ? message["tool_calls"].filter(isRecord) : []).map(
    ({ function: call }) => {
      const { name, arguments: text } = call as { name: string; arguments: string };
      return `${name} ${text}`;
    },
  );
  const text = typeof message["content"] === "string" ? message["content"] : "";
  const summary = JSON.stringify({
    status: response.status,
    made,
    text,
    asked: asked[1]?.slice(-300),
    meant,
  });
  if (!isDeepStrictEqual(made, meant.calls)) return summary;

  const isAskedAgain = meant.refused.length > 0 && meant.calls.length === 0;
  if (asked.length !== (isAskedAgain ? 2 : 1)) return summary;
  const isTold = meant.refused.every((cause) =>
    isAskedAgain ? asked[1]?.includes(`Error (${cause})`) === true : text.includes(`[${cause}]`),
  );
  // Beside calls that are good, what could not be used is a note behind the text.
  const isShown = meant.refused.length > 0 ? text.startsWith(meant.text) : text === meant.text;
  return isTold && isShown ? undefined : summary;
}

interface Meant {
  readonly text: string;
  readonly calls: readonly string[];
  readonly refused: readonly RefusalCause[];
}

function protocolOf({ channel }: Case): Protocol {
  if (channel === "openai-responses") return responsesProtocol;
  return channel === "anthropic-sse" ? messagesProtocol : chatProtocol;
}

async function recovered(answer: string, protocol: Protocol): Promise<Meant> {
  const recovery = createRecovery({ tools: offered });
  const events: TurnEvent[] = [];
  for await (const frame of protocol.readStream(bytesOf(answer))) {
    for (const event of frame.events) events.push(...recovery.push(event));
  }
  return {
    text: events.map((event) => (event.kind === "text" ? event.text : "")).join(""),
    calls: events.flatMap((event) =>
      event.kind === "call" ? [`${event.call.name} ${event.call.arguments}`] : [],
    ),
    refused: events.flatMap((event) => (event.kind === "refused" ? [event.cause] : [])),
  };
}

// oxlint-disable-next-line typescript/require-await -- a source is asynchronous by its type
async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function readCases(file: string): Case[] {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Case);
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

function streamOf(item: Case, cut: number): string {
  const chunks = item.raw_stream_chunks ?? [];
  if (item.channel === "openai-chat") return chatStream(chunks as JsonObject[], item.finish_reason, item);
  if (!item.channel.startsWith("content")) {
    return chunks
      .filter(isRecord)
      .map(({ event, data, ...own }) =>
        isRecord(data) ? formatEvent({ type: event, ...data }) : formatEvent(own),
      )
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
  if (channel === "anthropic-sse") return messagesText();
  if (channel === "openai-responses") return responsesText();
  const chunks = deltas.map((delta, index) => {
    // A case's own chunk may be a whole choice.
    const choice = isRecord(delta["delta"] ?? delta["message"]) ? delta : { delta };
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
  return events.map(formatEvent).join("");
}

function responsesText(): string {
  const item = { type: "message", content: [{ type: "output_text", text: "Understood." }] };
  const response = { id: "r2", status: "completed", output: [item] };
  return formatEvent({ type: "response.completed", response });
}

function formatEvent(event: Readonly<Record<string, unknown>>): string {
  return `event: ${typeof event["type"] === "string" ? event["type"] : ""}\ndata: ${JSON.stringify(event)}\n\n`;
}

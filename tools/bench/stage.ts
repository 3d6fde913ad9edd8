// The scripted model: a Chat server that has an agent take the steps of a scenario, checks that each was taken, and notes
// when it was asked and when it had answered. It runs in the bench's own process, which does nothing else meanwhile.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRecord, parseJson, type JsonObject } from "@cloister/base";
import { callFor, toolsOf, type Body, type Call } from "./calls.ts";
import { lastWords, prompt, stepsOf, type ScenarioName } from "./scenario.ts";

export interface Asked {
  /** When its first bytes came, and when the last byte of the answer had been handed over: milliseconds of one clock. */
  readonly arrivedMs: number;
  endedMs: number;
  readonly body: Body;
  readonly bytes: number;
}

export interface Stage {
  /** `http://127.0.0.1:PORT/v1` */
  readonly url: string;
  /** Requests that belong to the task, in order; those for titles and the like are answered, and only counted. */
  readonly asked: readonly Asked[];
  readonly aside: number;
  /** What was not done as scripted. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export const modelName = "scripted";
/** Large enough that nobody starts to summarise. */
export const contextTokens = 262_144;
const BODY_BYTES_MAX = 32_000_000;

export async function openStage(scenario: ScenarioName, project: string): Promise<Stage> {
  const steps = stepsOf(scenario);
  const asked: Asked[] = [];
  const complaints: string[] = [];
  let aside = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedMs = performance.now();
    const text = await readBody(request);
    if (request.url === "/v1/models") {
      const data = [{ id: modelName, object: "model", max_model_len: contextTokens }];
      return sendJson(response, 200, { object: "list", data });
    }
    if (request.url !== "/v1/chat/completions") return sendJson(response, 404, {});
    const body = parseJson(text, "request");
    if (!isRecord(body)) return sendJson(response, 400, { error: { message: "not an object" } });
    const messages = Array.isArray(body["messages"]) ? body["messages"].filter(isRecord) : [];
    const tools = toolsOf(body);
    const results = messages.filter(({ role }) => role === "tool");
    // Each step is asked for once: whoever asks again wants something else, such as a suggestion of what to say next.
    const isNext = results.length === asked.length;
    const isTask = isNext && tools.length > 0 && messages.some((message) => textOf(message).includes(prompt));
    if (!isTask) {
      aside += 1;
      return say(response, body, { text: "A look around" });
    }
    const note: Asked = { arrivedMs, endedMs: arrivedMs, body, bytes: Buffer.byteLength(text) };
    asked.push(note);
    response.on("finish", () => {
      note.endedMs = performance.now();
    });
    const shows = steps[results.length - 1]?.shows ?? "";
    const last = results.at(-1);
    if (last !== undefined && !textOf(last).includes(shows)) {
      complaints.push(`step ${results.length} should show ${shows}: ${textOf(last).slice(0, 500)}`);
      return sendJson(response, 400, { error: { message: "that is not the result" } });
    }
    const step = steps[results.length];
    if (step === undefined) return say(response, body, { text: lastWords });
    const call = callFor(step, tools, project);
    if (call === undefined) {
      complaints.push(`no tool to ${step.kind} among ${tools.map(({ name }) => name).join(", ")}`);
      return sendJson(response, 400, { error: { message: "no such tool" } });
    }
    say(response, body, { text: "", call, id: `call_${results.length + 1}` });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      complaints.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    get aside() {
      return aside;
    },
    complaints,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error("the request is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

interface Say {
  readonly text: string;
  readonly call?: Call;
  readonly id?: string;
}

/** In one piece or in events, as the request wants it. */
function say(response: ServerResponse, body: Body, { text, call, id = "call_1" }: Say): void {
  const common = { id: "chatcmpl-1", created: 1, model: modelName };
  const usage = { prompt_tokens: 1000, completion_tokens: 20, total_tokens: 1020 };
  const called = call && { name: call.name, arguments: JSON.stringify(call.arguments) };
  const finish = call === undefined ? "stop" : "tool_calls";
  if (body["stream"] !== true) {
    const calls = called && { tool_calls: [{ id, type: "function", function: called }] };
    const message = { role: "assistant", content: text, ...calls };
    const choices = [{ index: 0, message, finish_reason: finish }];
    return sendJson(response, 200, { ...common, object: "chat.completion", choices, usage });
  }
  const deltas: JsonObject[] = [{ role: "assistant", content: "" }];
  if (called === undefined) {
    // In four pieces, as tokens come.
    for (const piece of text.match(/.{1,6}/gs) ?? []) deltas.push({ content: piece });
  } else {
    const { name, arguments: args } = called;
    const half = Math.floor(args.length / 2);
    const part = (rest: JsonObject): JsonObject => ({ tool_calls: [{ index: 0, ...rest }] });
    deltas.push(part({ id, type: "function", function: { name, arguments: "" } }));
    deltas.push(
      part({ function: { arguments: args.slice(0, half) } }),
      part({ function: { arguments: args.slice(half) } }),
    );
  }
  const chunk = (choices: JsonObject[], more: JsonObject = {}): string =>
    `data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", choices, ...more })}\n\n`;
  const events = deltas.map((delta) => chunk([{ index: 0, delta, finish_reason: null }]));
  events.push(
    chunk([{ index: 0, delta: {}, finish_reason: finish }]),
    chunk([], { usage }),
    "data: [DONE]\n\n",
  );
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(events.join(""));
}

function sendJson(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** A text, or the texts of parts. */
export function textOf({ content }: Body): string {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content.filter(isRecord) : [];
  return parts.map(({ text }) => (typeof text === "string" ? text : "")).join("\n");
}

// An OpenAI-compatible server on loopback around a real engine. It answers as llama.cpp's own server does: same error
// bodies, same order of chunks, silent queueing.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@cloister/base";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { parseChatRequest, writeAnswer, writeStream } from "./chat.ts";
import { openEngine } from "./engine.ts";
import type { Reply } from "./chat.ts";
import type { Engine, EngineEvent } from "./engine.ts";

export interface EngineServer {
  /** Such as http://127.0.0.1:40123; the API is below /v1. */
  readonly url: string;
  /** Resolves once the model is loaded; until then every route answers 503. */
  readonly ready: Promise<void>;
  /** How many answers are being generated now: 0 or 1. */
  readonly generating: number;
  /** How many requests wait for their turn. */
  readonly waiting: number;
  close(): Promise<void>;
}

export interface EngineServerOptions {
  /** The bytes of a GGUF file. */
  readonly gguf: Uint8Array;
  /** In tokens. */
  readonly contextSize: number;
}

const BODY_BYTES_MAX = 16_000_000;
const QUEUE_MAX = 64;
const MODEL_NAME = "tiny";

/** Resolves when the port is open, which is before the model is loaded. */
export async function startEngine(options: EngineServerOptions): Promise<EngineServer> {
  const folder = await mkdtemp(join(tmpdir(), "cloister-engine-"));
  const modelPath = join(folder, "model.gguf");
  await writeFile(modelPath, options.gguf);
  const state: State = {
    engine: undefined,
    generating: 0,
    queue: [],
    replies: 0,
    closing: new AbortController(),
  };
  const server = createServer((request, response) => {
    void answer(state, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const load = async (): Promise<void> => {
    state.engine = await openEngine({ modelPath, contextSize: options.contextSize });
  };
  const ready = load();
  // Whoever waits for it sees the failure; to others the server stays in its loading state.
  ready.catch(() => undefined);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    ready,
    get generating() {
      return state.generating;
    },
    get waiting() {
      return state.queue.length;
    },
    close: async () => {
      state.closing.abort();
      server.close();
      server.closeAllConnections();
      await ready.catch(() => undefined);
      await turn(state, new AbortController().signal);
      await state.engine?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface State {
  engine: Engine | undefined;
  generating: number;
  /** Those that wait for the engine, in order. */
  readonly queue: (() => void)[];
  replies: number;
  readonly closing: AbortController;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not listening on a port");
  return address.port;
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A peer that went away is noticed by its connection, whether it is being served or waiting.
  const gone = new AbortController();
  response.on("close", () => {
    gone.abort();
  });
  response.on("error", () => {
    gone.abort();
  });
  try {
    await route(state, { request, response, signal: AbortSignal.any([gone.signal, state.closing.signal]) });
  } catch (error) {
    if (response.headersSent) {
      // As llama-server does it: an error in the stream, and no [DONE].
      response.end(
        `data: ${JSON.stringify(errorBody({ code: 500, type: "server_error" }, messageOf(error)))}\n\n`,
      );
    } else sendError(response, { code: 500, type: "server_error" }, messageOf(error));
  }
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

async function route(state: State, call: Call): Promise<void> {
  const { request, response } = call;
  const { engine } = state;
  if (engine === undefined) {
    sendError(response, { code: 503, type: "unavailable_error" }, "Loading model");
    return;
  }
  const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
  switch (`${request.method} ${path}`) {
    case "GET /health":
      sendJson(response, 200, { status: "ok" });
      return;
    case "GET /v1/models": {
      const meta = { n_ctx: engine.contextTokens, n_ctx_train: engine.trainContextTokens };
      sendJson(response, 200, {
        object: "list",
        data: [{ id: MODEL_NAME, object: "model", created: 0, owned_by: "llamacpp", meta }],
      });
      return;
    }
    case "POST /v1/chat/completions":
      await chat(state, engine, call);
      return;
    default:
      sendError(response, { code: 404, type: "not_found_error" }, "File Not Found");
  }
}

async function chat(state: State, engine: Engine, { request, response, signal }: Call): Promise<void> {
  const body = await readBody(request);
  const parsed = body === undefined ? "the body is too large" : parseChatRequest(body);
  if (typeof parsed === "string") {
    sendError(response, { code: 400, type: "invalid_request_error" }, parsed);
    return;
  }
  const prompt = engine.toPrompt(parsed);
  const room = engine.contextTokens - prompt.length;
  if (room <= 0) {
    const message = `request (${prompt.length} tokens) exceeds the available context size (${engine.contextTokens} tokens), try increasing it`;
    const more = { n_prompt_tokens: prompt.length, n_ctx: engine.contextTokens };
    sendError(response, { code: 400, type: "exceed_context_size_error", ...more }, message);
    return;
  }
  if (state.queue.length >= QUEUE_MAX) {
    sendError(response, { code: 503, type: "unavailable_error" }, "too many requests are waiting");
    return;
  }
  if (!(await turn(state, signal))) return;
  try {
    state.replies++;
    const reply: Reply = { number: state.replies, model: MODEL_NAME, promptTokens: prompt.length };
    const events = engine.generate(
      prompt,
      { ...parsed, tokensMax: Math.min(parsed.tokensMax, room) },
      signal,
    );
    const write = parsed.stream ? writeStream : writeAnswer;
    const said = parsed.schema === undefined ? events : inTags(events);
    await write({ reply, events: said, response, includeUsage: parsed.includeUsage });
  } finally {
    state.generating--;
    state.queue.shift()?.();
  }
}

/** What was generated under the schema of a call is one, and is written as this family writes it. */
async function* inTags(events: AsyncGenerator<EngineEvent>): AsyncGenerator<EngineEvent> {
  for await (const event of events) {
    if (event.kind === "end") yield { kind: "text", text: "\n</tool_call>" };
    yield event;
    if (event.kind === "start") yield { kind: "text", text: "<tool_call>\n" };
  }
}

/** Waits for the engine. False when the peer was gone by then. A turn that was taken is given back by `chat`. */
async function turn(state: State, signal: AbortSignal): Promise<boolean> {
  while (state.generating > 0 && !signal.aborted) {
    await new Promise<void>((go) => {
      state.queue.push(go);
      signal.addEventListener("abort", () => {
        const at = state.queue.indexOf(go);
        if (at >= 0) state.queue.splice(at, 1);
        go();
      });
    });
  }
  if (signal.aborted) return false;
  state.generating++;
  return true;
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > BODY_BYTES_MAX) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function errorBody(error: { code: number; type: string }, message: string): object {
  return { error: { message, ...error } };
}

function sendError(response: ServerResponse, error: { code: number; type: string }, message: string): void {
  sendJson(response, error.code, errorBody(error, message));
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

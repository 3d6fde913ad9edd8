/**
 * llama.cpp's server as its documents describe it (tools/server/README.md, pull request 15827), told by a test when to
 * go on. Strict where the real one is lenient: a field of the wrong type is an error, and nothing is told unasked.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isRecord, parseJson } from "@cloister/base";
import { formatSse } from "@cloister/wire";

export interface LlamaServerOptions {
  readonly model?: string;
  readonly contextTokens?: number;
  /** Who the server says it is; another than `llamacpp` is a server that knows no `return_progress`, and refuses it. */
  readonly owner?: string;
}

/** One request for an answer, which goes on as it is told to. */
export interface LlamaAnswer {
  readonly body: Record<string, unknown>;
  /** The first `read` tokens of `total` were read, of which `cached` were in the cache. Told only if it was asked. */
  reads(progress: { read: number; total: number; cached?: number; ms: number }): void;
  says(text: string): void;
  ends(usage: { promptTokens: number; completionTokens: number; cachedTokens?: number }): void;
}

export interface LlamaServer {
  readonly url: string;
  /** The next request for an answer, in the order in which they come. */
  next(): Promise<LlamaAnswer>;
  close(): Promise<void>;
}

export async function startLlamaServer({
  model = "tiny-instruct.gguf",
  contextTokens = 32_768,
  owner = "llamacpp",
}: LlamaServerOptions = {}): Promise<LlamaServer> {
  const come: LlamaAnswer[] = [];
  const awaited: ((answer: LlamaAnswer) => void)[] = [];
  const complete = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
    const body = parseJson(Buffer.concat(chunks).toString(), "the request");
    const fault = faultIn(body, owner === "llamacpp");
    if (!isRecord(body) || fault !== undefined) {
      return sendJson(response, 400, {
        error: { code: 400, message: fault, type: "invalid_request_error" },
      });
    }
    // A request for an answer in one piece is a warm-up.
    if (body.stream !== true) return sendJson(response, 200, wholeAnswer(model));
    const answer = toAnswer(body, response, model);
    const taker = awaited.shift();
    if (taker === undefined) come.push(answer);
    else taker(answer);
  };
  const server = createServer((request, response) => {
    if (request.method === "POST" && request.url === "/v1/chat/completions") {
      complete(request, response).catch(() => response.destroy());
    } else if (request.url === "/v1/models") {
      const entry = { id: model, object: "model", owned_by: owner, meta: { n_ctx: contextTokens } };
      sendJson(response, 200, { object: "list", data: [entry] });
    } else {
      sendJson(response, 404, { error: { code: 404, message: "File Not Found", type: "not_found_error" } });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    next: () => {
      const first = come.shift();
      return first === undefined ? new Promise((resolve) => awaited.push(resolve)) : Promise.resolve(first);
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function faultIn(body: unknown, tellsProgress: boolean): string | undefined {
  if (!isRecord(body) || !Array.isArray(body.messages)) return "'messages' is required";
  const { return_progress: asked } = body;
  if (asked === undefined) return undefined;
  if (!tellsProgress) return "Unrecognized request argument supplied: return_progress";
  return typeof asked === "boolean" ? undefined : "type must be boolean, but is not: return_progress";
}

function toAnswer(body: Record<string, unknown>, response: ServerResponse, model: string): LlamaAnswer {
  const { return_progress: isAsked, stream_options: options } = body;
  const frame = { id: "chatcmpl-fake", object: "chat.completion.chunk", created: 1, model };
  const send = (delta: object, finish: string | null, more: object = {}): void => {
    if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
    const choices = [{ index: 0, delta, finish_reason: finish }];
    response.write(formatSse(JSON.stringify({ ...frame, choices, ...more })));
  };
  let hasSpoken = false;
  const speak = (): void => {
    if (!hasSpoken) send({ role: "assistant", content: null }, null);
    hasSpoken = true;
  };
  return {
    body,
    reads: ({ read, total, cached = 0, ms }) => {
      if (isAsked !== true) return;
      hasSpoken = true;
      const prompt_progress = { total, cache: cached, processed: read, time_ms: ms };
      send({ role: "assistant", content: null }, null, { prompt_progress });
    },
    says: (text) => {
      speak();
      send({ content: text }, null);
    },
    ends: ({ promptTokens, completionTokens, cachedTokens = 0 }) => {
      speak();
      send({}, "stop");
      if (isRecord(options) && options.include_usage === true) {
        const usage = {
          prompt_tokens: promptTokens,
          completion_tokens: completionTokens,
          total_tokens: promptTokens + completionTokens,
          prompt_tokens_details: { cached_tokens: cachedTokens },
        };
        response.write(formatSse(JSON.stringify({ ...frame, choices: [], usage })));
      }
      response.end(formatSse("[DONE]"));
    },
  };
}

function wholeAnswer(model: string): object {
  const message = { role: "assistant", content: "." };
  return {
    ...{ id: "chatcmpl-fake", object: "chat.completion", created: 1, model },
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

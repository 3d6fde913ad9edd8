import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { CloisterError, sha256, systemClock, systemCodeOf } from "@cloister/base";
import type { Clock } from "@cloister/base";
import { readChatRequest, unmet } from "./expect.ts";
import type { ChatRequest } from "./expect.ts";
import { fillArguments, fillText } from "./fill.ts";
import { toChunks, toCompletion } from "./pieces.ts";
import type { Performance } from "./pieces.ts";
import type { RehearsalScript, RehearsalTurn } from "./script.ts";

const bodyBytesMax = 64 * 1024 * 1024;
const requestsMax = 10_000;
const contextTokensDefault = 32_768;

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, byte for byte. */
  readonly body: Buffer;
  /** Milliseconds since the Unix epoch, by the rehearsal's clock. */
  readonly arrivedAt: number;
  /** Resolves when the exchange is over: "early" when the client left before it had the whole answer. */
  readonly closed: Promise<"answered" | "early">;
}

/** A running scripted model, on loopback. */
export interface Rehearsal {
  /** Such as http://127.0.0.1:49152/v1 */
  readonly url: string;
  /** Every POST in the order of arrival, those refused included. At most 10,000 are kept. */
  readonly requests: readonly RecordedRequest[];
  /** Everything else that was asked, such as GET /v1/models. */
  readonly probes: readonly RecordedRequest[];
  /** Requests that did not fit the script, each with the expectation it missed. */
  readonly failures: readonly string[];
  /** Turns never played. */
  readonly turnsLeft: number;
  close(): Promise<void>;
}

/**
 * Port 0, the default, takes a free one.
 * @throws CloisterError `rehearsal-port-unusable`.
 */
export async function startRehearsal(
  script: RehearsalScript,
  options: { readonly port?: number; readonly host?: "127.0.0.1"; readonly clock?: Clock } = {},
): Promise<Rehearsal> {
  const { port = 0, host = "127.0.0.1", clock = systemClock } = options;
  const stage = new Stage(script, clock);
  const server = createServer((request, response) => {
    // Only the client's leaving in the middle of its own request ends up here; it is on record as "early".
    stage.answer(request, response).catch(() => response.destroy());
  });
  server.listen(port, host);
  await once(server, "listening").catch((cause: unknown) => {
    throw new CloisterError(`the rehearsal cannot listen on ${host}:${port} (${systemCodeOf(cause)})`, {
      code: "rehearsal-port-unusable",
      next: "choose another port, or none: then a free one is taken",
      cause,
    });
  });
  const address = server.address();
  const listening = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${host}:${listening}/v1`,
    requests: stage.requests,
    probes: stage.probes,
    failures: stage.failures,
    get turnsLeft() {
      return script.turns.length - stage.played.size;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Cast =
  | { readonly kind: "play"; readonly play: Performance }
  | { readonly kind: "misfit"; readonly why: string };

/** Owns what one rehearsal has seen and played so far. */
class Stage {
  readonly requests: RecordedRequest[] = [];
  readonly probes: RecordedRequest[] = [];
  readonly failures: string[] = [];
  readonly played = new Set<number>();
  readonly #script: RehearsalScript;
  readonly #clock: Clock;
  readonly #refusedOnce = new Set<number>();
  #previous: Buffer = Buffer.alloc(0);

  constructor(script: RehearsalScript, clock: Clock) {
    this.#script = script;
    this.#clock = clock;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url: path = "" } = request;
    const arrivedAt = this.#clock.now();
    const closed = new Promise<"answered" | "early">((resolve) => {
      response.once("close", () => resolve(response.writableFinished ? "answered" : "early"));
    });
    const body = await readBody(request);
    if (body === undefined) return sendError(response, 413, `a body of more than ${bodyBytesMax} bytes`);
    const shelf = method === "POST" ? this.requests : this.probes;
    if (shelf.length < requestsMax) {
      shelf.push({ method, path, headers: request.headers, body, arrivedAt, closed });
    }

    if (method === "GET") return this.#answerProbe(path, response);
    if (method !== "POST" || path !== "/v1/chat/completions") {
      return sendError(response, 404, "File Not Found");
    }
    const chat = readChatRequest(body.toString());
    if (chat === undefined) return this.#refuse(response, "the body to be a chat request in JSON");
    const at = chat.messages.filter((message) => message.role === "assistant").length;
    const turn = this.#script.turns[at];
    if (turn === undefined) {
      return this.#refuse(response, `at most ${this.#script.turns.length} turns: out of turns`);
    }
    await this.#perform({ at, turn, chat, body }, response);
  }

  async #perform(
    scene: {
      readonly at: number;
      readonly turn: RehearsalTurn;
      readonly chat: ChatRequest;
      readonly body: Buffer;
    },
    response: ServerResponse,
  ): Promise<void> {
    const { at, turn, chat, body } = scene;
    const cast = this.#cast(scene);
    if (cast.kind === "misfit") return this.#refuse(response, `turn ${at} expects ${cast.why}`);
    if (turn.fault === "status-503-once" && !this.#refusedOnce.has(at)) {
      this.#refusedOnce.add(at);
      return sendError(response, 503, "Loading model");
    }
    this.#previous = body;
    this.played.add(at);
    if (turn.fault === "status-500") return sendError(response, 500, "a scripted failure of the server");
    if (chat.stream) await this.#stream(turn, toChunks(cast.play, chat.includeUsage), response);
    else sendWhole(turn, toCompletion(cast.play), response);
  }

  #cast({
    at,
    turn,
    chat,
    body,
  }: {
    at: number;
    turn: RehearsalTurn;
    chat: ChatRequest;
    body: Buffer;
  }): Cast {
    const why = turn.expect === undefined ? undefined : unmet(turn.expect, chat);
    if (why !== undefined) return { kind: "misfit", why };
    const reasoning = fillText(turn.reasoning ?? "", chat.text);
    const text = fillText(turn.text ?? "", chat.text);
    const calls = (turn.calls ?? []).map((call) => ({
      name: call.name,
      filled: fillArguments(call.arguments, chat.text),
    }));
    for (const filled of [reasoning, text, ...calls.map((call) => call.filled)]) {
      if (filled.kind === "no-match") return { kind: "misfit", why: `the body to match /${filled.pattern}/` };
    }
    const play: Performance = {
      model: this.#script.model ?? "rehearsal",
      id: `chatcmpl-${callId(at, "answer")}`,
      created: Math.floor(this.#clock.now() / 1000),
      reasoning: reasoning.kind === "filled" ? reasoning.value : "",
      text: text.kind === "filled" ? text.value : "",
      calls: calls.flatMap(({ name, filled }, index) =>
        filled.kind === "filled"
          ? [{ id: callId(at, `call ${index}`), name, arguments: JSON.stringify(filled.value) }]
          : [],
      ),
      finish: turn.finish ?? (calls.length > 0 ? "tool_calls" : "stop"),
      promptTokens: Math.ceil(body.length / 4),
      cachedTokens: Math.floor(commonPrefixBytes(this.#previous, body) / 4),
    };
    return { kind: "play", play };
  }

  async #stream(turn: RehearsalTurn, chunks: readonly string[], response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    if (turn.fault === "stall") return;
    const { paceMs = 0 } = this.#script;
    const kept = turn.fault === "cut" ? chunks.slice(0, Math.ceil(chunks.length / 2)) : chunks;
    for (const piece of kept) {
      if (response.destroyed) return;
      if (piece === "[DONE]" && turn.fault === "no-done") break;
      if (paceMs > 0) await this.#clock.sleep(paceMs, gone.signal);
      if (!response.write(`data: ${piece}\n\n`)) await once(response, "drain", { signal: gone.signal });
    }
    if (turn.fault === "cut") response.write(": \n\n", () => response.destroy());
    else response.end();
  }

  #answerProbe(path: string, response: ServerResponse): void {
    const { model: id = "rehearsal", contextTokens: n_ctx = contextTokensDefault } = this.#script;
    const model = { id, object: "model", created: 0, owned_by: "cloister-rehearsal", meta: { n_ctx } };
    if (path === "/v1/models") sendJson(response, 200, { object: "list", data: [model] });
    else if (path === "/health") sendJson(response, 200, { status: "ok" });
    else if (path === "/props") {
      sendJson(response, 200, { default_generation_settings: { n_ctx }, total_slots: 1 });
    } else sendError(response, 404, "File Not Found");
  }

  #refuse(response: ServerResponse, expectation: string): void {
    const why = `the rehearsal expected ${expectation}`;
    if (this.failures.length < requestsMax) this.failures.push(why);
    sendError(response, 422, why);
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bodyBytesMax) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function sendWhole(turn: RehearsalTurn, text: string, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  if (turn.fault === "stall") response.flushHeaders();
  else if (turn.fault === "cut") response.write(text.slice(0, text.length / 2), () => response.destroy());
  else response.end(text);
}

/** In the shape of llama-server. */
function sendError(response: ServerResponse, status: number, message: string): void {
  const types: Record<number, string> = {
    404: "not_found_error",
    422: "rehearsal_mismatch",
    503: "unavailable_error",
  };
  sendJson(response, status, { error: { message, type: types[status] ?? "server_error", code: status } });
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** 32 characters without a prefix, as llama-server makes them, but the same ones in every run. */
function callId(turn: number, role: string): string {
  return sha256(`rehearsal turn ${turn} ${role}`).toString("hex").slice(0, 32);
}

function commonPrefixBytes(before: Buffer, now: Buffer): number {
  const end = Math.min(before.length, now.length);
  let at = 0;
  while (at < end && before[at] === now[at]) at += 1;
  return at;
}

import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { CloisterError, messageOf, newId, systemClock } from "@cloister/base";
import type { Clock } from "@cloister/base";
import { formatSse } from "@cloister/wire";
import type { Backend, SendOptions } from "../backend.ts";
import { cancelled } from "../errors.ts";
import type { Answer } from "../exchange.ts";
import { openEngine } from "./engine.ts";
import type { Engine, NodeLlamaCppModule, Token } from "./engine.ts";
import { generate } from "./generate.ts";
import { callGrammar, schemaGrammar } from "./grammar.ts";
import type { GenerationEvent } from "./generate.ts";
import { toPromptPieces } from "./prompt.ts";
import type { RenderTemplate } from "./prompt.ts";
import { parseRequest } from "./request.ts";
import type { EmbeddedRequest } from "./request.ts";
import { Turns } from "./turns.ts";

const waitingRequestsMax = 64;

export interface EmbeddedOptions {
  /** The GGUF file. */
  readonly file: string;
  /** The window, prompt and answer together. 16,384 unless told otherwise, or what the model was trained for if less. */
  readonly contextTokens?: number;
  /** At most one less than the cores: engine threads that find no core of their own cost a factor of a hundred. */
  readonly threads?: number;
  /** Of this machine. */
  readonly cores: number;
  /** `() => import("node-llama-cpp")`: the engine weighs 85 MB and more, and is installed by those who want it. */
  readonly load: () => Promise<NodeLlamaCppModule>;
  readonly renderTemplate: RenderTemplate;
  /** For how long a prompt has been read. */
  readonly clock?: Pick<Clock, "now">;
}

/**
 * A model file, run in this process, in the place of a server. It answers "/chat/completions" and nothing else, and what
 * the model writes comes as content, unread: calls and reasoning are still text in it. A `tool_choice` that demands a call,
 * and a `response_format`, are kept by grammar: what is written is one call of an offered tool, or one value, that fits its
 * schema. The file is loaded when first asked for, which `describe` waits for too. Requests take turns, up to 64 wait; one stops within a token of its signal.
 *
 * `send` and `describe` also throw CloisterError `embedded-engine-missing`, `embedded-engine-failed` and
 * `model-file-unusable`; a prompt that does not fit is an answer with status 400, as llama.cpp's server gives it.
 */
export function createEmbeddedBackend(options: EmbeddedOptions): Backend {
  const { file, contextTokens, cores, load, renderTemplate, clock = systemClock } = options;
  const threads = Math.max(1, Math.min(options.threads ?? cores - 1, cores - 1));
  const model = basename(file).replace(/\.gguf$/i, "");
  const turns = new Turns(waitingRequestsMax);
  const closing = new AbortController();
  let opened: Promise<Engine> | undefined;

  function open(): Promise<Engine> {
    if (closing.signal.aborted) return Promise.reject(cancelled(closing.signal.reason));
    const { signal } = closing;
    opened ??= openEngine({ file, contextTokens, threads, load, renderTemplate, signal });
    // What failed may be mended by then: it is tried again with the next request.
    opened.catch(() => (opened = undefined));
    return opened;
  }

  async function send(path: string, body: readonly Uint8Array[], sending: SendOptions): Promise<Answer> {
    if (path !== "/chat/completions") return refusal(404, "not_found_error", `a model file has no ${path}`);
    const signal = AbortSignal.any([sending.signal, closing.signal]);
    if (opened === undefined) sending.onStatus?.({ kind: "loading", waitedMs: 0 });
    const engine = await untilAborted(open(), signal);
    let request: EmbeddedRequest;
    let pieces: readonly string[];
    let prompt: Token[];
    try {
      request = parseRequest(body);
      pieces = toPromptPieces(request, engine.format);
      prompt = engine.tokenize(pieces);
    } catch (error) {
      if (!(error instanceof CloisterError) || error.code !== "bad-request") throw error;
      const cause = error.cause === undefined ? "" : `: ${messageOf(error.cause)}`;
      return refusal(400, "invalid_request_error", error.message + cause);
    }
    const room = engine.contextTokens - prompt.length;
    if (prompt.length === 0) return refusal(400, "invalid_request_error", "the prompt is empty");
    if (room <= 0) return tooLong(prompt.length, engine.contextTokens);

    const grammar = grammarFor(request, /<think>\s*$/.test(pieces.at(-1) ?? ""));
    const release = await turns.take(signal);
    const tokensMax = Math.min(request.tokensMax, room);
    const { sampling } = request;
    const events = generate(engine, { prompt, tokensMax, sampling, grammar, signal });
    const reply: Reply = { id: newId("chatcmpl"), model, promptTokens: prompt.length };
    const parts = request.stream ? streamed(events, reply, { ...request, clock }) : whole(events, reply);
    const contentType = request.stream ? "text/event-stream" : "application/json";
    return {
      status: 200,
      headers: { "content-type": contentType },
      body: guarded(parts, { signal, release, file }),
    };
  }

  return {
    url: pathToFileURL(file),
    send,
    async describe(signal) {
      const engine = await untilAborted(open(), signal);
      return { server: "embedded", models: [{ id: model, contextTokens: engine.contextTokens }] };
    },
    async close() {
      closing.abort();
      const engine = await opened?.catch(() => undefined);
      // The one that is running must have let go of the engine.
      const release = await turns.take(new AbortController().signal);
      await engine?.close();
      release();
    },
  };
}

function grammarFor({ shape }: EmbeddedRequest, isThinking: boolean): string | undefined {
  switch (shape.kind) {
    case "any":
      return undefined;
    case "call":
      return callGrammar(shape.tools, isThinking);
    case "value":
      return schemaGrammar(shape.schema);
  }
}

interface Running {
  readonly signal: AbortSignal;
  /** Gives the engine to the next one. */
  readonly release: () => void;
  readonly file: string;
}

/** Errors in the product's own words, and the engine given back whatever happens, even by a body that nobody reads. */
function guarded(parts: AsyncGenerator<Uint8Array>, running: Running): AsyncIterable<Uint8Array> {
  const { signal, release, file } = running;
  const onAbort = (): void => {
    // Settles when the engine has really stopped, whether it was under way, waited for its reader or never began.
    parts.return(undefined).then(release, release);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* parts;
        if (signal.aborted) throw cancelled(signal.reason);
      } catch (cause) {
        if (cause instanceof CloisterError) throw cause;
        throw new CloisterError(`${basename(file)} broke off: ${messageOf(cause)}`, {
          code: "upstream-broken",
          next: "try again; when it happens again, give it a smaller context",
          cause,
        });
      } finally {
        signal.removeEventListener("abort", onAbort);
        release();
      }
    },
  };
}

interface Reply {
  readonly id: string;
  readonly model: string;
  readonly promptTokens: number;
}

interface StreamWishes extends Pick<EmbeddedRequest, "includeUsage" | "includeReading"> {
  readonly clock: Pick<Clock, "now">;
}

/** As llama.cpp's server streams: role, content, finish reason, usage when asked for, [DONE]. */
async function* streamed(
  events: AsyncGenerator<GenerationEvent>,
  { id, model, promptTokens }: Reply,
  { includeUsage, includeReading, clock }: StreamWishes,
): AsyncGenerator<Uint8Array> {
  const frame = { id, object: "chat.completion.chunk", created: 0, model };
  const chunk = (delta: object, finish: string | null, more: object = {}): Uint8Array =>
    formatSse(JSON.stringify({ ...frame, choices: [{ index: 0, delta, finish_reason: finish }], ...more }));
  const began = clock.now();
  let cachedTokens = 0;
  for await (const event of events) {
    switch (event.kind) {
      case "reading": {
        if (!includeReading) break;
        const { readTokens: processed, cachedTokens: cache } = event;
        const prompt_progress = { total: promptTokens, cache, processed, time_ms: clock.now() - began };
        yield chunk({ role: "assistant", content: null }, null, { prompt_progress });
        break;
      }
      case "start":
        cachedTokens = event.cachedTokens;
        yield chunk({ role: "assistant", content: null }, null);
        break;
      case "text":
        yield chunk({ content: event.text }, null);
        break;
      case "end":
        yield chunk({}, event.reason);
        if (includeUsage) {
          const usage = usageOf({ promptTokens, cachedTokens, completionTokens: event.tokens });
          yield formatSse(JSON.stringify({ ...frame, choices: [], usage }));
        }
        yield formatSse("[DONE]");
    }
  }
}

async function* whole(
  events: AsyncGenerator<GenerationEvent>,
  { id, model, promptTokens }: Reply,
): AsyncGenerator<Uint8Array> {
  let content = "";
  let cachedTokens = 0;
  for await (const event of events) {
    switch (event.kind) {
      case "reading":
        break;
      case "start":
        cachedTokens = event.cachedTokens;
        break;
      case "text":
        content += event.text;
        break;
      case "end": {
        const choice = { index: 0, message: { role: "assistant", content }, finish_reason: event.reason };
        const usage = usageOf({ promptTokens, cachedTokens, completionTokens: event.tokens });
        yield json({ id, object: "chat.completion", created: 0, model, choices: [choice], usage });
      }
    }
  }
}

function usageOf(of: { promptTokens: number; cachedTokens: number; completionTokens: number }): object {
  const { promptTokens, cachedTokens, completionTokens } = of;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

function tooLong(promptTokens: number, contextTokens: number): Answer {
  const message = `request (${promptTokens} tokens) exceeds the available context size (${contextTokens} tokens), try increasing it`;
  const counts = { n_prompt_tokens: promptTokens, n_ctx: contextTokens };
  return refusal(400, "exceed_context_size_error", message, counts);
}

function refusal(status: number, type: string, message: string, more: object = {}): Answer {
  const bytes = json({ error: { code: status, message, type, ...more } });
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return { status, headers: { "content-type": "application/json" }, body: body() };
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/** Loading cannot be stopped; waiting for it can. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  promise.catch(() => {}); // When nobody waits any more, nobody need know.
  if (signal.aborted) throw cancelled(signal.reason);
  const over = Promise.withResolvers<never>();
  const onAbort = (): void => over.reject(cancelled(signal.reason));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, over.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

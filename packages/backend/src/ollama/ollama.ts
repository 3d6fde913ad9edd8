import { CloisterError, isRecord } from "@cloister/base";
import { errorText } from "@cloister/wire";
import { createBackend } from "../backend.ts";
import type { Backend, BackendOptions, SendOptions } from "../backend.ts";
import type { ModelDescription } from "../describe.ts";
import type { Answer } from "../exchange.ts";
import { readJson } from "../read.ts";
import { readOllama, toChatCompletion, toChatStream } from "./answer.ts";
import { toOllamaRequest } from "./request.ts";

const contextTokensMaxDefault = 32_768;
/** For a model that does not say what it was trained for. */
const contextTokensUnknown = 8192;
const describedModelsMax = 16;
const windowsMax = 256;
const jsonBytesMax = 64 * 1024 * 1024;

export interface OllamaOptions extends BackendOptions {
  /** The window of every request, and at most what the model was trained for. Unless told otherwise at most 32,768. */
  readonly contextTokens?: number;
}

/**
 * An Ollama server, reached through its own routes: its OpenAI-compatible ones cannot set the window, which is 4,096
 * tokens on small machines, and cut what does not fit without a word. "/chat/completions" takes a Chat Completions
 * request and gives an answer of that form; other paths go to the server's own /v1 as they stand. A prompt that does not
 * fit is an answer with status 400 and the error type `exceed_context_size_error`.
 * @throws CloisterError as `createBackend`.
 */
export function createOllamaBackend(options: OllamaOptions): Backend {
  const compatible = createBackend(options);
  const { url } = compatible;
  const native = createBackend({
    ...options,
    baseUrl: `${url.origin}${url.pathname.replace(/\/v1$/, "")}/api`,
  });
  const windows = new Map<string, number>();

  /** Asked once for each model. */
  async function windowOf(model: string, sending: SendOptions): Promise<number> {
    const found = windows.get(model);
    if (found !== undefined) return found;
    const question = encode({ model });
    await options.onProbe?.({ url: url.href, method: "POST", path: "/api/show", bytes: question.length });
    const answer = await native.send("/show", [question], sending);
    const trained = trainedTokens(await readJson(answer, jsonBytesMax));
    // It gives no model more than it was trained for, whatever is asked for, and says nothing of it.
    const window = Math.min(
      trained ?? options.contextTokens ?? contextTokensUnknown,
      options.contextTokens ?? contextTokensMaxDefault,
    );
    // A failed answer is no statement about the model; and names are the client's to make up.
    if (answer.status === 200 && windows.size < windowsMax) windows.set(model, window);
    return window;
  }

  async function send(path: string, body: readonly Uint8Array[], sending: SendOptions): Promise<Answer> {
    if (path !== "/chat/completions") return await compatible.send(path, body, sending);
    let request: Record<string, unknown>;
    let contextTokens: number;
    let translated: Uint8Array;
    try {
      request = parse(body);
      contextTokens = await windowOf(String(request.model), sending);
      translated = encode(toOllamaRequest(request, contextTokens));
    } catch (error) {
      if (!(error instanceof CloisterError) || error.code !== "bad-request") throw error;
      return refusal(400, "invalid_request_error", error.message);
    }
    const answer = await native.send("/chat", [translated], sending);
    if (answer.status !== 200) return await translateRefusal(answer, contextTokens);
    const events = readOllama(answer.body);
    const model = String(request.model);
    if (request.stream === true) {
      const { stream_options: asked } = request;
      const includeUsage = isRecord(asked) && asked.include_usage === true;
      const headers = { "content-type": "text/event-stream" };
      return { status: 200, headers, body: toChatStream(events, { model, includeUsage }) };
    }
    const outcome = await toChatCompletion(events, model);
    if (outcome.kind === "error") return refusal(500, "server_error", outcome.message);
    return jsonAnswer(200, outcome.json);
  }

  return {
    url,
    send,
    async describe(signal = new AbortController().signal) {
      const { server, models } = await compatible.describe(signal);
      const described = models.map(async (model, at): Promise<ModelDescription> => {
        // Somebody else's machine keeps its own window.
        if (model.remoteHost !== undefined || at >= describedModelsMax) return model;
        const { id, vision } = model;
        const contextTokens = await windowOf(id, { signal });
        return vision === undefined ? { id, contextTokens } : { id, contextTokens, vision };
      });
      return { server, models: await Promise.all(described) };
    },
    async close() {
      await Promise.all([compatible.close(), native.close()]);
    },
  };
}

/** `<architecture>.context_length` of the model's file. */
function trainedTokens(show: unknown): number | undefined {
  const facts = isRecord(show) && isRecord(show.model_info) ? show.model_info : {};
  const [, length] = Object.entries(facts).find(([name]) => /^[^.]+\.context_length$/.test(name)) ?? [];
  return typeof length === "number" && Number.isSafeInteger(length) && length > 0 ? length : undefined;
}

function parse(body: readonly Uint8Array[]): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(body).toString());
  } catch (cause) {
    throw new CloisterError("the body is not JSON", { code: "bad-request", cause });
  }
  if (isRecord(value)) return value;
  throw new CloisterError("the body is not a JSON object", { code: "bad-request" });
}

/** The one wording for a prompt that does not fit, in every version since `truncate` exists. */
const overflow = /exceeds? (?:the |maximum )?(?:available )?context (?:length|size|window)/i;

async function translateRefusal(answer: Answer, contextTokens: number): Promise<Answer> {
  const json = await readJson(answer, jsonBytesMax);
  const message = errorText(json) ?? `Ollama refuses the request (${answer.status})`;
  if (!overflow.test(message)) {
    return refusal(answer.status, answer.status < 500 ? "invalid_request_error" : "server_error", message);
  }
  const said = `${message} (${contextTokens} tokens)`;
  return refusal(400, "exceed_context_size_error", said, { n_ctx: contextTokens });
}

function refusal(status: number, type: string, message: string, more: object = {}): Answer {
  return jsonAnswer(status, { error: { code: status, message, type, ...more } });
}

function jsonAnswer(status: number, json: object): Answer {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield encode(json);
  };
  return { status, headers: { "content-type": "application/json" }, body: body() };
}

function encode(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/**
 * An MCP server over HTTP (streamable HTTP of 2025-03-26 and later, and the older SSE), spoken for the agent: on its
 * side there are only lines of JSON, as from a server on stdio.
 */
import { CloisterError, isRecord, messageOf, readLines, type Clock } from "@cloister/base";
import { readSse } from "@cloister/wire";
import { createSender, discard, readText, type Received, type SenderOptions } from "./sender.ts";

export interface McpHttpOptions extends SenderOptions {
  readonly url: URL;
  readonly kind: "http" | "sse";
  /** The person's own, with what they keep secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** The value of `authorization`, renewed where it ran out. `refused`: the server did not take the last one. */
  readonly authorization?: (refused: boolean, signal: AbortSignal) => Promise<string | undefined>;
  /** Before each message leaves: records it, gives what is to leave in its place, and rejects where nothing must. */
  readonly beforeSend: (message: Uint8Array) => Promise<Uint8Array>;
  /** Before a request without a message: to listen, or to end the session. */
  readonly beforeContact: (method: "GET" | "DELETE") => Promise<void>;
}

export interface McpHttpIo {
  readonly input: AsyncIterable<Uint8Array>;
  readonly output: (bytes: Uint8Array) => Promise<void>;
  readonly signal: AbortSignal;
}

const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const HEADERS_MS_MAX = 120_000;
const AT_ONCE_MAX = 64;
const ERROR_BYTES_MAX = 64 * 1024;
const ERROR_CHARS_MAX = 300;
const LISTENS_MAX = 20;
const LISTEN_AGAIN_MS = 2000;
const SERVER_ERROR = -32_000;

/** Resolves when the agent ends it; rejects with what the world says, without any secret. */
export function createMcpHttpBridge(options: McpHttpOptions): (io: McpHttpIo) => Promise<void> {
  return async (io) => {
    const sender = createSender(options);
    const ending = new AbortController();
    const talk = new Talk(options, io, sender, AbortSignal.any([io.signal, ending.signal]));
    try {
      await talk.run();
    } finally {
      ending.abort();
      await sender.close();
    }
  };
}

function readMessage(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined; // no JSON
  }
}

class Talk {
  readonly #options: McpHttpOptions;
  readonly #io: McpHttpIo;
  readonly #sender: ReturnType<typeof createSender>;
  readonly #signal: AbortSignal;
  readonly #working = new Set<Promise<void>>();
  #session: string | undefined;
  #version: string | undefined;
  /** Of the older SSE: where messages go. */
  #postTo: URL;
  readonly #broken = Promise.withResolvers<never>();

  constructor(
    options: McpHttpOptions,
    io: McpHttpIo,
    sender: ReturnType<typeof createSender>,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#io = io;
    this.#sender = sender;
    this.#signal = signal;
    this.#postTo = options.url;
    // It may break when nobody waits for it any more.
    this.#broken.promise.catch(() => {});
  }

  async run(): Promise<void> {
    if (this.#options.kind === "sse") await this.#listenToSse();
    await Promise.race([this.#readAgent(), this.#broken.promise]);
    await Promise.allSettled(this.#working);
    if (this.#session !== undefined && !this.#signal.aborted) await this.#endSession();
  }

  async #readAgent(): Promise<void> {
    for await (const line of readLines(this.#io.input, { lineCharsMax: MESSAGE_BYTES_MAX })) {
      if (line.trim() === "") continue;
      // Side by side: that something is to be cancelled must not wait for its answer.
      if (this.#working.size >= AT_ONCE_MAX) await Promise.race(this.#working);
      const work = this.#carry(line).finally(() => this.#working.delete(work));
      this.#working.add(work);
    }
  }

  /** Never rejects: what a request comes to is its answer. */
  async #carry(line: string): Promise<void> {
    const message = readMessage(line);
    // An agent that was taken over may say anything: what is no message is nobody's, and gets no answer.
    if (message === undefined) return;
    const { id, method } = message;
    try {
      await this.#post(Buffer.from(line));
      if (method === "notifications/initialized" && this.#options.kind === "http") this.#listen();
    } catch (error) {
      if (this.#signal.aborted) return;
      if (error instanceof CloisterError && error.code === "mcp-session-lost") this.#broken.reject(error);
      // A notification has no answer.
      if (id === undefined || method === undefined) return;
      const next = error instanceof CloisterError && error.next !== undefined ? ` Next: ${error.next}.` : "";
      await this.#say({
        jsonrpc: "2.0",
        id,
        error: { code: SERVER_ERROR, message: messageOf(error) + next },
      });
    }
  }

  async #post(message: Uint8Array): Promise<void> {
    const body = await this.#options.beforeSend(message);
    const received = await this.#authorized((authorization) =>
      this.#sender.send({
        url: this.#postTo,
        method: "POST",
        headers: {
          ...this.#headers(authorization),
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body,
        timeoutMs: HEADERS_MS_MAX,
        signal: this.#signal,
      }),
    );
    const { status, headers } = received;
    if (status === 404 && this.#session !== undefined) {
      throw new CloisterError("the server has forgotten the session", { code: "mcp-session-lost" });
    }
    if (status < 200 || status > 299) throw await failureOf(received, this.#options);
    this.#session ??= headers["mcp-session-id"];
    await this.#receive(received);
  }

  async #receive(received: Received): Promise<void> {
    const type = received.headers["content-type"] ?? "";
    if (type.startsWith("text/event-stream")) {
      for await (const { data } of readSse(received.body, { eventBytesMax: MESSAGE_BYTES_MAX })) {
        if (data !== undefined && data !== "") await this.#pass(data);
      }
    } else if (type.startsWith("application/json") && received.status !== 202) {
      await this.#pass(await readText(received, MESSAGE_BYTES_MAX));
    } else await discard(received);
  }

  /** Only JSON goes on, and on one line. */
  async #pass(text: string): Promise<void> {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return; // a keep-alive of its own kind
    }
    for (const message of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const result: unknown = isRecord(message) ? message["result"] : undefined;
      if (isRecord(result) && typeof result["protocolVersion"] === "string") {
        this.#version ??= /^[\d-]{1,20}$/.exec(result["protocolVersion"])?.[0];
      }
      await this.#say(message);
    }
  }

  async #say(message: unknown): Promise<void> {
    await this.#io.output(Buffer.from(`${JSON.stringify(message)}\n`));
  }

  #headers(authorization: string | undefined): Record<string, string> {
    return {
      ...this.#options.headers,
      ...(authorization === undefined ? {} : { authorization }),
      ...(this.#session === undefined ? {} : { "mcp-session-id": this.#session }),
      ...(this.#version === undefined ? {} : { "mcp-protocol-version": this.#version }),
    };
  }

  async #authorized(send: (authorization: string | undefined) => Promise<Received>): Promise<Received> {
    const { authorization } = this.#options;
    const first = await send(await authorization?.(false, this.#signal));
    if (first.status !== 401 || authorization === undefined) return first;
    const renewed = await authorization(true, this.#signal);
    if (renewed === undefined) return first;
    await discard(first);
    return await send(renewed);
  }

  async #get(): Promise<Received> {
    await this.#options.beforeContact("GET");
    return await this.#authorized((authorization) =>
      this.#sender.send({
        url: this.#options.url,
        method: "GET",
        headers: { ...this.#headers(authorization), accept: "text/event-stream" },
        timeoutMs: HEADERS_MS_MAX,
        signal: this.#signal,
      }),
    );
  }

  /** What the server says unasked. Many have nothing to say, and answer 405. */
  #listen(): void {
    const listen = async (): Promise<void> => {
      for (let times = 0; times < LISTENS_MAX; times++) {
        const received = await this.#get();
        if (received.status !== 200) return await discard(received);
        await this.#receive(received);
        await this.#options.clock.sleep(LISTEN_AGAIN_MS, this.#signal);
      }
    };
    listen().catch(() => {
      /* without this stream the server's answers come all the same */
    });
  }

  /** The first event says where to post; the messages come on this stream. */
  async #listenToSse(): Promise<void> {
    const received = await this.#get();
    if (received.status !== 200) throw await failureOf(received, this.#options);
    const events = readSse(received.body, { eventBytesMax: MESSAGE_BYTES_MAX });
    const first = await nextData(events);
    const { url } = this.#options;
    const postTo = URL.parse(first ?? "", url);
    // Elsewhere it would get the person's headers.
    if (first === undefined || postTo === null || postTo.origin !== url.origin) {
      throw new CloisterError("the server names no address of its own to post to", { code: "mcp-protocol" });
    }
    this.#postTo = postTo;
    const read = async (): Promise<never> => {
      for await (const { data } of events) if (data !== undefined && data !== "") await this.#pass(data);
      throw new CloisterError("the server closed its stream", { code: "mcp-unreachable" });
    };
    read().catch((error: unknown) => this.#broken.reject(error));
  }

  async #endSession(): Promise<void> {
    try {
      await this.#options.beforeContact("DELETE");
      const headers = this.#headers(await this.#options.authorization?.(false, this.#signal));
      const request = { url: this.#options.url, method: "DELETE", headers, signal: this.#signal } as const;
      await discard(await this.#sender.send({ ...request, timeoutMs: 2000 }));
    } catch {
      /* it will forget the session by itself */
    }
  }
}

async function nextData(
  events: AsyncGenerator<{ readonly data: string | undefined }>,
): Promise<string | undefined> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return undefined;
    if (next.value.data !== undefined) return next.value.data;
  }
}

async function failureOf(received: Received, { url }: McpHttpOptions): Promise<CloisterError> {
  const { status, headers } = received;
  if (status === 401 || status === 403) {
    await discard(received);
    return new CloisterError(`${url.origin} wants to know who asks (${status})`, {
      code: "mcp-unauthorized",
      next: "cloister mcp login NAME",
    });
  }
  if (status >= 300 && status < 400) {
    await discard(received);
    return new CloisterError(
      `${url.origin} sends elsewhere, to ${(headers["location"] ?? "?").slice(0, 200)}`,
      {
        code: "mcp-redirect",
        next: "if that is the server's new address, put it into its definition",
      },
    );
  }
  const text = await readText(received, ERROR_BYTES_MAX).catch(() => "");
  return new CloisterError(`${url.origin} answered ${status}: ${text.slice(0, ERROR_CHARS_MAX)}`, {
    code: "mcp-refused",
    next: 'a server of the older kind needs "type": "sse"',
  });
}

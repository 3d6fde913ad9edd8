/**
 * JSON-RPC 2.0 over lines, as MCP frames it on stdio (modelcontextprotocol.io, 2025-11-25, "Transports"). A library
 * exists; its client alone would bring 270 kB, 80 ms of every start and a compiler of schemas into a process that has
 * no network and evaluates nothing.
 */
import {
  CloisterError,
  isRecord,
  messageOf,
  readLines,
  type Clock,
  type Json,
  type JsonObject,
} from "@cloister/base";
import type { McpLink } from "./link.ts";
import { textOf } from "./names.ts";

export interface RpcRequest {
  readonly method: string;
  readonly params?: JsonObject;
  /** Of silence; each word of progress begins it anew. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

/** What the server may ask of us. */
export type RpcReply =
  | { readonly kind: "result"; readonly result: JsonObject }
  | { readonly kind: "error"; readonly code: number; readonly message: string };

export interface RpcHandlers {
  request(method: string, params: JsonObject, signal: AbortSignal): Promise<RpcReply>;
  notification(method: string, params: JsonObject): void;
  /** What the server prints beside the protocol. */
  stray(text: string): void;
}

export interface Rpc {
  /**
   * @throws CloisterError `mcp-error` (the server said no), `mcp-timeout`, `mcp-ended`, `mcp-busy`; the signal's reason
   * when it is aborted. The server is told of the last two.
   */
  request(request: RpcRequest): Promise<JsonObject>;
  notify(method: string, params?: JsonObject): void;
  /** Why nothing more will come. Never rejects. */
  readonly ended: Promise<string>;
  close(): void;
}

/** A base64 image is one line. */
const LINE_CHARS_MAX = 16 * 1024 * 1024;
const PENDING_MAX = 64;
const INCOMING_MAX = 16;
const STRAY_CHARS_MAX = 4000;
/** However much progress is told. */
const REQUEST_MS_MAX = 3_600_000;
const METHOD_NOT_FOUND = -32_601;
const INVALID_REQUEST = -32_600;

interface Pending {
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: unknown) => void;
  readonly progress: (params: JsonObject) => void;
}

/** Of protocols beside MCP. */
export interface RpcDialect {
  /** The notification by which a request is taken back. */
  readonly cancelMethod?: string;
  /** Whether what was taken back is answered all the same; in MCP it is not. */
  readonly answersCancelled?: boolean;
  readonly lineCharsMax?: number;
}

export function createRpc(
  link: McpLink,
  handlers: RpcHandlers,
  clock: Clock,
  {
    cancelMethod = "notifications/cancelled",
    answersCancelled = false,
    lineCharsMax = LINE_CHARS_MAX,
  }: RpcDialect = {},
): Rpc {
  const pending = new Map<number, Pending>();
  const incoming = new Map<Json, AbortController>();
  const over = Promise.withResolvers<string>();
  let why: string | undefined;
  let lastId = 0;

  const write = (message: JsonObject): void => {
    if (why === undefined) link.write(Buffer.from(`${formatMessage({ jsonrpc: "2.0", ...message })}\n`));
  };
  const end = (reason: string): void => {
    if (why !== undefined) return;
    why = reason;
    for (const { reject } of pending.values()) reject(ended(reason));
    for (const controller of incoming.values()) controller.abort(ended(reason));
    pending.clear();
    link.kill();
    over.resolve(reason);
  };

  const settle = (id: number, message: Record<string, unknown>): void => {
    const waiting = pending.get(id);
    if (waiting === undefined) return; // it was given up meanwhile
    pending.delete(id);
    const { result, error } = message;
    if (isRecord(error)) waiting.reject(refused(error));
    else waiting.resolve((isRecord(result) ? result : {}) as JsonObject);
  };
  const answer = async (id: Json, method: string, params: JsonObject): Promise<void> => {
    if (incoming.size >= INCOMING_MAX || incoming.has(id)) {
      write({ id, error: { code: INVALID_REQUEST, message: "too much at once" } });
      return;
    }
    const controller = new AbortController();
    incoming.set(id, controller);
    try {
      const reply = await handlers.request(method, params, controller.signal);
      if (controller.signal.aborted && !answersCancelled) return;
      if (reply.kind === "result") write({ id, result: reply.result });
      else write({ id, error: { code: reply.code, message: reply.message } });
    } catch (error) {
      write({ id, error: { code: METHOD_NOT_FOUND, message: messageOf(error) } });
    } finally {
      incoming.delete(id);
    }
  };
  const hear = (method: string, params: JsonObject): void => {
    if (method === "notifications/progress") {
      pending.get(Number(params["progressToken"]))?.progress(params);
    } else if (method === cancelMethod) {
      incoming.get(params["requestId"] ?? null)?.abort(new Error("cancelled by the server"));
    } else {
      handlers.notification(method, params);
    }
  };
  const take = (line: string): void => {
    const message = parseMessage(line);
    if (message === undefined) {
      if (line.trim() !== "") handlers.stray(line.slice(0, STRAY_CHARS_MAX));
      return;
    }
    const { id, method } = message;
    const params = (isRecord(message["params"]) ? message["params"] : {}) as JsonObject;
    if (typeof method !== "string") settle(Number(id), message);
    else if (typeof id === "string" || typeof id === "number") void answer(id, method, params);
    else hear(method, params);
  };
  const read = async (): Promise<void> => {
    for await (const line of readLines(
      onlyOut(link, (text) => handlers.stray(text)),
      { lineCharsMax },
    )) {
      take(line);
    }
    const { exitCode, signal } = await link.ended;
    end(signal === undefined ? `it ended with exit code ${exitCode ?? "unknown"}` : `it died of ${signal}`);
  };
  read().catch((error: unknown) => end(messageOf(error)));

  return {
    request: ({ method, params = {}, timeoutMs, signal, onProgress }) => {
      if (why !== undefined) return Promise.reject(ended(why));
      if (signal.aborted) return Promise.reject(reasonOf(signal));
      if (pending.size >= PENDING_MAX) return Promise.reject(busy());
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
      const latest = clock.now() + REQUEST_MS_MAX;
      let deadline = clock.now() + timeoutMs;
      const giveUp = (error: unknown, reason: string): void => {
        if (!pending.delete(id)) return;
        write({ method: cancelMethod, params: { requestId: id, reason } });
        reject(error);
      };
      const watch = async (done: AbortSignal): Promise<void> => {
        for (let left = timeoutMs; left > 0; left = Math.min(deadline, latest) - clock.now()) {
          await clock.sleep(left, done);
        }
        giveUp(timedOut(method, timeoutMs), "timeout");
      };
      const onAbort = (): void => giveUp(reasonOf(signal), "cancelled by the user");
      const done = new AbortController();
      pending.set(id, {
        resolve,
        reject,
        progress: (word) => {
          deadline = clock.now() + timeoutMs;
          onProgress?.(progressText(word));
        },
      });
      signal.addEventListener("abort", onAbort, { once: true });
      watch(done.signal).catch(() => {
        /* answered in time */
      });
      const meta = onProgress === undefined ? {} : { _meta: { progressToken: id } };
      write({ id, method, params: { ...params, ...meta } });
      return promise.finally(() => {
        done.abort();
        signal.removeEventListener("abort", onAbort);
      });
    },
    notify: (method, params) => write({ method, ...(params === undefined ? {} : { params }) }),
    ended: over.promise,
    close: () => end("it was closed"),
  };
}

/** Half a character, as a cut text ends in or a model writes it, is an escape that strict readers refuse the line for. */
function formatMessage(message: JsonObject): string {
  const text = JSON.stringify(message);
  if (!text.includes("\\ud")) return text;
  return JSON.stringify(message, (_name, value: Json) =>
    typeof value === "string" ? value.toWellFormed() : value,
  );
}

async function* onlyOut(link: McpLink, stray: (text: string) => void): AsyncGenerator<Uint8Array> {
  for await (const { stream, bytes } of link.output) {
    if (stream === "out") yield bytes;
    else stray(Buffer.from(bytes).toString("utf8").slice(0, STRAY_CHARS_MAX));
  }
}

/** Undefined for what is no message: servers print banners. Batches were removed from MCP in 2025-06-18. */
function parseMessage(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && value["jsonrpc"] === "2.0" ? value : undefined;
  } catch {
    return undefined; // the caller keeps the line for whoever looks for the cause
  }
}

const PROGRESS_CHARS_MAX = 300;

function progressText({ progress, total, message }: JsonObject): string {
  const count = [progress, ...(total === undefined ? [] : [total])].map(textOf).join("/");
  return `${count}${typeof message === "string" ? ` ${message.slice(0, PROGRESS_CHARS_MAX)}` : ""}\n`;
}

const ERROR_CHARS_MAX = 2000;

function refused({ code, message }: Record<string, unknown>): CloisterError {
  const text = typeof message === "string" ? message.slice(0, ERROR_CHARS_MAX) : "no reason given";
  return new CloisterError(`the server refused: ${text} (${String(code)})`, { code: "mcp-error" });
}

function timedOut(method: string, timeoutMs: number): CloisterError {
  return new CloisterError(`the server did not answer ${method} within ${timeoutMs / 1000} s`, {
    code: "mcp-timeout",
    next: "set a longer `timeout` (milliseconds) for the server, or look at it with cloister mcp test",
  });
}

function ended(why: string): CloisterError {
  return new CloisterError(`the server is gone: ${why}`, {
    code: "mcp-ended",
    next: "cloister mcp test NAME shows what it printed",
  });
}

function busy(): CloisterError {
  return new CloisterError(`${PENDING_MAX} requests are waiting for this server already`, {
    code: "mcp-busy",
    next: "wait for some of them",
  });
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted");
}

/** JSON-RPC 2.0 with a language server. It looks like MCP's, but has other frames, other results and another way to cancel. */
import { CloisterError, isRecord, messageOf, type Clock, type Json, type JsonObject } from "@cloister/base";
import type { McpLink } from "../mcp/link.ts";
import { encodeMessage, readMessages } from "./frames.ts";

export interface LspHandlers {
  /** What a server asks; undefined: it is not offered here. */
  request(method: string, params: JsonObject): Json | undefined;
  notification(method: string, params: JsonObject): void;
}

export interface LspRpc {
  /** @throws CloisterError `lsp-error`, `lsp-timeout`, `lsp-ended`, `lsp-busy`; the signal's reason when it is aborted */
  request(
    method: string,
    params: JsonObject,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Json>;
  notify(method: string, params: JsonObject): void;
  /** Why nothing more will come. Never rejects. */
  readonly ended: Promise<string>;
  close(): void;
}

const PENDING_MAX = 64;
const ERROR_CHARS_MAX = 1000;
const METHOD_NOT_FOUND = -32_601;
/** The text changed meanwhile: the server asks to be asked again (LSP 3.17, `ContentModified`). */
const CONTENT_MODIFIED = -32_801;
const AGAIN_MAX = 3;

interface Pending {
  readonly resolve: (result: Json) => void;
  readonly reject: (error: unknown) => void;
}

export function createLspRpc(link: McpLink, handlers: LspHandlers, clock: Clock): LspRpc {
  const pending = new Map<number, Pending>();
  const over = Promise.withResolvers<string>();
  let why: string | undefined;
  let lastId = 0;

  const end = (reason: string): void => {
    if (why !== undefined) return;
    why = reason;
    for (const { reject } of pending.values()) reject(ended(reason));
    pending.clear();
    link.kill();
    over.resolve(reason);
  };
  const write = (message: JsonObject): void => {
    if (why !== undefined) return;
    try {
      link.write(encodeMessage({ jsonrpc: "2.0", ...message }));
    } catch (error) {
      end(messageOf(error)); // it takes nothing any more
    }
  };
  const take = (message: unknown): void => {
    if (!isRecord(message)) return;
    const { id, method } = message;
    const params = (isRecord(message["params"]) ? message["params"] : {}) as JsonObject;
    if (typeof method !== "string") settle(Number(id), message);
    else if (typeof id !== "string" && typeof id !== "number") handlers.notification(method, params);
    else {
      const result = handlers.request(method, params);
      if (result !== undefined) write({ id, result });
      else write({ id, error: { code: METHOD_NOT_FOUND, message: "not offered here" } });
    }
  };
  const settle = (id: number, { result, error }: Record<string, unknown>): void => {
    const waiting = pending.get(id);
    if (waiting === undefined) return; // it was given up meanwhile
    pending.delete(id);
    if (isRecord(error)) waiting.reject(refused(error));
    else waiting.resolve((result ?? null) as Json);
  };
  const read = async (): Promise<void> => {
    for await (const message of readMessages(onlyOut(link))) take(message);
    const { exitCode, signal } = await link.ended;
    end(signal === undefined ? `it ended with exit code ${exitCode ?? "unknown"}` : `it died of ${signal}`);
  };
  read().catch((error: unknown) => end(messageOf(error)));

  const once: LspRpc["request"] = async (method, params, { timeoutMs, signal }) => {
    signal.throwIfAborted();
    if (why !== undefined) throw ended(why);
    if (pending.size >= PENDING_MAX) throw busy();
    const id = ++lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    pending.set(id, { resolve, reject });
    const done = new AbortController();
    const giveUp = (error: unknown): void => {
      if (!pending.delete(id)) return;
      write({ method: "$/cancelRequest", params: { id } });
      reject(error);
    };
    const onAbort = (): void => giveUp(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    clock.sleep(timeoutMs, done.signal).then(
      () => giveUp(timedOut(method, timeoutMs)),
      () => {
        /* answered in time */
      },
    );
    write({ id, method, params });
    try {
      return await promise;
    } finally {
      done.abort();
      signal.removeEventListener("abort", onAbort);
    }
  };

  return {
    request: async (method, params, options) => {
      for (let again = 0; ; again++) {
        try {
          return await once(method, params, options);
        } catch (error) {
          if (again >= AGAIN_MAX || !(error instanceof Modified)) throw error;
        }
      }
    },
    notify: (method, params) => write({ method, params }),
    ended: over.promise,
    close: () => end("it was closed"),
  };
}

/** What it prints beside is for a person at a terminal; it has to be read all the same, or the server stands still. */
async function* onlyOut(link: McpLink): AsyncGenerator<Uint8Array> {
  for await (const { stream, bytes } of link.output) {
    if (stream === "out") yield bytes;
  }
}

class Modified extends CloisterError {}

function refused({ code, message }: Record<string, unknown>): CloisterError {
  const text = typeof message === "string" ? message.slice(0, ERROR_CHARS_MAX) : "no reason given";
  const detail = { code: "lsp-error", next: "look at the position, or do it with Grep and Edit" };
  const words = `the language server refused: ${text}`;
  return code === CONTENT_MODIFIED ? new Modified(words, detail) : new CloisterError(words, detail);
}

function timedOut(method: string, timeoutMs: number): CloisterError {
  return new CloisterError(`the language server did not answer ${method} within ${timeoutMs / 1000} s`, {
    code: "lsp-timeout",
    next: "try again later, for it may still be reading the project; Grep finds names too",
  });
}

function ended(why: string): CloisterError {
  return new CloisterError(`the language server is gone: ${why}`, {
    code: "lsp-ended",
    next: "go on without it: Grep finds names too",
  });
}

function busy(): CloisterError {
  return new CloisterError(`${PENDING_MAX} requests wait for the language server already`, {
    code: "lsp-busy",
    next: "wait for some of them",
  });
}

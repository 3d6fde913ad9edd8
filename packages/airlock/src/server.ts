/** The airlock's door for other programs on this machine: three protocols, the same stages as for our own agent. */
import { chmodSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { CloisterError, isRecord, parseJson, sha256 } from "@cloister/base";
import {
  chatProtocol,
  messagesProtocol,
  parseCountTokens,
  responsesProtocol,
  writeCountTokens,
  writeModels,
  type Protocol,
} from "@cloister/wire";
import { closeServer } from "./keeper.ts";
import { countTokens } from "./count.ts";
import { answerAtDoor, goneSignal, readBody, sendFailure, sendJson } from "./door.ts";
import type { Router } from "./router.ts";
import { openSession, type AirlockSession, type Client, type SessionOptions } from "./session.ts";

export interface AirlockServerOptions {
  readonly router: Router;
  readonly session: Omit<SessionOptions, "client">;
  /** `port` 0 takes a free one, on 127.0.0.1; `path` is a Unix socket for its owner alone. */
  readonly listen: { readonly port: number } | { readonly path: string };
}

export interface AirlockServer {
  /** `http://127.0.0.1:PORT` or `unix:PATH`. */
  readonly address: string;
  close(): Promise<void>;
}

const doors: Readonly<Record<string, Protocol>> = {
  "/chat/completions": chatProtocol,
  "/messages": messagesProtocol,
  "/responses": responsesProtocol,
};

const CONNECTIONS_MAX = 1024;
const SESSIONS_MAX = 256;

export async function openAirlockServer(options: AirlockServerOptions): Promise<AirlockServer> {
  const sessions = new Sessions(options.session);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void handle(options, sessions, request, response);
  });
  server.requestTimeout = 0;
  server.timeout = 0;
  server.maxConnections = CONNECTIONS_MAX;
  // Codex tries a WebSocket first, and falls back after one refusal.
  server.on("upgrade", (_request, socket) =>
    socket.end("HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\n\r\n"),
  );
  const { listen } = options;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    if ("path" in listen) server.listen(listen.path, resolve);
    else server.listen(listen.port, "127.0.0.1", resolve);
  });
  if ("path" in listen) chmodSync(listen.path, 0o600);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    address: "path" in listen ? `unix:${listen.path}` : `http://127.0.0.1:${port}`,
    close: () => closeServer(server),
  };
}

async function handle(
  options: AirlockServerOptions,
  sessions: Sessions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? "/").replace(/\?.*$/, "").replace(/^\/v1(?=\/)/, "");
  const door = doors[path] ?? (path.startsWith("/messages") ? messagesProtocol : chatProtocol);
  try {
    refuseBrowsers(request);
    if (request.method === "POST" && doors[path] !== undefined) {
      await answerModel(options, sessions, door, request, response);
    } else if (request.method === "POST" && path === "/messages/count_tokens") {
      await answerCount(options, request, response);
    } else if (request.method === "GET" && path === "/models") {
      const models = options.router.models.map((id) => ({ id, created: 0, ownedBy: "cloister" }));
      sendJson(response, 200, writeModels(models, isAnthropic(request) ? "anthropic" : "openai"));
    } else if (
      (request.method === "GET" || request.method === "HEAD") &&
      (path === "/" || path === "/api/hello")
    ) {
      response
        .writeHead(200, { "content-type": "text/plain" })
        .end(request.method === "GET" ? "cloister airlock\n" : undefined);
    } else {
      throw new CloisterError(`there is no ${request.method} ${path} here`, {
        code: "not-found",
        next: "POST /v1/chat/completions, /v1/messages, /v1/messages/count_tokens, /v1/responses; GET /v1/models",
      });
    }
  } catch (error) {
    sendFailure(response, door, error);
  }
}

async function answerModel(
  { router }: AirlockServerOptions,
  sessions: Sessions,
  door: Protocol,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const signal = goneSignal(response);
  const body = await readBody(request);
  const value = parseJson(body.toString("utf8"), "the request");
  if (!isRecord(value) || typeof value["model"] !== "string") {
    throw new CloisterError("the request names no model", { code: "bad-request", next: 'add "model"' });
  }
  const { endpoint, route } = router.find(value["model"], door);
  const session = sessions.find(clientOf(request), endpoint.id, value[door.itemsField]);
  await answerAtDoor({ session, endpoint, route, body, signal }, response);
}

async function answerCount(
  { router }: AirlockServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const value = parseJson((await readBody(request)).toString("utf8"), "the request");
  if (!isRecord(value)) throw new CloisterError("the request is not an object", { code: "bad-request" });
  const turn = parseCountTokens(value as Parameters<typeof parseCountTokens>[0]);
  router.find(turn.model, messagesProtocol);
  // Counted here: nothing is shown to any model for it.
  sendJson(response, 200, writeCountTokens(countTokens(turn)), { "x-cloister-estimate": "1" });
}

/** A page in a browser can reach loopback too. It says where it comes from, and programs do not. */
function refuseBrowsers({ headers }: IncomingMessage): void {
  const host = headers.host?.replace(/:\d+$/, "") ?? "";
  const isLocal = host === "" || host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
  if (headers.origin !== undefined || !isLocal) {
    throw new CloisterError("requests from web pages, or under another host's name, are not answered", {
      code: "foreign-origin",
      next: "use http://127.0.0.1 from a program",
    });
  }
}

function isAnthropic({ headers }: IncomingMessage): boolean {
  return headers["anthropic-version"] !== undefined || headers["x-api-key"] !== undefined;
}

/** What the client says of itself, such as `claude-cli/2.1.329 (…)`. */
function clientOf({ headers }: IncomingMessage): Client {
  const [, name = "unknown", version = ""] =
    /^([\w.@-]{1,64})\/([\w.+-]{1,64})/.exec(headers["user-agent"] ?? "") ?? [];
  return { name, version, evidence: "claimed" };
}

/** One session for one conversation, which is known again by how it begins. The least recently used one goes first. */
class Sessions {
  readonly #options: Omit<SessionOptions, "client">;
  readonly #open = new Map<string, AirlockSession>();

  constructor(options: Omit<SessionOptions, "client">) {
    this.#options = options;
  }

  find(client: Client, endpoint: string, items: unknown): AirlockSession {
    const key = sha256(JSON.stringify([client.name, endpoint, beginning(items)])).toString("base64");
    const session = this.#open.get(key) ?? openSession({ ...this.#options, client });
    this.#open.delete(key);
    this.#open.set(key, session);
    const [oldest] = this.#open.keys();
    if (this.#open.size > SESSIONS_MAX && oldest !== undefined) this.#open.delete(oldest);
    return session;
  }
}

/** Everything up to the first thing the user said: it stays, however long the conversation grows. */
function beginning(items: unknown): unknown {
  if (!Array.isArray(items)) return items;
  const first = items.findIndex((item) => isRecord(item) && item["role"] === "user");
  return items.slice(0, first + 1);
}

/** The airlock's door for other programs on this machine: three protocols, the same stages as for our own agent. */
import { chmodSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { CloisterError, isRecord, parseJson, type JsonObject } from "@cloister/base";
import { builtInPolicy, classify, decideClient } from "@cloister/policy";
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
import { createBodies, type Bodies } from "./bodies.ts";
import { createBodyBudget, type BodyBudget } from "./body-budget.ts";
import { createServerCounter, type ServerCounter } from "./count.ts";
import { answerAtDoor, goneSignal, sendFailure, sendJson } from "./door.ts";
import { createEstimator, type Estimator } from "./estimate.ts";
import { answerPlain, plainPaths } from "./plain.ts";
import { maySee } from "./endpoint-facts.ts";
import { recogniseClient } from "./recognise.ts";
import { recordBan } from "./record-decision.ts";
import { formatRule } from "./stages/decide.ts";
import type { Router } from "./router.ts";
import { alone, type Client, type SessionOptions } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";

export interface AirlockServerOptions {
  readonly router: Router;
  readonly session: Omit<SessionOptions, "client">;
  /** `port` 0 takes a free one, on 127.0.0.1; `path` is a Unix socket for its owner alone. */
  readonly listen: { readonly port: number } | { readonly path: string };
  /** Of waiting for a model server that counts tokens, before they are estimated. */
  readonly countWaitMsMax?: number;
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
/** Requests whose next one is read as what it adds. */
const BODIES_MAX = 64;
export async function openAirlockServer(options: AirlockServerOptions): Promise<AirlockServer> {
  const estimator = createEstimator();
  const sessions = createSessions({ ...options.session, onUsage: (known) => estimator.learn(known) });
  const bodies = createBodies({ seenMax: BODIES_MAX });
  const house = {
    ...options,
    bodies,
    budget: createBodyBudget(),
    sessions,
    estimator,
    counter: createServerCounter(options.countWaitMsMax),
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void handle(house, request, response);
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
    close: async () => {
      await closeServer(server);
      await sessions.close();
    },
  };
}

interface House extends AirlockServerOptions {
  readonly bodies: Bodies;
  readonly budget: BodyBudget;
  readonly sessions: Sessions;
  readonly estimator: Estimator;
  readonly counter: ServerCounter;
}

async function handle(house: House, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = plainPath(request.url ?? "/");
  const door = doors[path] ?? (path.startsWith("/messages") ? messagesProtocol : chatProtocol);
  try {
    refuseBrowsers(request);
    if (request.method === "POST" && doors[path] !== undefined) {
      await answerModel(house, door, request, response);
    } else if (request.method === "POST" && path === "/messages/count_tokens") {
      await answerCount(house, request, response);
    } else if (request.method === "POST" && isPlain(path)) {
      await answerPlainRoute(house, path, request, response);
    } else if (request.method === "GET" && /^\/models(\/|$)/.test(path)) {
      answerModels(house, path, request, response);
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
        next:
          "POST /v1/chat/completions, /v1/messages, /v1/messages/count_tokens, /v1/responses, /v1/embeddings, " +
          "/v1/completions; GET /v1/models",
      });
    }
  } catch (error) {
    sendFailure(response, door, error);
  }
}

/** However a client spells it, a route is the same route, with the same rules. */
function plainPath(url: string): string {
  const [path = ""] = url.split(/[?#]/, 1);
  const plain = path.replaceAll(/\/+/g, "/").replace(/\/$/, "");
  // Names of models have their own spelling.
  const [, route = plain, name = ""] = /^((?:\/v1)?\/models)(\/.*)$/i.exec(plain) ?? [];
  return `${route.toLowerCase().replace(/^\/v1(?=\/|$)/, "")}${name}` || "/";
}

async function answerModel(
  house: House,
  door: Protocol,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { router, sessions, bodies } = house;
  const signal = goneSignal(response);
  const body = await house.budget.read(request, response);
  const value = bodies.parse(body, door.itemsField);
  const { headers } = request;
  const client = recogniseClient(headers, value);
  refuseBanned(house, client);
  const to = router.find(modelOf(value), door);
  const { endpoint, route } = to;
  const alternatives = router.others(to, { anyModel: true });
  const session = sessions.find({ client, endpoint, door, headers, body, request: () => value });
  await answerAtDoor({ session, endpoint, route, alternatives, body, request: value, signal }, response);
}

/** What the server says, or else an estimate; a client that is refused the count asks a model for it instead. */
async function answerCount(house: House, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { router, sessions, estimator, counter } = house;
  const { onTrouble } = house.session;
  const signal = goneSignal(response);
  const body = await house.budget.read(request, response);
  const value = parseRequest(body);
  const client = recogniseClient(request.headers, value);
  // An estimate shows nobody anything, but a ban is one from every door.
  refuseBanned(house, client);
  const turn = parseCountTokens(value);
  const { endpoint, route } = router.find(turn.model, messagesProtocol);
  if (counter.asks(endpoint)) {
    const from = { client, endpoint, door: messagesProtocol };
    const asking = { ...from, headers: request.headers, body, request: () => value };
    const session = sessions.known(asking) ?? alone(sessions.aside(from, "count"));
    const counted = await counter.count({ session, endpoint, route, body, signal });
    if (counted !== undefined) return sendJson(response, 200, writeCountTokens(counted));
  }
  const tokens = estimator.estimate(turn, { endpoint, model: route.model });
  sendJson(response, 200, writeCountTokens(tokens), { "x-cloister-estimate": "1" });
  // After the first answer, which its loading would have kept waiting.
  response.once("close", () => void estimator.load().catch(onTrouble));
}

function isPlain(path: string): path is (typeof plainPaths)[number] {
  return (plainPaths as readonly string[]).includes(path);
}

async function answerPlainRoute(
  house: House,
  path: (typeof plainPaths)[number],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { router, sessions } = house;
  const signal = goneSignal(response);
  const body = await house.budget.read(request, response);
  const value = parseRequest(body);
  const client = recogniseClient(request.headers, value);
  refuseBanned(house, client);
  const to = router.find(modelOf(value), chatProtocol);
  const { endpoint, route } = to;
  // Vectors of two models do not compare: only the same model will do.
  const others = router.others(to, { anyModel: false });
  const alternatives = others.filter((other) => other.route.upstream === chatProtocol);
  const session = alone(sessions.aside({ client, endpoint, door: chatProtocol }, path));
  const arrival = { session, endpoint, route, alternatives, body, signal, path, request: value };
  await answerPlain(arrival, response);
}

/** Only what the caller may use: a model that must not be shown anything from here is not offered. */
function answerModels(house: House, path: string, request: IncomingMessage, response: ServerResponse): void {
  refuseBanned(house, recogniseClient(request.headers));
  const { policy = builtInPolicy, workspaceLabel } = house.session;
  const shape = isAnthropic(request) ? "anthropic" : "openai";
  const offered = house.router.models((endpoint) => maySee(policy, endpoint, classify(workspaceLabel)));
  const models = offered.map((id) => ({ id, created: 0, ownedBy: "cloister" }));
  const asked = decoded(path.replace(/^\/models\/?/, ""));
  if (asked === "") return sendJson(response, 200, writeModels(models, shape));
  const found = models.filter(({ id }) => id === asked);
  const { data } = writeModels(found, shape);
  if (found.length > 0 && Array.isArray(data)) return sendJson(response, 200, data[0]);
  throw new CloisterError(`there is no model "${asked}" here`, {
    code: "unknown-model",
    next: "GET /v1/models lists those that may be used",
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // half an escape: no model has such a name
  }
}

function parseRequest(body: Buffer): JsonObject {
  const value = parseJson(body.toString("utf8"), "the request");
  if (isRecord(value)) return value as JsonObject;
  throw new CloisterError("the request is not an object", { code: "bad-request" });
}

function modelOf({ model }: JsonObject): string {
  if (typeof model === "string") return model;
  throw new CloisterError("the request names no model", { code: "bad-request", next: 'add "model"' });
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

/** @throws CloisterError `refused`, and it is on record */
function refuseBanned({ session }: House, client: Client): void {
  const { policy = builtInPolicy, policySha256, ledger, onTrouble, clock } = session;
  const banned = decideClient(policy, client, clock.now());
  if (banned === undefined) return;
  recordBan({ policy, policySha256, ledger, onTrouble }, client, banned.source);
  throw new CloisterError(banned.why, {
    code: "refused",
    rule: formatRule(banned.source),
    next: banned.next,
  });
}

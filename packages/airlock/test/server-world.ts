/** The airlock's server for a test: a real ledger, real HTTP on both sides, and model servers that do as they are told. */
import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createBackend, type ServerKind } from "@cloister/backend";
import { systemClock, type JsonObject } from "@cloister/base";
import { openLedger, openSide, readEntries, type Ledger } from "@cloister/ledger";
import type { Label } from "@cloister/policy";
import { chatProtocol, type Protocol } from "@cloister/wire";
import { createRouter, openAirlockServer, type SessionOptions } from "../src/index.ts";

export interface Received {
  readonly path: string;
  readonly text: string;
  readonly body: JsonObject;
}

export type Play = (received: Received, response: ServerResponse) => void | Promise<void>;

export interface Upstream {
  readonly name?: string;
  readonly protocol?: Protocol;
  readonly server?: ServerKind;
  readonly clearance?: Label;
  readonly models?: readonly string[];
  /** Nobody listens there. */
  readonly isDown?: boolean;
  readonly play: Play;
}

export interface ServerWorld extends AsyncDisposable {
  readonly url: string;
  /** What any of the model servers received, in order. */
  readonly received: Received[];
  /** Bytes that arrived at a model server's sockets, whatever they say. */
  bytesTo(name: string): number;
  post(path: string, body: unknown, headers?: IncomingHttpHeaders): Promise<Response>;
  get(path: string, headers?: IncomingHttpHeaders): Promise<Response>;
  entries(type?: string): Promise<JsonObject[]>;
  /** Once there are so many of them: results are written when the client has its answer already. */
  recorded(type: string, count?: number): Promise<JsonObject[]>;
  /** The contents of an entry's parts. */
  contents(entry: JsonObject | undefined): string;
}

export interface ServerWorldOptions {
  readonly label?: Label;
  readonly countWaitMsMax?: number;
  readonly volatile?: NonNullable<SessionOptions["volatile"]>;
  readonly wrapLedger?: (ledger: Ledger) => Ledger;
  readonly session?: Partial<SessionOptions>;
  readonly modelDefault?: string;
}

export async function createServerWorld(
  upstreams: readonly Upstream[],
  options: ServerWorldOptions = {},
): Promise<ServerWorld> {
  await using stack = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "doors-"));
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const ledger = await openLedger({ directory, clock: systemClock });
  stack.defer(() => ledger.close());
  const received: Received[] = [];
  const arrived = new Map<string, Set<Socket>>();
  const routed = await Promise.all(
    upstreams.map(async ({ name = "home", protocol = chatProtocol, clearance = "core", ...upstream }) => {
      const sockets = new Set<Socket>();
      arrived.set(name, sockets);
      const url =
        upstream.isDown === true ? nowhere : await openPlayer({ ...upstream, received, sockets }, stack);
      const backend = createBackend({ baseUrl: url, clock: systemClock });
      stack.defer(() => backend.close());
      const server = upstream.server ?? "unknown";
      const endpoint = { id: name, url, protocol, clearance, operator: "this machine", server, backend };
      return { name, models: upstream.models ?? ["m"], endpoint };
    }),
  );
  const airlock = await openAirlockServer({
    router: createRouter(routed, options.modelDefault),
    listen: { port: 0 },
    // Long enough for a busy machine: only tests of slow servers are about the time.
    countWaitMsMax: options.countWaitMsMax ?? 10_000,
    session: {
      workspaceLabel: options.label ?? "internal",
      workspace: undefined,
      ledger: options.wrapLedger?.(ledger) ?? ledger,
      clock: systemClock,
      ...(options.volatile === undefined ? {} : { volatile: options.volatile }),
      onTrouble: () => undefined,
      ...options.session,
    },
  });
  stack.defer(() => airlock.close());
  const entries = async (type?: string): Promise<JsonObject[]> => {
    const all = (await Array.fromAsync(readEntries(directory))).map(({ body }) => body);
    return all.filter((entry) => type === undefined || entry["t"] === type);
  };
  const moved = stack.move();
  return {
    url: airlock.address,
    received,
    bytesTo: (name) => [...(arrived.get(name) ?? [])].reduce((sum, { bytesRead }) => sum + bytesRead, 0),
    post: (path, body, headers = {}) =>
      ask(`${airlock.address}${path}`, { headers, body: JSON.stringify(body) }),
    get: (path, headers = {}) => ask(`${airlock.address}${path}`, { headers }),
    entries,
    recorded: async (type, count = 1) => {
      for (let tries = 0; tries < RECORD_TRIES_MAX; tries++) {
        const found = await entries(type);
        if (found.length >= count) return found;
        await systemClock.sleep(5);
      }
      return entries(type);
    },
    contents(entry) {
      const side = openSide(directory);
      try {
        const parts = Array.isArray(entry?.["parts"]) ? entry["parts"] : [];
        return parts
          .map((part) => side.open(part as JsonObject))
          .map((opened) => (opened.kind === "open" ? opened.data.toString("utf8") : opened.kind))
          .join("\n");
      } finally {
        side.close();
      }
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

function ask(
  url: string,
  { headers, body }: { headers: IncomingHttpHeaders; body?: string },
): Promise<Response> {
  const method = body === undefined ? "GET" : "POST";
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: { ...headers, "content-type": "application/json" } });
    request.on("error", reject);
    request.on("response", (answer) => {
      const fields = Object.entries(answer.headers).map(([name, value]): [string, string] => [
        name,
        String(value),
      ]);
      const stream = Readable.toWeb(answer) as ReadableStream<Uint8Array>;
      resolve(new Response(stream, { status: answer.statusCode ?? 0, headers: fields }));
    });
    request.end(body);
  });
}

/** A minute of looking: a busy machine is no failure. */
const RECORD_TRIES_MAX = 12_000;

const nowhere = "http://127.0.0.1:1/v1";

interface Player {
  readonly play: Play;
  readonly received: Received[];
  readonly sockets: Set<Socket>;
}

async function openPlayer({ play, received, sockets }: Player, stack: AsyncDisposableStack): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
      const text = Buffer.concat(chunks).toString("utf8");
      const one = { path: request.url ?? "", text, body: JSON.parse(text) as JsonObject };
      received.push(one);
      await play(one, response);
    })();
  });
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  stack.defer(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

/** A whole Chat answer that says this, and how many tokens the prompt had. */
export function chatAnswer(content: string, promptTokens = 10): JsonObject {
  return {
    id: "c",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: promptTokens, completion_tokens: 1, total_tokens: promptTokens + 1 },
  };
}

export function messagesAnswer(text: string): JsonObject {
  return {
    id: "msg",
    type: "message",
    role: "assistant",
    model: "m",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
  };
}

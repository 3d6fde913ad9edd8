/** The keeper's door: one Unix socket, which only the agent's cell can reach. Models and commands, nothing else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { chmodSync, chownSync } from "node:fs";
import { CloisterError, messageOf, parseJson } from "@cloister/base";
import { pass } from "./airlock.ts";
import { parseCommandRequest, runCommand, type CommandWorld } from "./commands.ts";
import type { AirlockSession } from "./session.ts";
import { failureText, type AnswerStream } from "./stages/dispatch.ts";

export interface KeeperOptions {
  readonly session: AirlockSession;
  readonly commands: CommandWorld;
  readonly socketPath: string;
  /** Who may connect, beside root: the user the agent runs as. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

export interface Keeper {
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 64 * 1024 * 1024;
const CONNECTIONS_MAX = 64;

export async function openKeeper(options: KeeperOptions): Promise<Keeper> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void handle(options, request, response);
  });
  // A long prefill is not an error, and a command may be silent for minutes.
  server.requestTimeout = 0;
  server.timeout = 0;
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.socketPath, resolve);
  });
  // Connecting asks for the right to write. A root keeper's agent runs as another user.
  chmodSync(options.socketPath, 0o600);
  if (process.getuid?.() === 0) chownSync(options.socketPath, options.owner.uid, options.owner.gid);
  return { close: () => closeServer(server) };
}

async function handle(
  options: KeeperOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) {
      gone.abort(new CloisterError("the client went away", { code: "cancelled" }));
    }
  });
  try {
    switch (`${request.method} ${request.url}`) {
      case "POST /v1/chat/completions":
        await answerModel(options.session, await readBody(request), response, gone.signal);
        return;
      case "POST /cloister/commands": {
        const body = parseCommandRequest(
          parseJson((await readBody(request)).toString("utf8"), "the command"),
        );
        sendJson(
          response,
          200,
          JSON.stringify(await runCommand(options.session, options.commands, body, gone.signal)),
        );
        return;
      }
      default:
        throw new CloisterError(`there is no ${request.method} ${request.url} here`, { code: "not-found" });
    }
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendJson(response, statusOf(error), failureText(error));
  }
}

async function answerModel(
  session: AirlockSession,
  body: Buffer,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const answer = await pass({ session, body, signal });
  if ("kind" in answer) {
    const { rule, why, next } = answer.decision;
    sendJson(
      response,
      403,
      JSON.stringify({ error: { message: why, type: "cloister_refusal", code: "refused", rule, next } }),
    );
    return;
  }
  response.writeHead(answer.status, { "content-type": answer.contentType });
  await relay(answer, response);
  response.end();
}

/** Events that arrive together leave together: each small write costs more than the event in it. */
async function relay(answer: AnswerStream, response: ServerResponse): Promise<void> {
  let corked = false;
  for await (const event of answer.events) {
    if (!corked) {
      corked = true;
      response.cork();
      setImmediate(() => {
        corked = false;
        response.uncork();
      });
    }
    // Gone already: leaving the loop lets the stages settle, and nothing would ever drain.
    if (response.destroyed) break;
    if (!response.write(event.bytes)) await drained(response);
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) {
      throw new CloisterError(`the request is longer than ${BODY_BYTES_MAX} bytes`, {
        code: "request-too-long",
      });
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

const statuses: Readonly<Record<string, number>> = {
  "bad-json": 400,
  "bad-request": 400,
  "bad-command": 400,
  "request-too-long": 413,
  "not-found": 404,
  "endpoint-unreachable": 502,
  "upstream-broken": 502,
};

function statusOf(error: unknown): number {
  return error instanceof CloisterError ? (statuses[error.code] ?? 500) : 500;
}

function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(text);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(new Error(messageOf(error)))));
    server.closeAllConnections();
  });
}

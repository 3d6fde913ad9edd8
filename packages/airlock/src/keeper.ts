/** The keeper's door: one Unix socket, which only the agent's cell can reach. Models and commands, nothing else. */
import { chmodSync, chownSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { CloisterError, messageOf, parseJson, type JsonObject } from "@cloister/base";
import { chatProtocol } from "@cloister/wire";
import { changedCallBytesMax, judgeChanged, parseChangedCall } from "./changed-call.ts";
import type { CommandWorld } from "./command-begin.ts";
import { parseCommandRequest } from "./commands.ts";
import { answerCommand } from "./command-stream.ts";
import { createBodyBudget, type BodyBudget } from "./body-budget.ts";
import { guardedFileBytesMax, parseGuardedFile, writeGuardedFile } from "./guarded-file.ts";
import { answerAtDoor, goneSignal, sendFailure, sendJson } from "./door.ts";
import { PROCESS_PATH, PROCESS_PROTOCOL } from "./process-frames.ts";
import type { ProcessWorld } from "./process-definition.ts";
import { createProcesses } from "./processes.ts";
import { createRoute, type Route } from "./route.ts";
import type { Endpoint } from "./endpoint.ts";
import { createFallbacks, type Fallbacks } from "./fallback.ts";
import { modelIn, type OtherModels } from "./other-models.ts";
import type { AirlockSession } from "./session.ts";
import { createTurnstile, type Turnstile } from "./turnstile.ts";
import { warmUp } from "./warm.ts";
import { formatWebAnswer, parseWebRequest, type Web } from "./web/web.ts";

export interface KeeperOptions {
  readonly session: AirlockSession;
  readonly endpoint: Endpoint;
  /** The model's name at the endpoint. */
  readonly model: string;
  /** Those that the agent may ask for beside it; without it there are none, and each request is for `model`. */
  readonly others?: OtherModels;
  /** Those of them that answer in its place when it is down, in order; see `OtherModels.find`. */
  readonly fallbacks?: readonly string[];
  /** The model's window, where it is known. */
  readonly contextTokens?: number | undefined;
  readonly commands: CommandWorld;
  /** Servers and hooks that the agent may start by name; without it there are none. */
  readonly processes?: ProcessWorld;
  /** Pages that the agent may ask for; without it there are none. */
  readonly web?: Web;
  readonly socketPath: string;
  /** Who may connect, beside root: the user the agent runs as. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /**
   * What every request of the session begins with, shown to the server at once, while a person is still typing. For a
   * session that begins with a task there is nothing to gain.
   */
  readonly warmUp?: JsonObject;
}

export interface Keeper {
  close(): Promise<void>;
}

/** The agent's requests, and as many processes as may run at once. */
const CONNECTIONS_MAX = 128;
/** Of a command, or an address: more than the longest ones that are taken, escaped. */
const WISH_BYTES_MAX = 1024 * 1024;
/** Hooks change a call or two at a time. Each one judged may be a question to a person, and starts hooks in cells. */
const CHANGED_CALLS_MAX = 16;

export async function openKeeper(options: KeeperOptions): Promise<Keeper> {
  // Our agent speaks Chat; the endpoint speaks what it speaks.
  const route = createRoute(chatProtocol, options.endpoint.protocol, options.model, options.contextTokens);
  const warming = options.warmUp === undefined ? undefined : warmUp({ ...options, route }, options.warmUp);
  const { others } = options;
  const fallbacks = createFallbacks({
    own: options.model,
    ...(others === undefined
      ? { names: [], find: () => Promise.reject(new TypeError("there are no others")) }
      : { names: options.fallbacks ?? [], find: (asked, session) => others.find(asked, session) }),
  });
  const bodies = createBodyBudget();
  const changed = createTurnstile(CHANGED_CALLS_MAX);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    // Whatever comes first, a person has begun: the server shall have its hands free.
    warming?.cancel();
    void handle({ ...options, route, chain: fallbacks, bodies, changed }, request, response);
  });
  const processes = createProcesses(options);
  server.on("upgrade", (request, socket, head) => {
    if (
      `${request.method} ${request.url}` !== `POST ${PROCESS_PATH}` ||
      request.headers.upgrade !== PROCESS_PROTOCOL
    ) {
      socket.on("error", () => {
        /* gone before it heard that there is nothing here */
      });
      socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    warming?.cancel();
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${PROCESS_PROTOCOL}\r\n\r\n`,
    );
    processes.serve(socket, head);
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
  return {
    close: async () => {
      warming?.cancel();
      await Promise.all([closeServer(server), processes.close(), warming?.ended]);
    },
  };
}

async function handle(
  options: KeeperOptions & {
    readonly route: Route;
    readonly chain: Fallbacks;
    readonly bodies: BodyBudget;
    readonly changed: Turnstile;
  },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const signal = goneSignal(response);
  const { session, endpoint, route, chain, bodies, changed } = options;
  try {
    switch (`${request.method} ${request.url}`) {
      case "POST /v1/chat/completions": {
        const body = await bodies.read(request, response);
        const asked = options.others === undefined ? options.model : (modelIn(body) ?? options.model);
        const place =
          asked === options.model ? { session, endpoint, route } : await options.others?.find(asked, session);
        const arrival = { session, endpoint, route, ...place, body, signal };
        if (asked === options.model) await answerAtDoor(arrival, response, (one) => chain.pass(one));
        else await answerAtDoor(arrival, response);
        return;
      }
      case "POST /cloister/commands": {
        const body = parseCommandRequest(
          parseJson((await bodies.read(request, response, WISH_BYTES_MAX)).toString("utf8"), "the command"),
        );
        await answerCommand({ session, world: options.commands, body, signal }, request, response);
        return;
      }
      case "POST /cloister/calls": {
        const body = await bodies.read(request, response, changedCallBytesMax);
        const call = parseChangedCall(parseJson(body.toString("utf8"), "the call"));
        sendJson(response, 200, await changed.pass(() => judgeChanged(session, call, signal)));
        return;
      }
      case "POST /cloister/files": {
        const body = await bodies.read(request, response, guardedFileBytesMax);
        const file = parseGuardedFile(parseJson(body.toString("utf8"), "the file"));
        const world = { view: options.commands.view, owner: options.owner };
        sendJson(response, 200, await writeGuardedFile(session, world, file));
        return;
      }
      case "POST /cloister/web": {
        if (options.web === undefined) {
          throw new CloisterError("no pages are fetched here", { code: "not-found" });
        }
        const url = parseWebRequest(
          parseJson((await bodies.read(request, response, WISH_BYTES_MAX)).toString("utf8"), "the address"),
        );
        sendJson(response, 200, formatWebAnswer(await options.web.get(url, signal)));
        return;
      }
      default:
        throw new CloisterError(`there is no ${request.method} ${request.url} here`, { code: "not-found" });
    }
  } catch (error) {
    sendFailure(response, chatProtocol, error);
  }
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(new Error(messageOf(error)))));
    server.closeAllConnections();
  });
}

/** The keeper's door: one Unix socket, which only the agent's cell can reach. Models and commands, nothing else. */
import { chmodSync, chownSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { CloisterError, messageOf, parseJson } from "@cloister/base";
import { chatProtocol } from "@cloister/wire";
import { parseCommandRequest, runCommand, type CommandWorld } from "./commands.ts";
import { answerAtDoor, goneSignal, readBody, sendFailure, sendJson } from "./door.ts";
import { createRoute, type Route } from "./route.ts";
import type { AirlockSession, Endpoint } from "./session.ts";

export interface KeeperOptions {
  readonly session: AirlockSession;
  readonly endpoint: Endpoint;
  /** The model's name at the endpoint; the agent may ask for no other. */
  readonly model: string;
  readonly commands: CommandWorld;
  readonly socketPath: string;
  /** Who may connect, beside root: the user the agent runs as. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

export interface Keeper {
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 64;

export async function openKeeper(options: KeeperOptions): Promise<Keeper> {
  // Our agent speaks Chat; the endpoint speaks what it speaks.
  const route = createRoute(chatProtocol, options.endpoint.protocol, options.model);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void handle(options, route, request, response);
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
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const signal = goneSignal(response);
  const { session, endpoint } = options;
  try {
    switch (`${request.method} ${request.url}`) {
      case "POST /v1/chat/completions":
        await answerAtDoor({ session, endpoint, route, body: await readBody(request), signal }, response);
        return;
      case "POST /cloister/commands": {
        const body = parseCommandRequest(
          parseJson((await readBody(request)).toString("utf8"), "the command"),
        );
        sendJson(response, 200, await runCommand(session, options.commands, body, signal));
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

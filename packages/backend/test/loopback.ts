// Servers of the tests, on loopback: one that misbehaves on the wire, one that answers by a table.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";

export interface Listening {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Calls `onRequest` for each whole request on a connection, with its number on that connection, from 1. */
export async function listenRaw(
  onRequest: (socket: Socket, nth: number, body: Buffer) => void,
): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let pending = Buffer.alloc(0);
    let nth = 0;
    socket.on("error", () => {}); // Resets are what these tests are about.
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      const head = pending.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(pending.toString("latin1"))?.[1] ?? 0);
      if (head < 0 || pending.length < head + 4 + length) return;
      const body = pending.subarray(head + 4, head + 4 + length);
      pending = Buffer.alloc(0);
      nth += 1;
      onRequest(socket, nth, body);
    });
  });
  return await listening(server, () => {
    for (const socket of sockets) socket.destroy();
  });
}

export async function listenHttp(
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  port = 0,
): Promise<Listening> {
  const server = createHttpServer(onRequest);
  return await listening(server, () => server.closeAllConnections(), port);
}

/** Answers GET and POST alike from a table of paths; everything else is 404. */
export async function listenTable(routes: Readonly<Record<string, unknown>>): Promise<Listening> {
  return await listenHttp((request, response) => {
    request.resume();
    const json = routes[request.url ?? ""];
    response.writeHead(json === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(json ?? { error: "not found" }));
  });
}

/** A chunked answer, as a stream of events is sent, with nothing said of closing. */
export function streamedAnswer(text: string): string {
  const chunk = `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
}

/** A port where nobody listens. */
export async function unusedPort(): Promise<number> {
  const server = await listenRaw(() => {});
  await server.close();
  return server.port;
}

async function listening(server: Server, endConnections: () => void, at = 0): Promise<Listening> {
  server.listen(at, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    async close() {
      const closed = once(server, "close");
      server.close();
      endConnections();
      await closed;
    },
  };
}

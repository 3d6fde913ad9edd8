// Proxies of the tests: whatever name they are asked for, they connect to one port on loopback.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Identity } from "./certificates.ts";

export interface ProxyServer {
  readonly port: number;
  /** What was asked for, as it was asked: "models.example:443", or a SOCKS request in hexadecimal. */
  readonly asked: string[];
  /** Every byte that clients sent through. */
  readonly carried: Buffer[];
  /** Connections that clients hold now. */
  open(): number;
  close(): Promise<void>;
}

export interface ProxyBehaviour {
  /** Where every connection really goes. */
  readonly targetPort: number;
  /** Wanted from the client, as "user:password". */
  readonly credentials?: string;
  /** CONNECT's answer instead of a connection; for SOCKS the reply's number. 0: none at all. */
  readonly answer?: number;
  readonly tls?: Identity;
}

export async function listenConnectProxy(behaviour: ProxyBehaviour): Promise<ProxyServer> {
  const { targetPort, credentials, answer, tls } = behaviour;
  const refuse = (_request: unknown, response: { writeHead(status: number): { end(): void } }): void => {
    response.writeHead(405).end();
  };
  const server = tls === undefined ? createHttpServer(refuse) : createHttpsServer(tls, refuse);
  const proxy = await listening(server);
  server.on("connect", (request, socket: Duplex) => {
    proxy.asked.push(request.url ?? "");
    socket.on("error", () => {});
    // Node's HTTP server leaves a connection half open that its client has ended.
    socket.on("end", () => socket.destroy()).resume();
    const wanted = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (wanted !== undefined && request.headers["proxy-authorization"] !== wanted) {
      return socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    }
    if (answer === 0) return;
    if (answer !== undefined) return socket.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
    carry(proxy, socket, targetPort, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
  });
  return proxy;
}

/** Takes a request apart exactly as RFC 1928 has it, from one piece of bytes per step. */
export async function listenSocksProxy(behaviour: ProxyBehaviour): Promise<ProxyServer> {
  const { targetPort, credentials, answer } = behaviour;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    void serve(socket);
  });
  const proxy = await listening(server);

  async function serve(socket: Socket): Promise<void> {
    const [greeting] = (await once(socket, "data")) as [Buffer];
    const methods = greeting.subarray(2);
    if (greeting[0] !== 5 || greeting[1] !== methods.length) return void socket.destroy();
    if (credentials === undefined) socket.write(Buffer.from([5, 0]));
    else {
      if (!methods.includes(2)) return void socket.end(Buffer.from([5, 0xff]));
      socket.write(Buffer.from([5, 2]));
      const [login] = (await once(socket, "data")) as [Buffer];
      const userEnd = 2 + (login[1] ?? 0);
      const password = login.subarray(userEnd + 1);
      const isWhole = login[0] === 1 && login[userEnd] === password.length;
      const seen = Buffer.concat([login.subarray(2, userEnd), Buffer.from(":"), password]).toString();
      if (!isWhole || seen !== credentials) return void socket.end(Buffer.from([1, 1]));
      socket.write(Buffer.from([1, 0]));
    }
    const [request] = (await once(socket, "data")) as [Buffer];
    proxy.asked.push(request.toString("hex"));
    if (answer === 0) return;
    // In two pieces, and with a name as the bound address: the longest form there is.
    const reply = (code: number): void => {
      socket.write(Buffer.from([5, code, 0]));
      setImmediate(() => socket.write(Buffer.from([3, 2, 0x61, 0x62, 0, 80])));
    };
    if (answer !== undefined) return reply(answer);
    carry(proxy, socket, targetPort, () => reply(0));
  }
  return proxy;
}

function carry(proxy: ProxyServer, client: Duplex, targetPort: number, onOpen: () => void): void {
  const target = connect(targetPort, "127.0.0.1", onOpen);
  client.on("data", (bytes: Buffer) => {
    proxy.carried.push(bytes);
    target.write(bytes);
  });
  target.pipe(client);
  target.on("error", () => client.destroy());
  target.on("close", () => client.destroy());
  client.on("close", () => target.destroy());
}

async function listening(server: Server): Promise<ProxyServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening on a port");
  return {
    port: address.port,
    asked: [],
    carried: [],
    open: () => sockets.size,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

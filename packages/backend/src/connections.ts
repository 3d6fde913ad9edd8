// The dispatchers everything goes out through, and what is known of a connection that failed.

import { lookup as lookUpByDns } from "node:dns";
import type { LookupFunction, Socket } from "node:net";
import { Agent, buildConnector } from "undici";
import type { Dispatcher } from "undici";
import { isLocalhost } from "./url.ts";

const connectTimeoutMs = 10_000;

/** One pool of connections to an endpoint. It never limits how long an answer takes: a prefill may last an hour. */
export interface Connections {
  /** Keeps connections alive between requests. */
  readonly shared: Dispatcher;
  /** A new connection for each request, closed after it. */
  readonly fresh: Dispatcher;
  /** The connection was never made: nothing of the request left this machine. */
  isConnectFailure(error: unknown): boolean;
  /**
   * The error ended a connection that had carried an answer before: the server had closed it, silently, between
   * two requests. llama-server does so after every streamed answer.
   */
  isStaleSocket(error: unknown): boolean;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

export function openConnections(): Connections {
  const connectFailures = new WeakSet<object>();
  const staleSockets = new WeakSet<object>();
  const connectPlain = buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup: lookUp });

  const connect: buildConnector.connector = (options, callback) => {
    connectPlain(options, (...outcome) => {
      const [error, socket] = outcome;
      if (error !== null) connectFailures.add(error);
      else watch(socket, staleSockets);
      callback(...outcome);
    });
  };
  // HTTP/1.1 only: there, ending a request ends its connection, which is what makes model servers stop.
  const options = { connect, allowH2: false, headersTimeout: 0, bodyTimeout: 0 };
  const shared = new Agent(options);
  const fresh = new Agent({ ...options, pipelining: 0 });

  return {
    shared,
    fresh,
    isConnectFailure: (error) => isObject(error) && connectFailures.has(error),
    isStaleSocket: (error) => isObject(error) && staleSockets.has(error),
    async close() {
      await Promise.all([shared.destroy(), fresh.destroy()]);
    },
  };
}

function watch(socket: Socket, staleSockets: WeakSet<object>): void {
  socket.once("error", (error) => {
    // Bytes had come on this socket, and yet the request that failed had no answer: they were an earlier answer's.
    if (socket.bytesRead > 0) staleSockets.add(error);
  });
}

/** The name `localhost` never goes to a name server: what counts as loopback must connect to loopback. */
const lookUp: LookupFunction = (hostname, options, callback) => {
  if (!isLocalhost(hostname)) return lookUpByDns(hostname, options, callback);
  const addresses = [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ];
  const wanted = addresses.filter(({ family }) => !options.family || Number(options.family) === family);
  const [first] = wanted;
  if (options.all === true) callback(null, wanted);
  else if (first !== undefined) callback(null, first.address, first.family);
  else callback(new Error(`no loopback address of family ${options.family}`), "", 0);
};

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

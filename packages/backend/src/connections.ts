// The dispatchers everything goes out through, and what is known of a connection that failed.

import { lookup as lookUpByDns } from "node:dns";
import type { LookupFunction, Socket } from "node:net";
import { messageOf } from "@cloister/base";
import type { Dispatcher } from "undici";
import buildConnector from "undici/lib/core/connect.js";
import Agent from "undici/lib/dispatcher/agent.js";
import { openNetwork } from "./network/network.ts";
import type { Network } from "./network/network.ts";
import { openTunnel } from "./network/tunnel.ts";
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
  /** What first went wrong on the connection that this error ended; the error itself when nothing did before. */
  firstFailureOf(error: unknown): unknown;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

export function openConnections(network: Network = openNetwork({})): Connections {
  const connectFailures = new WeakSet<object>();
  const staleSockets = new WeakSet<object>();
  const firstFailures = new WeakMap<object, Error>();
  const closing = new AbortController();
  const connectFirst = createConnector(network, closing.signal);

  const connect: buildConnector.connector = (options, callback) => {
    connectFirst(options, (...outcome) => {
      const [error, socket] = outcome;
      if (error !== null) connectFailures.add(error);
      else watch(socket, { staleSockets, firstFailures });
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
    firstFailureOf: (error) => (isObject(error) && firstFailures.get(error)) || error,
    async close() {
      closing.abort();
      await Promise.all([shared.destroy(), fresh.destroy()]);
    },
  };
}

/** Directly or through the house's proxy, and TLS to the endpoint over either. */
function createConnector(network: Network, closing: AbortSignal): buildConnector.connector {
  const { trust, proxyFor } = network;
  const options = { timeout: connectTimeoutMs, allowH2: false, lookup: lookUp };
  const connectPlain = buildConnector(options);
  // Made on first use: without TLS nobody waits for the system's authorities to be read.
  let secure: buildConnector.connector | undefined;
  const connectSecure: buildConnector.connector = (...call) => {
    secure ??= buildConnector({ ...options, secureContext: trust.endpoint() });
    secure(...call);
  };
  return (to, callback) => {
    const isSecure = to.protocol === "https:";
    const port = to.port === "" ? (isSecure ? 443 : 80) : Number(to.port);
    const target = { hostname: to.hostname, port };
    const proxy = proxyFor(target);
    if (proxy === undefined) {
      (isSecure ? connectSecure : connectPlain)(to, callback);
      return;
    }
    const signal = AbortSignal.any([closing, AbortSignal.timeout(connectTimeoutMs)]);
    const connectThrough = async (): Promise<void> => {
      let socket: Socket;
      try {
        // Here, where a failure reaches the request, and before the proxy is asked for anything.
        if (isSecure) trust.endpoint();
        socket = await openTunnel({ proxy, target, trust, lookup: lookUp, signal });
      } catch (error) {
        callback(error instanceof Error ? error : new Error(messageOf(error)), null);
        return;
      }
      if (isSecure) connectSecure({ ...to, httpSocket: socket }, callback);
      else callback(null, socket);
    };
    void connectThrough();
  };
}

interface Seen {
  readonly staleSockets: WeakSet<object>;
  readonly firstFailures: WeakMap<object, Error>;
}

function watch(socket: Socket, { staleSockets, firstFailures }: Seen): void {
  // On a tunnel the proxy has spoken already.
  const bytesBefore = socket.bytesRead;
  let first: Error | undefined;
  socket.on("error", (error) => {
    // Bytes had come on this socket, and yet the request that failed had no answer: they were an earlier answer's.
    if (socket.bytesRead > bytesBefore) staleSockets.add(error);
    // After an alert of TLS the stream also ends, and undici makes an error of its own of that.
    if (first === undefined) first = error;
    else firstFailures.set(error, first);
  });
}

/** The name `localhost` never goes to a name server: what counts as loopback must connect to loopback. */
export const lookUp: LookupFunction = (hostname, options, callback) => {
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

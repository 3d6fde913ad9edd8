/** One door for all that goes to an MCP server and to the authority that lets us in: judged addresses, bounded bodies. */
import { CloisterError, messageOf, systemCodeOf } from "@cloister/base";
import type { Dispatcher } from "undici";
import send from "undici/lib/api/api-request.js";
import buildConnector from "undici/lib/core/connect.js";
import Agent from "undici/lib/dispatcher/agent.js";
import { lookUp } from "../connections.ts";
import { createDial, type Dial, type DialOutcome, type DialRequest } from "../network/dial.ts";
import { openNetwork } from "../network/network.ts";
import type { NetworkOptions } from "../network/options.ts";
import { openTunnel } from "../network/tunnel.ts";
import { isLoopback } from "../url.ts";

export interface SenderOptions {
  /** Addresses inside the house are reached only where the person named them. */
  readonly reach: DialRequest["reach"];
  readonly network?: NetworkOptions;
  readonly dial?: Dial;
}

export interface SendRequest {
  readonly url: URL;
  readonly method: "GET" | "POST" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Until the headers have come. The body may take as long as it likes, unless it is read with `readText`. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Received {
  readonly status: number;
  /** Names in lower case; of repeated ones the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Sender {
  /** Redirects are not followed. @throws CloisterError `mcp-unreachable`, `mcp-address`, `cancelled` */
  send(request: SendRequest): Promise<Received>;
  close(): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const closing = new AbortController();
  const dispatcher = new Agent({
    connect: createConnector(options, closing.signal),
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    send: (request) => sendOnce(dispatcher, request),
    close: async () => {
      closing.abort();
      await dispatcher.destroy();
    },
  };
}

async function sendOnce(dispatcher: Dispatcher, request: SendRequest): Promise<Received> {
  const { url, method, headers, body, signal } = request;
  checkScheme(url);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), request.timeoutMs);
  try {
    const answer = await send.call(dispatcher, {
      ...{ origin: url.origin, path: url.pathname + url.search, method, headers },
      signal: AbortSignal.any([signal, waiting.signal]),
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, headers: firsts(answer.headers), body: answer.body };
  } catch (error) {
    if (signal.aborted) throw new CloisterError("cancelled", { code: "cancelled", cause: error });
    if (error instanceof CloisterError) throw error;
    const why = waiting.signal.aborted ? "it does not answer" : (systemCodeOf(error) ?? messageOf(error));
    throw new CloisterError(`${url.origin} cannot be reached: ${why}`, {
      code: "mcp-unreachable",
      next: "check the server's address, and that it runs",
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Tokens travel in these requests: in clear they do so only on this machine. */
function checkScheme(url: URL): void {
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return;
  throw new CloisterError(`${url.origin} is not asked: only https, and http on this machine, are`, {
    code: "mcp-address",
    next: "use the server's https address",
  });
}

function firsts(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    const first = Array.isArray(value) ? value[0] : value;
    return first === undefined ? [] : [[name.toLowerCase(), first]];
  });
  return Object.fromEntries(entries);
}

const CONNECT_MS_MAX = 10_000;

/** Through the house's proxy, which then judges addresses itself; else only to addresses that may be reached. */
function createConnector(options: SenderOptions, closing: AbortSignal): buildConnector.connector {
  const { trust, proxyFor } = openNetwork(options.network ?? {});
  const dial = options.dial ?? createDial();
  return (to, callback) => {
    const isSecure = to.protocol === "https:";
    const host = to.hostname.replace(/^\[|\]$/g, "");
    const target = { hostname: to.hostname, port: to.port === "" ? (isSecure ? 443 : 80) : Number(to.port) };
    const signal = AbortSignal.any([closing, AbortSignal.timeout(CONNECT_MS_MAX)]);
    const connect = async (): Promise<void> => {
      try {
        const proxy = proxyFor(target);
        const socket =
          proxy === undefined
            ? socketOf(await dial({ host, port: target.port, reach: options.reach }, signal), host)
            : await openTunnel({ proxy, target, trust, lookup: lookUp, signal });
        if (!isSecure) {
          callback(null, socket);
          return;
        }
        const secure = buildConnector({
          timeout: CONNECT_MS_MAX,
          allowH2: false,
          secureContext: trust.endpoint(),
        });
        secure({ ...to, httpSocket: socket }, callback);
      } catch (error) {
        callback(error instanceof Error ? error : new Error(messageOf(error)), null);
      }
    };
    void connect();
  };
}

function socketOf(outcome: DialOutcome, host: string): Extract<DialOutcome, { kind: "connected" }>["socket"] {
  switch (outcome.kind) {
    case "connected":
      return outcome.socket;
    case "forbidden":
      throw new CloisterError(
        `${host} has the address ${outcome.address} (${outcome.range}), which is not reached`,
        {
          code: "mcp-address",
          next: 'a server inside the house needs "private": true in your own ~/.cloister/mcp.json',
        },
      );
    case "unresolved":
    case "unreachable":
      throw new CloisterError(`${host}: ${outcome.code}`, { code: "mcp-unreachable" });
  }
}

/** @throws CloisterError `mcp-too-long` */
export async function readText(received: Received, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of received.body) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new CloisterError(`an answer is longer than ${bytesMax} bytes`, { code: "mcp-too-long" });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Lets go of an answer that nobody reads. */
export async function discard(received: Received): Promise<void> {
  // Leaving the loop ends the body, and with it the connection where more would come.
  for await (const chunk of received.body) if (chunk.length > 0) break;
}

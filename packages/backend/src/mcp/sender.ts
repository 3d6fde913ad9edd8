/** One door for all that goes to an MCP server and to the authority that lets us in: judged addresses, bounded bodies. */
import { CloisterError, messageOf, systemCodeOf } from "@cloister/base";
import { openConnections, type Connections } from "../connections.ts";
import { createConnect, lookUp, type Connect } from "../network/connect.ts";
import { createDial, type Dial, type DialOutcome, type DialRequest } from "../network/dial.ts";
import { openNetwork } from "../network/network.ts";
import type { NetworkOptions } from "../network/options.ts";
import { keepAliveFirstMs } from "../network/socket.ts";
import { openTunnel } from "../network/tunnel.ts";
import { RequestFailure, sendRequest } from "../request.ts";
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
  /** Redirects are not followed. @throws CloisterError `mcp-unreachable`, `mcp-address`, `bad-header`, `cancelled` */
  send(request: SendRequest): Promise<Received>;
  close(): Promise<void>;
}

export function createSender(options: SenderOptions): Sender {
  const connections = openConnections(connectTo(options));
  return {
    send: (request) => sendOnce(connections, request),
    close: async () => connections.close(),
  };
}

/** Once, whatever becomes of it: what a server did before it fell silent must not be done twice. */
async function sendOnce(connections: Connections, request: SendRequest): Promise<Received> {
  const { url, method, headers, body, signal, timeoutMs } = request;
  checkScheme(url);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), timeoutMs);
  try {
    const answer = await sendRequest(connections.shared, {
      ...{ to: url, path: url.pathname + url.search, method, headers },
      body: body === undefined ? [] : [body],
      signal: AbortSignal.any([signal, waiting.signal]),
    });
    return { status: answer.status, headers: firsts(answer.headers), body: answer.body };
  } catch (error) {
    if (signal.aborted) throw new CloisterError("cancelled", { code: "cancelled", cause: error });
    const cause = error instanceof RequestFailure ? error.cause : error;
    if (cause instanceof CloisterError) throw cause;
    const why = waiting.signal.aborted ? "it does not answer" : (systemCodeOf(cause) ?? messageOf(cause));
    throw new CloisterError(`${url.origin} cannot be reached: ${why}`, {
      code: "mcp-unreachable",
      next: "check the server's address, and that it runs",
      cause,
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

function firsts(headers: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, [first = ""]]) => [name, first]));
}

/** Through the house's proxy, which then judges addresses itself; else only to addresses that may be reached. */
function connectTo({ network, reach, dial = createDial() }: SenderOptions): Connect {
  const { trust, proxyFor } = openNetwork(network ?? {});
  return createConnect(trust, async (target, signal) => {
    const proxy = proxyFor(target);
    if (proxy !== undefined) return await openTunnel({ proxy, target, trust, lookup: lookUp, signal });
    const { hostname: host, port } = target;
    const socket = socketOf(await dial({ host, port, reach }, signal), host);
    // It was made for programs in cells, which may want to hear on after they have said all.
    socket.allowHalfOpen = false;
    return socket.setKeepAlive(true, keepAliveFirstMs);
  });
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

/** The doors of the cell's network on plain loopback, a real ledger, and servers that stand in for the internet. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDial } from "@cloister/backend";
import { systemClock, type JsonObject } from "@cloister/base";
import { openLedger, openSide, readEntries, type Ledger } from "@cloister/ledger";
import { serveEgress } from "../src/egress/egress.ts";
import type { EgressWorld } from "../src/egress/attempt.ts";
import type { EgressLimits } from "../src/egress/limits.ts";
import { parseEgressRules } from "../src/egress/rules.ts";
import { openSession, type AirlockSession } from "../src/index.ts";

export interface EgressTest extends AsyncDisposable {
  readonly session: AirlockSession;
  readonly world: EgressWorld;
  readonly httpPort: number;
  readonly socksPort: number;
  readonly troubles: readonly unknown[];
  /** A command's credential. */
  admit(call?: number): { user: string; password: string; end: () => void };
  /** Sends this on a new connection to the proxy, with the credential in the place of AUTH; what came back until the end. */
  say(text: string): Promise<string>;
  tunnel(authority: string): Promise<{ socket: Socket; status: string }>;
  entries(type: string): Promise<JsonObject[]>;
  /** What was asked for, entry by entry. */
  targets(): Promise<string[]>;
}

export interface EgressTestOptions {
  readonly allow: readonly string[];
  /** What names mean. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  readonly limits?: Partial<EgressLimits>;
  readonly wrapLedger?: (ledger: Ledger) => Ledger;
}

export async function createEgressTest(options: EgressTestOptions): Promise<EgressTest> {
  const base = mkdtempSync(join(tmpdir(), "egress-test-"));
  const ledger = await openLedger({ directory: join(base, "ledger"), clock: systemClock });
  const troubles: unknown[] = [];
  const session = openSession({
    client: { name: "test", version: "1", evidence: "started" },
    workspaceLabel: "internal",
    workspace: base,
    ledger: options.wrapLedger?.(ledger) ?? ledger,
    clock: systemClock,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  const http = createServer();
  const socks = createServer();
  const [httpPort, socksPort] = [await listen(http), await listen(socks)];
  const dial = createDial({ lookUp: (host) => Promise.resolve(options.names?.[host] ?? []) });
  const { world, close } = serveEgress(
    { session, dial, ...(options.limits === undefined ? {} : { limits: options.limits }) },
    parseEgressRules(options.allow),
    { http, socks, forwards: [] },
  );
  const entries = async (type: string): Promise<JsonObject[]> =>
    (await Array.fromAsync(readEntries(join(base, "ledger"))))
      .map(({ body }) => body)
      .filter((body) => body["t"] === type);
  const admit: EgressTest["admit"] = (call = 1) => world.admissions.admit(call);
  const authorization = (): string => {
    const { user, password } = admit(7);
    return `Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  };
  return {
    ...{ session, world, httpPort, socksPort, troubles, admit, entries },
    async say(text) {
      const socket = connect(httpPort, "127.0.0.1");
      socket.write(text.replace("AUTH", authorization()));
      return (await Array.fromAsync(socket)).join("");
    },
    async tunnel(authority) {
      const socket = connect(httpPort, "127.0.0.1");
      socket.on("error", () => {
        /* it is what some tests wait for */
      });
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization()}\r\n\r\n`);
      const [first] = (await once(socket, "data")) as [Buffer];
      return { socket, status: first.toString() };
    },
    async targets() {
      using side = disposable(openSide(join(base, "ledger")));
      return (await entries("egress")).map((body) => {
        const [part] = body["parts"] as JsonObject[];
        const opened = side.open(part ?? {});
        return opened.kind === "open" ? opened.data.toString("utf8") : opened.kind;
      });
    },
    async [Symbol.asyncDispose]() {
      await close();
      await ledger.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

export async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

function disposable<T extends { close(): void }>(resource: T): T & Disposable {
  return Object.assign(resource, { [Symbol.dispose]: () => resource.close() });
}

export interface StandIn extends Disposable {
  readonly port: number;
  readonly seen: string[];
}

/** A server of the internet, which remembers what was asked of it. */
export async function startHttp(answer: RequestListener): Promise<StandIn> {
  const seen: string[] = [];
  const server = createHttpServer((request, response) => {
    seen.push(`${request.method} ${request.headers.host}${request.url}`);
    answer(request, response);
  });
  const port = await listen(server);
  return {
    port,
    seen,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

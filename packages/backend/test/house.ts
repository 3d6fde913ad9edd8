// What the tests of connections share: servers over TLS, and backends that speak to them by the house's rules.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import type { Server, ServerOptions } from "node:https";
import type { TestContext } from "node:test";
import { CloisterError, systemClock } from "@cloister/base";
import { createBackend } from "../src/index.ts";
import type { Answer, Backend, NetworkOptions } from "../src/index.ts";

const sent = `{"messages":"${"x".repeat(100_000)}"}`;

export interface Target {
  readonly port: number;
  readonly connections: () => number;
}

/** Echoes the body, over TLS. */
export async function listenTls(t: TestContext, options: ServerOptions): Promise<Target> {
  let connections = 0;
  const tls = createHttpsServer(options, (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => response.end(Buffer.concat(parts)));
  });
  tls.on("secureConnection", () => (connections += 1));
  t.after(() => {
    tls.close();
    tls.closeAllConnections();
  });
  return { port: await listen(tls), connections: () => connections };
}

export async function listen(tls: Server): Promise<number> {
  tls.listen(0, "127.0.0.1");
  await once(tls, "listening");
  const address = tls.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

export function reach(t: TestContext, baseUrl: string, network: NetworkOptions): Backend {
  const backend = createBackend({ baseUrl, clock: systemClock, network });
  t.after(() => backend.close());
  return backend;
}

export function ask(backend: Backend, signal: AbortSignal = new AbortController().signal): Promise<Answer> {
  return backend.send("/chat/completions", [Buffer.from(sent)], { signal });
}

export async function echo(backend: Backend): Promise<void> {
  const answer = await ask(backend);
  assert.equal(Buffer.concat(await Array.fromAsync(answer.body)).toString(), sent);
}

export async function failure(
  backend: Backend,
  asked: Promise<unknown> = ask(backend),
): Promise<CloisterError> {
  const error: unknown = await asked.then(
    () => assert.fail("it went through"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CloisterError, String(error));
  return error;
}

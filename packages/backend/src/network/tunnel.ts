// A connection through a proxy: SOCKS version 5, or HTTP's CONNECT (RFC 9110, section 9.3.6).

import { once } from "node:events";
import { request as requestHttp } from "node:http";
import type { ClientRequest, RequestOptions } from "node:http";
import { connect, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { CloisterError, systemCodeOf } from "@cloister/base";
import { trustNext } from "./certificates.ts";
import { openSocks, socksReplies } from "./socks5.ts";
import type { Proxy, Target } from "./proxy.ts";
import { keepAliveFirstMs } from "./socket.ts";
import type { Trust } from "./trust.ts";

export interface TunnelOptions {
  readonly proxy: Proxy;
  readonly target: Target;
  readonly trust: Trust;
  /** For the proxy's own name. */
  readonly lookup: LookupFunction;
  /** Ends the attempt, and with it the half-made connection; not the connection once it is made. */
  readonly signal: AbortSignal;
}

/**
 * A connection to the target that the proxy made.
 * @throws CloisterError `proxy-unreachable`, `proxy-refused`; `endpoint-unreachable` when the proxy says so of the target.
 */
export async function openTunnel(options: TunnelOptions): Promise<Socket> {
  const { proxy, signal } = options;
  // Sockets keep to a signal for life, and the one given here may fire long after the attempt.
  const attempt = new AbortController();
  const onAbort = (): void => attempt.abort();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) attempt.abort();
  const bounded = { ...options, signal: attempt.signal };
  try {
    const socket = await (proxy.kind === "socks5" ? throughSocks(bounded) : throughHttp(bounded));
    // Until its next owner listens: an unheard error would end the process.
    socket.on("error", () => {});
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveFirstMs);
    return socket;
  } catch (error) {
    if (error instanceof CloisterError) throw error;
    const code = signal.aborted ? "ETIMEDOUT" : (systemCodeOf(error) ?? "unknown error");
    throw new CloisterError(`cannot connect to the proxy ${proxy.shown} (${code})`, {
      code: "proxy-unreachable",
      next: trustNext(code) ?? "check the proxy's address, and that it runs; or name this host in noProxy",
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function throughSocks({ proxy, target, lookup, signal }: TunnelOptions): Promise<Socket> {
  const { hostname: host, port, credentials } = proxy;
  const socket = connect({ host, port, lookup, signal });
  try {
    await once(socket, "connect", { signal });
    const outcome = await openSocks(socket, target, credentials);
    switch (outcome.kind) {
      case "open":
        return socket;
      case "credentials-refused":
        throw credentialsRefused(proxy);
      case "not-socks":
        throw refused(
          proxy,
          "does not speak SOCKS version 5",
          "check the scheme and the port of the proxy's URL",
        );
      case "failed": {
        const { reply } = outcome;
        const why = socksReplies[reply] ?? `reply ${reply}`;
        if (reply < 3 || reply > 6) throw refused(proxy, `refuses to connect to ${shown(target)}: ${why}`);
        throw beyondProxy({ proxy, target, why, systemCode: reply === 5 ? "ECONNREFUSED" : "EHOSTUNREACH" });
      }
    }
  } catch (error) {
    socket.on("error", () => {}); // It is given up; what else happens to it is nobody's concern.
    socket.destroy();
    throw error;
  }
}

function throughHttp({ proxy, target, trust, lookup, signal }: TunnelOptions): Promise<Socket> {
  const { hostname: host, port, kind } = proxy;
  const authority = shown(target);
  const options = { host, port, lookup, signal, agent: false, method: "CONNECT", path: authority };
  const headers = { host: authority, ...authorizationOf(proxy) };
  return new Promise((resolve, reject) => {
    const request =
      kind === "http"
        ? requestHttp({ ...options, headers })
        : requestOverTls({ ...options, headers }, trust.proxy());
    request.on("error", reject);
    request.on("connect", (response, socket, head) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.on("error", () => {}).destroy();
      if (status === 407) return reject(credentialsRefused(proxy));
      const why = `status ${status}`;
      // RFC 9110, section 15.6: a gateway that had no answer, or none in time, from beyond.
      if ([502, 503, 504].includes(status)) {
        return reject(beyondProxy({ proxy, target, why, systemCode: "EHOSTUNREACH" }));
      }
      return reject(refused(proxy, `refuses to connect to ${authority} (${why})`));
    });
    request.end();
  });
}

/** The module is loaded for the rare proxy that wants it. */
function requestOverTls(options: RequestOptions, secureContext: SecureContext): ClientRequest {
  const https = process.getBuiltinModule("node:https");
  return https.request({ ...options, agent: new https.Agent({ secureContext }) });
}

function authorizationOf({ credentials }: Proxy): { "proxy-authorization"?: string } {
  if (credentials === undefined) return {};
  const pair = Buffer.from(`${credentials.user}:${credentials.password}`).toString("base64");
  return { "proxy-authorization": `Basic ${pair}` };
}

function shown({ hostname, port }: Target): string {
  return `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}`;
}

function credentialsRefused(proxy: Proxy): CloisterError {
  const what =
    proxy.credentials === undefined
      ? "asks for a user name and a password"
      : "refuses the user name and password";
  return refused(
    proxy,
    what,
    "put them into the proxy's URL, percent-encoded: scheme://user:password@host:port",
  );
}

function refused(
  proxy: Proxy,
  what: string,
  next = "ask whoever runs the proxy to allow this host and port; or name the host in noProxy when it can be reached directly",
): CloisterError {
  return new CloisterError(`the proxy ${proxy.shown} ${what}`, { code: "proxy-refused", next });
}

interface Beyond {
  readonly proxy: Proxy;
  readonly target: Target;
  readonly why: string;
  readonly systemCode: string;
}

/** The code of the cause is the one that a direct connection would have failed with. */
function beyondProxy({ proxy, target, why, systemCode }: Beyond): CloisterError {
  return new CloisterError(`the proxy ${proxy.shown} cannot connect to ${shown(target)} (${why})`, {
    code: "endpoint-unreachable",
    next: "check that the model server runs and that the proxy may reach it; or name the host in noProxy",
    cause: Object.assign(new Error(why), { code: systemCode }),
  });
}

// How a request gets its connection: directly or through the house's proxy, and TLS to the endpoint over either.

import { connect } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { CloisterError } from "@cloister/base";
import { isLocalhost } from "../url.ts";
import type { Network } from "./network.ts";
import type { Target } from "./proxy.ts";
import { startTls, type Plain } from "./secure.ts";
import { keepAliveFirstMs, untilOpen } from "./socket.ts";
import type { Trust } from "./trust.ts";
import { openTunnel } from "./tunnel.ts";

const connectTimeoutMs = 10_000;

/** A connection on which HTTP can be spoken to this URL's server. An abort ends the attempt, not what came of it. */
export type Connect = (to: URL, signal: AbortSignal) => Promise<Socket>;

/** The way of `reach`, then TLS where the URL says so, within 10 s together: code `ETIMEDOUT`. */
export function createConnect(
  trust: Trust,
  reach: (target: Target, signal: AbortSignal) => Promise<Socket>,
): Connect {
  return async (to, signal) => {
    const isSecure = to.protocol === "https:";
    const port = to.port === "" ? (isSecure ? 443 : 80) : Number(to.port);
    const target = { hostname: to.hostname.replace(/^\[|\]$/g, ""), port };
    const overtime = AbortSignal.timeout(connectTimeoutMs);
    const attempt = AbortSignal.any([signal, overtime]);
    try {
      // Here, where a failure reaches the request, and before anybody is asked for anything.
      const secureContext = isSecure ? trust.endpoint() : undefined;
      const socket = await reach(target, attempt);
      if (secureContext === undefined) return socket;
      return await secured({ socket, host: target.hostname, secureContext }, attempt);
    } catch (error) {
      // What was cut short by our own clock says only that it was cut.
      if (!overtime.aborted || error instanceof CloisterError) throw error;
      throw Object.assign(new Error("no connection in time", { cause: error }), { code: "ETIMEDOUT" });
    }
  };
}

/** For model servers: loopback and what the house exempts directly, the rest through its proxy when there is one. */
export function createEndpointConnect({ trust, proxyFor }: Network): Connect {
  return createConnect(trust, async (target, signal) => {
    const proxy = proxyFor(target);
    if (proxy !== undefined) return await openTunnel({ proxy, target, trust, lookup: lookUp, signal });
    const socket = connect({
      host: target.hostname,
      port: target.port,
      lookup: lookUp,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveFirstMs,
    });
    await untilOpen(socket, "connect", signal);
    return socket;
  });
}

async function secured(plain: Plain, signal: AbortSignal): Promise<Socket> {
  const secure = startTls(plain);
  try {
    await untilOpen(secure, "secureConnect", signal);
    return secure;
  } catch (error) {
    plain.socket.destroy();
    throw error;
  }
}

/** The name `localhost` never goes to a name server: what counts as loopback must connect to loopback. */
export const lookUp: LookupFunction = (hostname, options, callback) => {
  // Loaded with the first name: most endpoints are an address of this machine.
  if (!isLocalhost(hostname)) return process.getBuiltinModule("node:dns").lookup(hostname, options, callback);
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

// Connections for programs in cells: a name is looked up once, its addresses are judged, and those are connected to.

import { connect, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { CloisterError, systemCodeOf } from "@cloister/base";
import { canonicalAddress, rangeOf } from "./address-range.ts";
import type { AddressRange } from "./address-range.ts";
import { openNetwork } from "./network.ts";
import type { NetworkOptions } from "./options.ts";
import { untilOpen } from "./socket.ts";
import { openTunnel } from "./tunnel.ts";
import type { TunnelOptions } from "./tunnel.ts";

export interface DialRequest {
  /** A name, or an address without brackets; in the form in which it was compared with the rules. */
  readonly host: string;
  readonly port: number;
  /**
   * `public`: only addresses of the internet. `local`: also those of this machine and this house. `exact`: the host is
   * an address that a person named, whatever it is for.
   */
  readonly reach: "public" | "local" | "exact";
}

export type DialOutcome =
  | { readonly kind: "connected"; readonly socket: Socket; readonly address: string }
  /** The host has an address that this reach does not include. Nothing was sent to it. */
  | { readonly kind: "forbidden"; readonly address: string; readonly range: AddressRange | "own" }
  | { readonly kind: "unresolved"; readonly code: string }
  | { readonly kind: "unreachable"; readonly code: string };

/** Never rejects. An abort ends the attempt, not the connection once it is made. */
export type Dial = (request: DialRequest, signal: AbortSignal) => Promise<DialOutcome>;

export interface DialOptions {
  /**
   * The house's proxy, for what is to be of the internet. It resolves names, so where a name leads cannot be judged here;
   * an address that somebody names still is. What is of this house, and whom `noProxy` names, is connected to directly.
   */
  readonly network?: NetworkOptions;
  /** Looking up and connecting together. Default 10 s. */
  readonly timeoutMs?: number;
  /** All addresses of a name. Default: the system's resolver. */
  readonly lookUp?: (host: string) => Promise<readonly string[]>;
  /** Addresses of this machine. Default: those of its interfaces, read anew each time. */
  readonly ownAddresses?: () => readonly string[];
}

const TIMEOUT_MS = 10_000;
const ADDRESSES_MAX = 16;
// The system's resolver blocks a thread of a pool of four, and the ledger needs them to write.
const LOOKUPS_MAX = 2;
const LOOKUPS_WAITING_MAX = 256;

export function createDial(options: DialOptions = {}): Dial {
  const { timeoutMs = TIMEOUT_MS, ownAddresses = addressesOfInterfaces } = options;
  const lookUp = limited(options.lookUp ?? lookUpAll);
  const network = options.network && openNetwork(options.network);
  return async ({ host, port, reach }, signal) => {
    const attempt = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const proxy = reach === "public" ? network?.proxyFor({ hostname: host, port }) : undefined;
    if (network !== undefined && proxy !== undefined) {
      const isOwn = ownAddresses().map(canonicalAddress).includes(canonicalAddress(host));
      const range = isIP(host) === 0 ? "public" : isOwn ? "own" : rangeOf(host);
      if (range !== "public") return { kind: "forbidden", address: host, range };
      return dialThrough({ proxy, target: { hostname: host, port }, trust: network.trust }, attempt);
    }
    let addresses: readonly string[];
    try {
      addresses = isIP(host) === 0 ? await untilAborted(lookUp(host), attempt) : [host];
    } catch (error) {
      return { kind: "unresolved", code: attempt.aborted ? "ETIMEDOUT" : codeOf(error) };
    }
    if (addresses.length === 0) return { kind: "unresolved", code: "ENODATA" };
    const own = new Set(ownAddresses().map(canonicalAddress));
    // One forbidden address among good ones is enough: that is how a name is made to mean two things.
    for (const address of addresses) {
      const range = own.has(canonicalAddress(address)) && reach === "public" ? "own" : rangeOf(address);
      if (!isWithin(range, reach)) return { kind: "forbidden", address, range };
    }
    try {
      const socket = await connectTo(addresses.slice(0, ADDRESSES_MAX), port, attempt);
      return { kind: "connected", socket, address: socket.remoteAddress ?? addresses[0] ?? "" };
    } catch (error) {
      return { kind: "unreachable", code: attempt.aborted ? "ETIMEDOUT" : codeOf(error) };
    }
  };
}

async function dialThrough(
  way: Pick<TunnelOptions, "proxy" | "target" | "trust">,
  signal: AbortSignal,
): Promise<DialOutcome> {
  try {
    const socket = await openTunnel({ ...way, lookup: lookUpHost, signal });
    // Keep-alive is for model servers that think for long; here the command's own program decides.
    socket.setKeepAlive(false);
    return { kind: "connected", socket, address: socket.remoteAddress ?? way.proxy.hostname };
  } catch (error) {
    return { kind: "unreachable", code: error instanceof CloisterError ? error.code : codeOf(error) };
  }
}

/** Of the proxy's own name. */
const lookUpHost: LookupFunction = (hostname, options, callback) =>
  process.getBuiltinModule("node:dns").lookup(hostname, options, callback);

function isWithin(range: AddressRange | "own", reach: DialRequest["reach"]): boolean {
  switch (reach) {
    case "public":
      return range === "public";
    case "local":
      return ["public", "loopback", "private", "shared"].includes(range);
    case "exact":
      return true;
  }
}

/** Tries the given addresses and no others (RFC 8305 without its look-up). */
async function connectTo(addresses: readonly string[], port: number, attempt: AbortSignal): Promise<Socket> {
  const known = addresses.map((address) => ({ address, family: isIP(address) }));
  const answer: LookupFunction = (_host, options, callback) => {
    const [first] = known;
    if (options.all === true) callback(null, known);
    else callback(null, first?.address ?? "", first?.family);
  };
  // A name that is no host's: were the answer above ever passed by, nothing would be found.
  const to = { host: "egress.invalid", port, lookup: answer, autoSelectFamily: true, allowHalfOpen: true };
  const socket = connect(to);
  await untilOpen(socket, "connect", attempt);
  return socket.setNoDelay(true);
}

async function lookUpAll(host: string): Promise<readonly string[]> {
  // Loaded with the first name.
  const dns = process.getBuiltinModule("node:dns").promises;
  const found = await dns.lookup(host, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

function addressesOfInterfaces(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).map(({ address }) => address.replace(/%.*$/, "")),
  );
}

type LookUp = (host: string) => Promise<readonly string[]>;

/** At most so many look-ups at once; the others wait in line. */
function limited(lookUp: LookUp): LookUp {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (host) => {
    if (running >= LOOKUPS_MAX) {
      if (waiting.length >= LOOKUPS_WAITING_MAX) throw Object.assign(new Error("busy"), { code: "EAGAIN" });
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running += 1;
    try {
      return await lookUp(host);
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error("aborted"));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function codeOf(error: unknown): string {
  // All addresses failed: the first failure speaks for them.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return systemCodeOf(first) ?? systemCodeOf(error) ?? "unknown error";
}

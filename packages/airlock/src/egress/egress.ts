/** The network of a session's commands: nothing but the hosts that a person listed, each connection recorded. */
import type { Server as Listener, Socket } from "node:net";
import type { Dial } from "@cloister/backend";
import {
  openCellNetwork,
  type CellNetwork,
  type CellNetworkOptions,
  type NetworkNamespace,
} from "@cloister/cell";
import { createAdmissions } from "./admissions.ts";
import { openAttempt, type EgressSession, type EgressWorld } from "./attempt.ts";
import { serveHttp } from "./http-door.ts";
import { egressLimitsDefault, type EgressLimits } from "./limits.ts";
import { relay } from "./relay.ts";
import { parseEgressRules, type EgressRule } from "./rules.ts";
import { serveSocks } from "./socks-door.ts";
import type { Target } from "./target.ts";

export interface EgressOptions {
  readonly session: EgressSession;
  /** See `parseEgressRules`. Without an entry there is no reason to open an egress at all. */
  readonly allow: readonly string[];
  readonly dial: Dial;
  readonly cell: Omit<CellNetworkOptions, "ports">;
  /** Also speak SOCKS version 5, for programs that know no other proxy. Default false. */
  readonly socks?: boolean;
  readonly limits?: Partial<EgressLimits>;
}

export interface Egress {
  /** For the view of the session's command cells. */
  readonly namespace: NetworkNamespace;
  readonly network: CellNetwork;
  /** For one command, by its index in the ledger, until it ends; then its connections end too. */
  admit(call: number): EgressPass;
  /** Ends all connections, and resolves when that is written down. */
  close(): Promise<void>;
}

export interface EgressPass {
  /** Variables for the command: where its proxy is and who it is there. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether anything came in for it. */
  hasReceived(): boolean;
  end(): void;
}

/**
 * Records what is allowed, and opens the way to it.
 * @throws CloisterError `bad-allow-entry`, `cell-network-unavailable`, and what the ledger throws
 */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  const rules = parseEgressRules(options.allow);
  const { session } = options;
  await session.ledger.append({
    type: "egress.open",
    fields: { session: session.id, rules: rules.length },
    attachments: [
      { type: "egress.rules", data: Buffer.from(options.allow.join("\n")), open: {}, hidden: {} },
    ],
  });
  // Programs leave out the proxy for their own loopback. So that a server on the host's is reached all the same,
  // its port is listened on inside, where a command would look for it.
  const targets = loopbackTargets(rules);
  const proxies = options.socks === true ? [0, 0] : [0];
  const ports = [...proxies, ...targets.map(({ port }) => port)];
  const network = await openCellNetwork({ ...options.cell, ports });
  const { listeners } = network;
  const [http, ...others] = listeners.map(({ listener }) => listener);
  const doors = serveEgress(options, rules, {
    http: http as Listener,
    socks: options.socks === true ? others.shift() : undefined,
    forwards: targets.map((target, at) => ({ target, listener: others[at] as Listener })),
  });
  const httpPort = listeners[0]?.port ?? 0;
  const socksPort = options.socks === true ? listeners[1]?.port : undefined;
  return {
    namespace: network.namespace,
    network,
    admit(call) {
      const { user, password, hasReceived, end } = doors.world.admissions.admit(call);
      return { environment: toEnvironment({ user, password, httpPort, socksPort }), hasReceived, end };
    },
    async close() {
      network.close();
      await doors.close();
    },
  };
}

/** Ports below 1024 are root's, and in a cell nobody is: those are reached through the proxy only. */
const UNPRIVILEGED_PORT_MIN = 1024;

function loopbackTargets(rules: readonly EgressRule[]): Target[] {
  const targets = new Map<number, Target>();
  for (const { host, ports } of rules) {
    if (host !== "127.0.0.1" && host !== "localhost") continue;
    for (const port of ports) if (port >= UNPRIVILEGED_PORT_MIN) targets.set(port, { host, port });
  }
  return [...targets.values()];
}

export interface EgressListeners {
  readonly http: Listener;
  readonly socks?: Listener | undefined;
  readonly forwards: readonly { readonly listener: Listener; readonly target: Target }[];
}

/** The doors alone, on listeners that may be anywhere. */
export function serveEgress(
  options: Pick<EgressOptions, "session" | "dial" | "limits">,
  rules: readonly EgressRule[],
  listeners: EgressListeners,
): { readonly world: EgressWorld; readonly close: () => Promise<void> } {
  const limits = { ...egressLimitsDefault, ...options.limits };
  const closing = new AbortController();
  const world: EgressWorld = {
    session: options.session,
    dial: options.dial,
    rules,
    limits,
    admissions: createAdmissions(limits),
    counts: { open: 0, attempts: 0 },
    stops: new Set(),
    settling: new Set(),
    closing: closing.signal,
  };
  const all = [listeners.http, listeners.socks, ...listeners.forwards.map(({ listener }) => listener)];
  const open = new Set<Socket>();
  for (const listener of all) {
    if (listener === undefined) continue;
    // Twice as many as may be relayed: the others get an answer that says why.
    // Some programs send all they have, close that half, and wait for the answer.
    Object.assign(listener, { allowHalfOpen: true });
    listener.maxConnections = 2 * limits.connectionsMax;
    listener.on("connection", (socket) => {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    });
  }
  serveHttp(world, listeners.http);
  if (listeners.socks !== undefined) serveSocks(world, listeners.socks);
  for (const { listener, target } of listeners.forwards) serveForward(world, listener, target);
  return {
    world,
    async close() {
      closing.abort();
      for (const listener of all) listener?.close();
      for (const stop of world.stops) stop();
      for (const socket of open) socket.destroy();
      await Promise.all(world.settling);
    },
  };
}

/** A port of the cell's loopback that is the same port of the host's. */
function serveForward(world: EgressWorld, listener: Listener, target: Target): void {
  listener.on("connection", (client) => {
    client.on("error", () => client.destroy());
    const admission = world.admissions.only();
    const serve = async (): Promise<void> => {
      const outcome = await openAttempt(world, { target, way: "forward", admission });
      if (outcome.kind === "open") relay(client, outcome, world.limits);
      else client.destroy();
    };
    serve().catch(() => client.destroy());
  });
}

interface Door {
  readonly user: string;
  readonly password: string;
  readonly httpPort: number;
  readonly socksPort: number | undefined;
}

function toEnvironment({ user, password, httpPort, socksPort }: Door): Record<string, string> {
  const http = `http://${user}:${password}@127.0.0.1:${httpPort}`;
  const all = socksPort === undefined ? http : `socks5h://${user}:${password}@127.0.0.1:${socksPort}`;
  const direct = "localhost,127.0.0.1,::1";
  // Both spellings: curl and git read only the small one for http, and others only the large one.
  const named = { HTTP_PROXY: http, HTTPS_PROXY: http, ALL_PROXY: all, NO_PROXY: direct };
  const small = Object.entries(named).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { ...named, ...Object.fromEntries(small), NODE_USE_ENV_PROXY: "1" };
}

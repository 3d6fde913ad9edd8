/**
 * The network of a cell: a namespace whose only interface is its own loopback, shared by the commands of a session.
 * The keeper's ears are in it: listening sockets that were made inside and handed out. No path, no relay and no
 * route leads out of it.
 */
import { spawn, type ChildProcess, type SendHandle } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { Readable } from "node:stream";
import { CloisterError, isRecord, parseJson } from "@cloister/base";
import { bwrapPathsDefault } from "./cells.ts";
import { openConnector, type CellConnection, type Connector } from "./network-connector.ts";
import { namespaceOf } from "./namespace.ts";
import { listeningProgram } from "./network-programs.ts";
import type { NetworkNamespace } from "./view.ts";

/** A `net.Server` whose connections begin inside. */
export type CellListener = Extract<SendHandle, { getConnections: unknown }>;

export interface CellNetworkOptions {
  /** Whose namespace it is, the same as that of the cells. A root keeper gives up its rights for it. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** The program of Node; the user must be able to run it. It runs for a moment only. */
  readonly node: string;
  /** Ports of the namespace's loopback to listen on; 0 for one of the kernel's choice. At most 64. */
  readonly ports: readonly number[];
  readonly bwrapPaths?: readonly string[];
  readonly nsenterPaths?: readonly string[];
  /** Of making the namespace, and of each connection into it. Default 10 s. */
  readonly timeoutMs?: number;
}

export interface CellNetwork {
  /** For `CellView.networkNamespace`. Reading `enter` throws `cell-network-gone` once the namespace cannot be joined. */
  readonly namespace: NetworkNamespace;
  /** In the order of the ports asked for; they take connections as soon as somebody listens to their events. */
  readonly listeners: readonly { readonly port: number; readonly listener: CellListener }[];
  /**
   * A connection to a server that a command runs on 127.0.0.1 inside. Nothing of it is read before its owner does.
   * @throws CloisterError `cell-connect-failed`, `cell-network-gone`
   */
  connect(port: number): Promise<CellConnection>;
  /** Ends the namespace when the last command in it has ended; the listeners end at once. */
  close(): void;
}

const PORTS_MAX = 64;
const TIMEOUT_MS = 10_000;
const INFO_CHARS_MAX = 4096;
const COMPLAINT_CHARS_MAX = 2000;
const INFO_DESCRIPTOR = 4;

/**
 * One process for a session, without a cost while it waits. It dies with the keeper, however that ends.
 * @throws CloisterError `cell-network-unavailable`
 */
export async function openCellNetwork(options: CellNetworkOptions): Promise<CellNetwork> {
  if (options.ports.length > PORTS_MAX) throw unavailable(`at most ${PORTS_MAX} ports can be listened on`);
  const bwrap = findProgram(options.bwrapPaths ?? bwrapPathsDefault, "bubblewrap");
  const nsenter = findProgram(options.nsenterPaths ?? nsenterPathsDefault, "nsenter");
  const holder = startHolder(bwrap, options);
  try {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const [pid, listeners] = await Promise.all([
      readPid(holder, timeout),
      receiveListeners(holder, options.ports, timeout),
    ]);
    const namespace = joinable({ holder, pid, nsenter });
    await release(holder, timeout);
    holder.unref();
    return toNetwork({ holder, namespace, listeners }, options);
  } catch (error) {
    holder.kill("SIGKILL");
    throw error;
  }
}

const nsenterPathsDefault: readonly string[] = ["/usr/bin/nsenter", "/bin/nsenter", "/usr/local/bin/nsenter"];

/**
 * bubblewrap and not `unshare`: it brings the loopback up without another program, and is the one that Ubuntu's
 * AppArmor lets make user namespaces. Without --dev and --disable-userns, since each of them would leave the process
 * in a second user namespace that does not own the network's, and nobody could join.
 */
function startHolder(bwrap: string, options: CellNetworkOptions): ChildProcess {
  const { uid, gid } = options.user;
  const isRoot = process.getuid?.() === 0;
  const cell = ["--unshare-user", "--unshare-net", "--unshare-ipc", "--die-with-parent", "--new-session"];
  const ids = ["--uid", String(uid === 0 ? 1000 : uid), "--gid", String(gid === 0 ? 1000 : gid)];
  const program = [options.node, "--no-warnings", "--eval", listeningProgram, JSON.stringify(options.ports)];
  return spawn(
    bwrap,
    [...cell, ...ids, "--cap-drop", "ALL", "--ro-bind", "/", "/", "--info-fd", "4", "--", ...program],
    {
      stdio: ["ignore", "ignore", "pipe", "ipc", "pipe"],
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      ...(isRoot ? { uid, gid } : {}),
    },
  );
}

async function readPid(holder: ChildProcess, timeout: AbortSignal): Promise<number> {
  const pipe = holder.stdio[INFO_DESCRIPTOR];
  if (!(pipe instanceof Readable)) throw unavailable("bubblewrap could not be started");
  let text = "";

  pipe.setEncoding("utf8");
  for await (const chunk of pipe.iterator({ destroyOnReturn: true })) {
    text += String(chunk);
    if (text.includes("}") || text.length > INFO_CHARS_MAX || timeout.aborted) break;
  }
  const told = text.includes("}") ? parseJson(text, "what bubblewrap says of its process") : undefined;
  const pid = isRecord(told) ? told["child-pid"] : undefined;
  if (typeof pid !== "number") throw unavailable("bubblewrap made no namespace");
  return pid;
}

/** Resolves with all listeners, or rejects with what the holder said last. */
function receiveListeners(
  holder: ChildProcess,
  ports: readonly number[],
  timeout: AbortSignal,
): Promise<CellNetwork["listeners"]> {
  const received = new Map<number, { port: number; listener: CellListener }>();
  return new Promise((resolve, reject) => {
    let complaint = "";
    holder.stderr?.on("data", (chunk: Buffer) => {
      if (complaint.length < COMPLAINT_CHARS_MAX) complaint += chunk.toString();
    });
    holder.on("error", (cause) => reject(unavailable(cause.message, cause)));
    holder.on("close", () => reject(unavailable(complaint.trim() || "its first process ended")));
    timeout.addEventListener("abort", () => reject(unavailable("its first process did not answer in time")));
    holder.on("message", (message, handle) => {
      if (!isRecord(message) || typeof message["index"] !== "number") return;
      const { index, port, code } = message;
      if (typeof code === "string") {
        reject(unavailable(`port ${ports[index]} of its loopback cannot be listened on (${code})`));
      }
      if (typeof port !== "number" || handle === undefined || !("getConnections" in handle)) return;
      received.set(index, { port, listener: handle });
      if (received.size < ports.length) return;
      resolve(ports.flatMap((_port, at) => received.get(at) ?? []));
    });
    if (ports.length === 0) resolve([]);
  });
}

/** From here on only the keeper accepts: no command is let in before the holder has given up its copies. */
function release(holder: ChildProcess, timeout: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    holder.once("disconnect", resolve);
    timeout.addEventListener("abort", () => reject(unavailable("its first process did not let go in time")));
    holder.send({ kind: "release" }, (error) => {
      if (error !== null) reject(unavailable("its first process ended", error));
    });
  });
}

interface Joinable {
  readonly holder: ChildProcess;
  readonly pid: number;
  readonly nsenter: string;
}

/**
 * Process numbers are used again. Were the holder gone, its number could one day be that of a process with another
 * network, so each use looks whether it is still the namespace that was made.
 */
function joinable({ holder, pid, nsenter }: Joinable): NetworkNamespace {
  const identity = (): string => `${namespaceOf(pid, "user")} ${namespaceOf(pid, "net")}`;
  const made = identity();
  return {
    get enter() {
      const isThere = holder.exitCode === null && holder.signalCode === null && identity() === made;
      if (!isThere) {
        throw new CloisterError("the network of the cell is gone: the process that held it has ended", {
          code: "cell-network-gone",
          next: "start the session again; when it happens again, look who ends processes (memory limits, a cleaner)",
        });
      }
      return [nsenter, "--preserve-credentials", "--user", "--net", "--target", String(pid), "--"];
    },
  };
}

function toNetwork(
  made: {
    readonly holder: ChildProcess;
    readonly namespace: NetworkNamespace;
    readonly listeners: CellNetwork["listeners"];
  },
  options: CellNetworkOptions,
): CellNetwork {
  const { holder, namespace, listeners } = made;
  let connector: Connector | undefined;
  return {
    namespace,
    listeners,
    connect(port) {
      // Most sessions open no door into the cell, and pay nothing for one.
      if (connector === undefined || connector.isGone()) {
        connector = openConnector({
          enter: namespace.enter,
          node: options.node,
          user: options.user,
          timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
        });
      }
      return connector.connect(port);
    },
    close() {
      connector?.close();
      for (const { listener } of listeners) listener.close();
      holder.kill("SIGKILL");
    },
  };
}

function findProgram(paths: readonly string[], name: string): string {
  for (const path of paths) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      /* absent, or not for us: the next candidate is tried */
    }
  }
  throw unavailable(`${name} is not installed`);
}

function unavailable(why: string, cause?: unknown): CloisterError {
  return new CloisterError(`no network namespace can be made for the cell: ${why}`, {
    code: "cell-network-unavailable",
    next: "install bubblewrap and util-linux, or do without allowed hosts: a cell without any needs no such namespace",
    cause,
  });
}

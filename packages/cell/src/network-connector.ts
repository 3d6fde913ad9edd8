/** The way into a cell's network: a process inside that connects, and hands the connection out unread. */
import { spawn, type SendHandle } from "node:child_process";
import { CloisterError, isRecord } from "@cloister/base";
import { connectingProgram } from "./network-programs.ts";

/** A `net.Socket` whose other end is a program inside. */
export type CellConnection = Extract<SendHandle, { setNoDelay(noDelay?: boolean): unknown }>;

export interface ConnectorOptions {
  readonly enter: readonly string[];
  readonly node: string;
  readonly user: { readonly uid: number; readonly gid: number };
  readonly timeoutMs: number;
}

export interface Connector {
  /** @throws CloisterError `cell-connect-failed` */
  connect(port: number): Promise<CellConnection>;
  isGone(): boolean;
  close(): void;
}

interface Waiting {
  readonly resolve: (socket: CellConnection) => void;
  readonly reject: (error: CloisterError) => void;
  readonly port: number;
}

const WAITING_MAX = 256;

export function openConnector(options: ConnectorOptions): Connector {
  const isRoot = process.getuid?.() === 0;
  const [program = "", ...args] = [
    ...options.enter,
    ...[options.node, "--no-warnings", "--eval", connectingProgram],
  ];
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
    ...(isRoot ? options.user : {}),
  });
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let isGone = false;
  const end = (why: string): void => {
    isGone = true;
    for (const { reject, port } of waiting.values()) reject(failed(port, why));
    waiting.clear();
  };
  child.on("error", ({ message }) => end(message));
  child.on("exit", () => end("the process inside has ended"));
  child.on("message", (message, handle) => {
    if (!isRecord(message) || typeof message["id"] !== "number") return;
    const { id, code } = message;
    const one = waiting.get(id);
    waiting.delete(id);
    if (isConnection(handle)) {
      // It came too late: nobody waits for it any more.
      if (one === undefined) handle.destroy();
      else one.resolve(handle);
    } else one?.reject(failed(one.port, String(code)));
  });

  return {
    connect: (port) =>
      new Promise((resolve, reject) => {
        if (isGone) return reject(failed(port, "the process inside has ended"));
        if (waiting.size >= WAITING_MAX) return reject(failed(port, "too many connections at once"));
        asked += 1;
        const id = asked;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(failed(port, "no answer in time"));
        }, options.timeoutMs);
        waiting.set(id, {
          port,
          resolve: (socket) => {
            clearTimeout(timer);
            resolve(socket);
          },
          reject: (error) => {
            clearTimeout(timer);
            reject(error);
          },
        });
        child.send({ id, port }, (error) => {
          if (error !== null) waiting.get(id)?.reject(failed(port, error.message));
        });
      }),
    isGone: () => isGone,
    close: () => {
      child.kill("SIGKILL");
    },
  };
}

function isConnection(handle: SendHandle): handle is CellConnection {
  return handle !== undefined && "setNoDelay" in handle;
}

function failed(port: number, why: string): CloisterError {
  return new CloisterError(`cannot connect to port ${port} in the cell (${why})`, {
    code: "cell-connect-failed",
    next: "start a server on 127.0.0.1 at this port in the cell, and keep its command running",
  });
}

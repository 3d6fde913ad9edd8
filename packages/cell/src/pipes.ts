/**
 * Pipes for stdin, stdout and stderr of commands. What Node calls a pipe is a socket, and a socket cannot be opened by
 * name: `echo x > /dev/stderr` and `-o /dev/stdout` would fail with ENXIO. So named pipes are made once a session, with
 * its first command, and used again when nobody holds an end of them any more.
 */
import { spawnSync, type ChildProcess } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { systemCodeOf } from "@cloister/base";
import { SYSTEM_PATH } from "./system-path.ts";

export interface Pipes {
  /** A command's stdin (`in`) or one of its outputs. Undefined when all are in use: the caller takes a socket then. */
  take(direction: "in" | "out"): Pipe | undefined;
}

export interface Pipe {
  /** The command's end; closed here once the command has a copy of it. */
  readonly inner: number;
  /** Ours. It ends when the last process that holds the other end is gone. */
  readonly stream: Duplex;
}

/** Makes a stream that owns a descriptor, without waiting in a thread for each read as those of `node:fs` would. */
export type StreamOf = (descriptor: number, direction: "in" | "out") => Duplex;

/** Eight commands at a time. */
const PIPES_MAX = 24;
/** As many as two commands need; most sessions never run more at a time. */
const PIPES_AT_ONCE = 6;

/** `folder` is new, and passed by nobody but us. Without `mkfifo` (coreutils) there are no pipes. */
export function openPipes(folder: string, streamOf: StreamOf): Pipes {
  const unused: string[] = [];
  let made = 0;
  return {
    take: (direction) => {
      for (;;) {
        for (let path = unused.shift(); path !== undefined; path = unused.shift()) {
          const pipe = openEnds(path, direction, streamOf);
          // Somebody holds it still: it is not used again, for it could carry one command's words to another.
          if (pipe === undefined) continue;
          const used = path;
          pipe.stream.once("close", () => unused.push(used));
          return pipe;
        }
        if (made >= PIPES_MAX) return undefined;
        unused.push(...makePipes(folder, made));
        made += PIPES_AT_ONCE;
      }
    },
  };
}

function makePipes(folder: string, from: number): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const paths = Array.from({ length: PIPES_AT_ONCE }, (_, index) => join(folder, String(from + index)));
  // Commands of another user open them by way of /proc/self/fd, for which the folder's permissions do not count.
  const made = spawnSync("mkfifo", ["-m", "666", ...paths], { stdio: "ignore", env: { PATH: SYSTEM_PATH } });
  return made.status === 0 ? paths : [];
}

function openEnds(path: string, direction: "in" | "out", streamOf: StreamOf): Pipe | undefined {
  if (hasReader(path)) return undefined;
  // fifo(7): opened in this order nothing waits, and only our end is without waiting afterwards.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (hasWriter(reader)) {
    closeSync(reader);
    return undefined;
  }
  if (direction === "out") {
    const inner = openSync(path, constants.O_WRONLY);
    return { inner, stream: streamOf(reader, direction) };
  }
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const inner = openSync(path, constants.O_RDONLY);
  closeSync(reader);
  return { inner, stream: streamOf(writer, direction) };
}

function hasReader(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "ENXIO") return false;
    throw error;
  }
}

function hasWriter(reader: number): boolean {
  try {
    return readSync(reader, Buffer.alloc(1)) > 0;
  } catch (error) {
    if (systemCodeOf(error) === "EAGAIN") return true;
    throw error;
  }
}

/**
 * Makes `streams` the child's own, by number. Its `close` waits for them, as it does for those that Node makes: who
 * hears it has all the output.
 */
export function adopt(child: ChildProcess, streams: ReadonlyMap<number, Duplex>): void {
  const names = ["stdin", "stdout", "stderr"] as const;
  let left = 0;
  let held: unknown[] | undefined;
  const emit = child.emit.bind(child) as (event: string | symbol, ...args: unknown[]) => boolean;
  for (const [index, stream] of streams) {
    const name = names[index] ?? "stderr";
    Object.assign(child, { [name]: stream });
    // When the child exits, Node lets flow what nobody reads of these.
    Object.assign(child.stdio, { [index]: stream });
    if (name === "stdin") {
      child.once("exit", () => stream.destroy());
      continue;
    }
    left += 1;
    stream.once("close", () => {
      left -= 1;
      if (left === 0 && held !== undefined) emit("close", ...held);
    });
  }
  child.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    if (event !== "close" || left === 0) return emit(event, ...args);
    held = args;
    return true;
  };
}

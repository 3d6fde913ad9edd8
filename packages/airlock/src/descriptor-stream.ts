/** Streams over descriptors of pipes. It is here because Node's class for them is that of sockets, which packages below may not use. */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/**
 * `out` reads what a command writes, `in` writes what it reads. The stream owns the descriptor, which must not block
 * (O_NONBLOCK). Nothing is connected by it.
 */
export function streamOf(descriptor: number, direction: "in" | "out"): Duplex {
  return new Socket({ fd: descriptor, readable: direction === "out", writable: direction === "in" });
}

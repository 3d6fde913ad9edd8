// What is common to sockets on their way to being usable, whoever makes them.

import type { Socket } from "node:net";

/** TCP's own probes, so that nothing in between forgets a connection on which a server thinks for long. */
export const keepAliveFirstMs = 60_000;

/**
 * Resolves once the socket says so; rejects with what ended it, or after an abort, and then it is destroyed. The signal
 * has no hold on the socket after that.
 */
export function untilOpen(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      socket.destroy(Object.assign(new Error("given up"), { code: "ECANCELED" }));
    };
    // It stays: until the next owner listens, an unheard error would end the process.
    socket.on("error", (error) => {
      signal.removeEventListener("abort", giveUp);
      reject(error);
    });
    socket.once(event, () => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}

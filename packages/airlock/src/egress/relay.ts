/** Bytes both ways between a command and its target, counted, until either side has had enough. */
import { isIP, type Socket } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";
import type { EgressOutcome, OpenEgress } from "./attempt.ts";
import type { EgressLimits } from "./limits.ts";
import { helloBytesMax, readClientHello } from "./client-hello.ts";

/** Takes over both sockets; the egress is ended when they are. */
export function relay(client: Duplex, egress: OpenEgress, limits: EgressLimits): void {
  const { socket: upstream, admission } = egress;
  const end = (outcome: EgressOutcome): void => {
    egress.end(outcome);
    admission.ended.removeEventListener("abort", onCommandEnd);
    upstream.destroy();
    client.destroy();
  };
  const onCommandEnd = (): void => end("command-ended");
  admission.ended.addEventListener("abort", onCommandEnd, { once: true });
  watch(client, () => end("broken"));
  watch(upstream, () => end("broken"));
  client.once("close", () => end("closed"));
  upstream.once("close", () => {
    egress.end("closed");
    // What it still has to read it may read; what it still sends leads nowhere.
    client.end();
    client.resume();
  });
  upstream.setTimeout(limits.idleTimeoutMs, () => end("idle"));
  // The server may speak first on most ports; what it says tells it nothing.
  pump(upstream, client, (chunk) => egress.spend("down", chunk.length) || end("budget"));
  checkStart(client, egress, (outcome) => {
    if (outcome !== undefined) return end(outcome);
    pump(client, upstream, (chunk) => egress.spend("up", chunk.length) || end("budget"));
  });
}

/** An alert of TLS (RFC 8446, section 6): fatal, unrecognized_name. Clients show it; plain silence they do not. */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

/**
 * Holds the client's first bytes back until they are known to be for the host that was compared with the rules. On
 * port 443 they must be TLS; elsewhere what is no TLS passes. An address, named by a person, needs no server name.
 */
function checkStart(
  client: Duplex,
  { target }: OpenEgress,
  done: (outcome: EgressOutcome | undefined) => void,
): void {
  let start: Buffer = Buffer.alloc(0);
  const settle = (outcome: EgressOutcome | undefined): void => {
    client.off("data", onData);
    client.off("end", onEnd);
    if (outcome === "server-name-differs") client.write(unrecognizedName);
    else if (outcome === undefined && start.length > 0) {
      client.pause();
      client.unshift(start);
    }
    done(outcome);
  };
  const onData = (chunk: Buffer): void => {
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
    const hello = readClientHello(start);
    switch (hello.kind) {
      case "incomplete":
        if (start.length > 2 * helloBytesMax) settle("not-tls");
        return;
      case "not-tls":
        settle(target.port === 443 ? "not-tls" : undefined);
        return;
      case "malformed":
        settle("not-tls");
        return;
      case "hello": {
        const isSame = hello.serverName === target.host || isIP(target.host) !== 0;
        settle(isSame ? undefined : "server-name-differs");
      }
    }
  };
  // Ended before it said anything whole: nothing of it goes out.
  const onEnd = (): void => settle(start.length === 0 ? undefined : "not-tls");
  client.on("data", onData);
  client.once("end", onEnd);
}

/** Copies with back pressure; a chunk for which `isAllowed` says no is not passed on. */
export function pump(from: Readable, to: Writable, isAllowed: (chunk: Buffer) => unknown): void {
  from.on("data", (chunk: Buffer) => {
    if (isAllowed(chunk) !== true || to.destroyed || to.writableEnded) return;
    if (to.write(chunk)) return;
    from.pause();
    to.once("drain", () => from.resume());
  });
  if (from.readableEnded) to.end();
  else from.once("end", () => to.end());
  from.resume();
}

function watch(socket: Duplex | Socket, onError: () => void): void {
  socket.on("error", onError);
}

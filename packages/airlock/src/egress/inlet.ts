/**
 * A way from this machine to a server in the cell, opened when a person asks for it: so that they can look, in their
 * own browser, at what a command serves. What the browser then does is outside the cell.
 */
import { createServer } from "node:net";
import type { CellNetwork } from "@cloister/cell";
import { CloisterError, systemCodeOf } from "@cloister/base";
import type { EgressSession } from "./attempt.ts";
import { pump } from "./relay.ts";

export interface InletOptions {
  readonly session: EgressSession;
  readonly network: CellNetwork;
  /** Of the server in the cell. */
  readonly port: number;
  /** On this machine's 127.0.0.1; 0 for one of the kernel's choice. Default: the same port. */
  readonly outsidePort?: number;
}

export interface Inlet {
  readonly port: number;
  close(): void;
}

const CONNECTIONS_MAX = 64;

/** @throws CloisterError `inlet-port-taken`, and what the ledger throws: an inlet that is not recorded is not opened. */
export async function openDoorInto(options: InletOptions): Promise<Inlet> {
  const { session, network, port } = options;
  await session.ledger.append({ type: "inlet", fields: { session: session.id, port } });
  const open = new Set<{ destroy(): unknown }>();
  const server = createServer({ allowHalfOpen: true }, (outside) => {
    open.add(outside);
    outside.once("close", () => open.delete(outside));
    outside.on("error", () => outside.destroy());
    const serve = async (): Promise<void> => {
      const inside = await network.connect(port);
      inside.on("error", () => outside.destroy());
      inside.once("close", () => outside.end());
      outside.once("close", () => inside.destroy());
      pump(outside, inside, () => true);
      pump(inside, outside, () => true);
    };
    // No server runs there, or not yet: the browser's user sees a connection that is closed.
    serve().catch(() => outside.destroy());
  });
  server.maxConnections = CONNECTIONS_MAX;
  const wanted = options.outsidePort ?? port;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      const next = "close what listens there, or choose another port outside";
      const message = `port ${wanted} of this machine cannot be listened on (${systemCodeOf(cause) ?? "unknown error"})`;
      reject(new CloisterError(message, { code: "inlet-port-taken", next, cause }));
    });
    server.listen(wanted, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : wanted,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

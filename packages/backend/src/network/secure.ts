// TLS over a connection that is there already: its peer was chosen and judged before.

import type { Socket } from "node:net";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { systemCodeOf } from "@cloister/base";
import type { NetworkOptions } from "./options.ts";
import { tlsFailureOf, trustNext } from "./certificates.ts";
import { openTrust } from "./trust.ts";

export type SecureOutcome =
  | { readonly kind: "secured"; readonly socket: TLSSocket }
  /** The handshake failed; `next` says what a person can do. The connection is gone. */
  | { readonly kind: "untrusted"; readonly code: string; readonly next: string | undefined }
  | { readonly kind: "broken"; readonly code: string };

/** The certificate must be `host`'s, and its chain end in the system's authorities or the house's own. Never rejects. */
export type Secure = (socket: Socket, host: string, signal: AbortSignal) => Promise<SecureOutcome>;

/** @throws CloisterError `bad-extra-ca` */
export function createSecure(options: Pick<NetworkOptions, "extraCa"> = {}): Secure {
  const trust = openTrust(options);
  return (socket, host, signal) =>
    new Promise((resolve) => {
      // Authorities alone: a client certificate is for the house's own endpoints.
      const secureContext = trust.proxy();
      const name = isIP(host) === 0 ? { servername: host } : {};
      const secured = connect({ socket, host, secureContext, ALPNProtocols: ["http/1.1"], ...name });
      const giveUp = (): void => {
        secured.destroy(new Error("given up"));
      };
      signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted) giveUp();
      secured.once("error", (error) => {
        signal.removeEventListener("abort", giveUp);
        socket.destroy();
        const code = systemCodeOf(error) ?? "unknown error";
        const isTrust = tlsFailureOf(code) !== undefined;
        resolve(isTrust ? { kind: "untrusted", code, next: trustNext(code) } : { kind: "broken", code });
      });
      secured.once("secureConnect", () => {
        signal.removeEventListener("abort", giveUp);
        // Until its next owner listens: an unheard error would end the process.
        secured.on("error", () => {});
        resolve({ kind: "secured", socket: secured });
      });
    });
}

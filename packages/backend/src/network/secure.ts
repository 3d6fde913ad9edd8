// TLS over a connection that is there already: its peer was chosen and judged before.

import type { Socket } from "node:net";
import { isIP } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import { systemCodeOf } from "@cloister/base";
import type { NetworkOptions } from "./options.ts";
import { tlsFailureOf, trustNext } from "./certificates.ts";
import { untilOpen } from "./socket.ts";
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
  return async (socket, host, signal) => {
    // Authorities alone: a client certificate is for the house's own endpoints.
    const secured = startTls({ socket, host, secureContext: trust.proxy() });
    try {
      await untilOpen(secured, "secureConnect", signal);
      return { kind: "secured", socket: secured };
    } catch (error) {
      socket.destroy();
      const code = systemCodeOf(error) ?? "unknown error";
      const isTrust = tlsFailureOf(code) !== undefined;
      return isTrust ? { kind: "untrusted", code, next: trustNext(code) } : { kind: "broken", code };
    }
  };
}

export interface Plain {
  readonly socket: Socket;
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly secureContext: SecureContext;
}

/** Begins the handshake, for HTTP/1.1: there, ending a request ends its connection, which makes model servers stop. */
export function startTls({ socket, host, secureContext }: Plain): TLSSocket {
  // Loaded with the first connection that wants it.
  const tls = process.getBuiltinModule("node:tls");
  // RFC 6066, section 3: an address is no server name. It is compared with the certificate all the same.
  const name = isIP(host) === 0 ? { servername: host } : {};
  return tls.connect({ socket, host, secureContext, ALPNProtocols: ["http/1.1"], ...name });
}

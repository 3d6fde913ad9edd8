// Whom a connection trusts, and what it shows of itself.

import { X509Certificate } from "node:crypto";
import type { SecureContext } from "node:tls";
import type * as Tls from "node:tls";
import { CloisterError, messageOf } from "@cloister/base";
import type { NetworkOptions } from "./options.ts";

const extraCertificatesMax = 1000;

export interface Trust {
  /** For endpoints: the authorities, and the client certificate when there is one. */
  endpoint(): SecureContext;
  /** For the proxy: the authorities alone. */
  proxy(): SecureContext;
}

/**
 * Checks what it was given at once; reads the system's authorities, which takes a tenth of a second, only when a first
 * connection needs them, and once.
 * @throws CloisterError `bad-extra-ca`, `bad-client-certificate`.
 */
export function openTrust(options: Pick<NetworkOptions, "extraCa" | "clientCertificate">): Trust {
  const { extraCa, clientCertificate } = options;
  const extra = extraCa === undefined ? [] : certificatesIn(extraCa);
  const own = clientCertificate === undefined ? {} : checkedIdentity(clientCertificate);
  let authorities: string[] | undefined;
  let endpoint: SecureContext | undefined;
  let proxy: SecureContext | undefined;
  const ca = (): string[] => (authorities ??= [...new Set([...readAuthorities(), ...extra])]);
  return {
    endpoint: () => (endpoint ??= tls().createSecureContext({ ca: ca(), ...own })),
    proxy: () => (proxy ??= tls().createSecureContext({ ca: ca() })),
  };
}

/** Loaded when a first connection wants it: most endpoints are on this machine, and plain. */
function tls(): typeof Tls {
  return process.getBuiltinModule("node:tls");
}

/** "default" is what Node has built in and what NODE_EXTRA_CA_CERTS names. */
function readAuthorities(): string[] {
  const { getCACertificates } = tls();
  return [...getCACertificates("system"), ...getCACertificates("default")];
}

function certificatesIn(pem: string): string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw badCa("holds no certificate in PEM form");
  if (found.length > extraCertificatesMax) {
    throw badCa(`holds more than ${extraCertificatesMax} certificates`);
  }
  // OpenSSL passes over what it cannot read, and the connection would fail much later for no visible reason.
  for (const [at, certificate] of found.entries()) {
    try {
      void new X509Certificate(certificate);
    } catch (cause) {
      throw badCa(`cannot be read: its certificate ${at + 1} is damaged`, cause);
    }
  }
  return found;
}

function checkedIdentity(
  identity: NonNullable<NetworkOptions["clientCertificate"]>,
): NonNullable<NetworkOptions["clientCertificate"]> {
  try {
    tls().createSecureContext(identity);
    return identity;
  } catch (cause) {
    throw new CloisterError(`the client certificate cannot be used: ${messageOf(cause)}`, {
      code: "bad-client-certificate",
      next: "give a certificate and its own key in PEM form, and the passphrase when the key is encrypted",
      cause,
    });
  }
}

function badCa(what: string, cause?: unknown): CloisterError {
  return new CloisterError(`the extra CA ${what}`, {
    code: "bad-extra-ca",
    next: "give the authority's certificate as a PEM file (-----BEGIN CERTIFICATE-----)",
    cause,
  });
}

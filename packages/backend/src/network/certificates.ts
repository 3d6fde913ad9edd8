// What the system's codes of a failed TLS handshake mean, and what to do about each.

/** OpenSSL's names of a chain that ends in nobody we trust (X509_V_ERR_…). */
const untrusted = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
]);

/** Alerts by which a server says that the client certificate is missing or not to its liking (RFC 8446, section 6.2). */
const clientRefused =
  /ALERT_(?:CERTIFICATE_|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

export type TlsFailure = "untrusted" | "client-certificate" | "other";

/** Undefined when the code is not about TLS. */
export function tlsFailureOf(code: string): TlsFailure | undefined {
  if (clientRefused.test(code)) return "client-certificate";
  if (untrusted.has(code) || /^CERT_|ALTNAME_INVALID/.test(code)) return "untrusted";
  return /CERT|SIGNATURE|TLS|SSL|EPROTO/.test(code) ? "other" : undefined;
}

/** The next step after a failed handshake; undefined when the code is not about TLS. */
export function trustNext(code: string): string | undefined {
  if (untrusted.has(code)) {
    return "add the CA that signed its certificate with extraCa, a PEM file; NODE_EXTRA_CA_CERTS names one for the whole process";
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "renew the server's certificate, or correct the clock of this machine";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "use a host name that the server's certificate holds, or have one issued for this name";
  }
  switch (tlsFailureOf(code)) {
    case "client-certificate":
      return "give clientCertificate a certificate and key that the server accepts";
    case "untrusted":
    case "other":
      return /WRONG_VERSION|PACKET_LENGTH|EPROTO/.test(code)
        ? "check that the server speaks TLS on this port; when it does not, write http:// instead"
        : "check the server's certificate and its TLS versions, and whether it asks for a clientCertificate";
    case undefined:
      return undefined;
  }
}

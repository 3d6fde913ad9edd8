/** How connections to model servers are made where a house has its own authority, client certificates or proxy. */
export interface NetworkOptions {
  /** PEM certificates, one or several, trusted beside those of the system and those built in. */
  readonly extraCa?: string;
  /** Shown to endpoints that ask for one (mutual TLS), never to the proxy. PEM; the passphrase is the key's. */
  readonly clientCertificate?: {
    readonly cert: string;
    readonly key: string;
    readonly passphrase?: string;
  };
  /**
   * `http://`, `https://` or `socks5://` URL with credentials where needed. Everything but loopback goes through it,
   * and names are resolved by it. When it fails, the request fails: nothing goes around it.
   */
  readonly proxy?: string;
  /**
   * Hosts reached without the proxy: `*`; an address or a range such as `10.0.0.0/8`; a name, which also means the
   * names under it; `.name`, which means only those. A name or address may end in `:port`.
   */
  readonly noProxy?: readonly string[];
}

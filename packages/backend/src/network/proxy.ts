// Which connections go through a proxy, and what is known of it.

import { BlockList, isIP } from "node:net";
import { CloisterError } from "@cloister/base";
import { isLoopback } from "../url.ts";
import type { NetworkOptions } from "./options.ts";

const noProxyEntriesMax = 1000;
/** RFC 1929, section 2: each is counted by one byte. */
const socksCredentialBytesMax = 255;

export interface Proxy {
  readonly kind: "http" | "https" | "socks5";
  /** A name or an address, without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** For errors: scheme, host and port, and never the credentials. */
  readonly shown: string;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

export interface Target {
  /** A name or an address, without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** The proxy for a connection, or undefined when it is made directly. */
export type ProxyChoice = (target: Target) => Proxy | undefined;

/** @throws CloisterError `bad-proxy-url`, `bad-no-proxy`. */
export function chooseProxy(options: Pick<NetworkOptions, "proxy" | "noProxy">): ProxyChoice {
  const exempt = parseNoProxy(options.noProxy ?? []);
  if (options.proxy === undefined) return () => undefined;
  const proxy = parseProxyUrl(options.proxy);
  return (target) => {
    // What runs on this machine is not the proxy's to see, whatever the lists say.
    const { hostname } = target;
    const isHere = isLoopback(new URL(`http://${isIP(hostname) === 6 ? `[${hostname}]` : hostname}`));
    return isHere || exempt.some((matches) => matches(target)) ? undefined : proxy;
  };
}

const kinds = { "http:": "http", "https:": "https", "socks5:": "socks5", "socks5h:": "socks5" } as const;
const usualPorts = { http: 80, https: 443, socks5: 1080 };

function parseProxyUrl(text: string): Proxy {
  const url = URL.parse(text.trim());
  if (url === null) throw badProxy(text, "is not a URL");
  const { protocol } = url;
  if (!isKnown(protocol)) throw badProxy(text, "is neither http, https nor socks5");
  if (url.hostname === "") throw badProxy(text, "names no host");
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "") {
    throw badProxy(text, "has something after its host and port");
  }
  const kind = kinds[protocol];
  const port = url.port === "" ? usualPorts[kind] : Number(url.port);
  return {
    kind,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    shown: `${kind}://${url.hostname}:${port}`,
    credentials: credentialsOf(url, kind),
  };
}

function isKnown(protocol: string): protocol is keyof typeof kinds {
  return Object.hasOwn(kinds, protocol);
}

function credentialsOf(url: URL, kind: Proxy["kind"]): Proxy["credentials"] {
  if (url.username === "" && url.password === "") return undefined;
  let credentials: { user: string; password: string };
  try {
    credentials = { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  } catch {
    // The cause would repeat what may be the password.
    throw badProxy("@", "has credentials that are not percent-encoded rightly");
  }
  const fits = ({ length }: Buffer): boolean => length > 0 && length <= socksCredentialBytesMax;
  if (kind === "socks5" && !Object.values(credentials).every((text) => fits(Buffer.from(text)))) {
    throw badProxy(
      "@",
      `needs a user and a password of 1 to ${socksCredentialBytesMax} bytes each, or neither`,
    );
  }
  return credentials;
}

function badProxy(text: string, what: string): CloisterError {
  const shown = text.includes("@") ? "the proxy's URL" : `the proxy's URL "${text}"`;
  return new CloisterError(`${shown} ${what}`, {
    code: "bad-proxy-url",
    next: "write it like http://proxy.example.org:3128, https://… or socks5://user:password@proxy.example.org:1080",
  });
}

type Matcher = (target: Target) => boolean;

function parseNoProxy(entries: readonly string[]): Matcher[] {
  if (entries.length > noProxyEntriesMax) throw badNoProxy(`has more than ${noProxyEntriesMax} entries`);
  return entries.map((entry) => parseEntry(entry.trim().toLowerCase()));
}

function parseEntry(entry: string): Matcher {
  if (entry === "*") return () => true;
  if (entry.includes("/")) return rangeMatcher(entry);
  // An IPv6 address with a port has brackets, so that a bare one cannot be mistaken for a name with a port.
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry);
  const host = isIP(entry) === 6 ? entry : (parts?.[1] ?? parts?.[2]);
  const port = parts?.[3] === undefined ? undefined : Number(parts[3]);
  if (host === undefined || host.replace(/^\*?\./, "") === "" || /[\s*]/.test(host.replace(/^\*\./, ""))) {
    throw badNoProxy(`has an entry "${entry}" that is neither a host, a .suffix nor a range`);
  }
  const matchesHost =
    isIP(host) === 0 ? nameMatcher(host) : rangeMatcher(`${host}/${isIP(host) === 4 ? 32 : 128}`);
  return (target) => (port === undefined || port === target.port) && matchesHost(target);
}

function nameMatcher(name: string): Matcher {
  const bare = name.replace(/^\*?\./, "");
  return ({ hostname }) => {
    const host = hostname.toLowerCase().replace(/\.$/, "");
    return (host === bare && name === bare) || host.endsWith(`.${bare}`);
  };
}

function rangeMatcher(range: string): Matcher {
  const [address = "", bits = ""] = range.split("/");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  try {
    if (!/^\d+$/.test(bits)) throw new RangeError("no length");
    list.addSubnet(address, Number(bits), family);
  } catch (cause) {
    throw badNoProxy(`has a range "${range}" that cannot be read`, cause);
  }
  // Names are not looked up for this: the answer would depend on a name server, and asking it would tell.
  return ({ hostname }) =>
    isIP(hostname) !== 0 && list.check(hostname, isIP(hostname) === 6 ? "ipv6" : "ipv4");
}

function badNoProxy(what: string, cause?: unknown): CloisterError {
  return new CloisterError(`the list of hosts without a proxy ${what}`, {
    code: "bad-no-proxy",
    next: "write hosts, .suffixes, host:port or ranges such as 10.0.0.0/8",
    cause,
  });
}

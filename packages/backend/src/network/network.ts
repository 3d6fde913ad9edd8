import { chooseProxy } from "./proxy.ts";
import type { ProxyChoice } from "./proxy.ts";
import { openTrust } from "./trust.ts";
import type { Trust } from "./trust.ts";
import type { NetworkOptions } from "./options.ts";

/** The house's rules for connections, checked. */
export interface Network {
  readonly proxyFor: ProxyChoice;
  readonly trust: Trust;
}

export function openNetwork(options: NetworkOptions): Network {
  return { proxyFor: chooseProxy(options), trust: openTrust(options) };
}

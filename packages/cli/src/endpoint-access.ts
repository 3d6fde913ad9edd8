/** How an endpoint is reached that stands in the settings by its address: with its own key, network and clearance. */
import type { Price } from "@cloister/agent";
import type { NetworkOptions } from "@cloister/backend";
import type { Label } from "@cloister/policy";
import { parseEndpoint } from "./endpoint-address.ts";
import type { Environment } from "./environment.ts";
import type { Settings } from "./settings.ts";
import type { EndpointSettings } from "./settings-endpoints.ts";

export interface EndpointAccess {
  readonly apiKey: string | undefined;
  readonly network: NetworkOptions | undefined;
  readonly contextTokens: number | undefined;
  /** Said once, in the settings, for this endpoint. */
  readonly clearance: Label | undefined;
  /** Of its tokens; undefined where nobody said. */
  readonly price: Price | undefined;
}

type Given = Pick<Settings, "endpoint" | "endpoints" | "clearance" | "network" | "contextTokens" | "price">;

/**
 * Those of `endpoints` count before those of `endpoint`. The key in the environment is for the endpoint that it was
 * given with; one that names a variable for its key has that key and no other.
 */
export function accessTo(
  endpoint: string | undefined,
  settings: Given,
  { apiKey, variable }: Pick<Environment, "apiKey" | "variable">,
): EndpointAccess {
  const named = settings.endpoints?.find(({ url }) => isSameEndpoint(url, endpoint));
  if (named === undefined) {
    const isUsual = isSameEndpoint(settings.endpoint, endpoint);
    return {
      ...{ apiKey, network: settings.network, contextTokens: settings.contextTokens },
      clearance: isUsual ? settings.clearance : undefined,
      price: settings.price,
    };
  }
  return {
    apiKey: named.keyVariable === undefined ? apiKey : variable(named.keyVariable),
    network: named.network,
    contextTokens: named.contextTokens,
    clearance: named.clearance,
    price: named.price,
  };
}

/** Every endpoint of the settings that is not `at`: each once, the usual one last. */
export function otherEndpoints(
  settings: Given,
  named: readonly EndpointSettings[],
  at: string,
): readonly { readonly name: string; readonly url: string }[] {
  const usual =
    settings.endpoint === undefined || !isAddress(settings.endpoint)
      ? []
      : [{ name: parseEndpoint(settings.endpoint).url.host, url: settings.endpoint }];
  const all = [...named, ...usual.filter(({ url }) => !named.some((one) => isSameEndpoint(one.url, url)))];
  return all
    .filter(({ url }) => isAddress(url) && !isSameEndpoint(url, at))
    .map(({ name, url }) => ({ name, url }));
}

export function isSameEndpoint(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one === other || (isAddress(one) && isAddress(other) && normal(one) === normal(other));
}

/** The same server in another protocol is the same server: its key and its clearance are what they are. */
function normal(address: string): string {
  return parseEndpoint(address).url.href;
}

function isAddress(address: string): boolean {
  try {
    return parseEndpoint(address).url.href !== "";
  } catch {
    return false; // whoever opens it says what is wrong with it
  }
}

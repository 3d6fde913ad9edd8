/** How allowed hosts are reached from a cell: through the house's proxy where there is one, unless the policy says no. */
import { createDial, type Dial, type NetworkOptions } from "@cloister/backend";
import type { Binding } from "./policy/binding.ts";

export function openCellDial(network: NetworkOptions | undefined, isThroughProxy: boolean): Dial {
  return createDial(network === undefined || !isThroughProxy ? {} : { network });
}

/** Through a proxy nobody here sees which address a name leads to: a house may want that, or not. */
export function mayUseProxy(binding: Pick<Binding, "flag">): boolean {
  return binding.flag("cell.allow-through-proxy", undefined) ?? true;
}

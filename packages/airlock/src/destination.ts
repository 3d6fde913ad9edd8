import type { Route } from "./route.ts";
import type { Endpoint } from "./endpoint.ts";

/** An endpoint, and how a request gets there. */
export interface Destination {
  readonly endpoint: Endpoint;
  readonly route: Route;
}

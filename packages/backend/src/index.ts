export { createBackend } from "./backend.ts";
export type { Backend, BackendStatus, EndpointAddress, SendOptions } from "./backend.ts";
export type { ModelDescription, ServerDescription, ServerKind } from "./describe.ts";
export { discover, knownPorts } from "./discover.ts";
export type { Discovered, KnownPort } from "./discover.ts";
export type { Answer } from "./exchange.ts";
export { isLoopback, parseEndpointUrl } from "./url.ts";

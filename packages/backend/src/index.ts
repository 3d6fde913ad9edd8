export { createBackend } from "./backend.ts";
export type {
  Backend,
  BackendOptions,
  BackendStatus,
  EndpointAddress,
  Probe,
  SendOptions,
} from "./backend.ts";
export type { ModelDescription, ServerDescription, ServerKind } from "./describe.ts";
export { discover, knownPorts } from "./discover.ts";
export type { Discovered, KnownPort } from "./discover.ts";
export { createEmbeddedBackend } from "./embedded/embedded.ts";
export type { EmbeddedOptions } from "./embedded/embedded.ts";
export type { NodeLlamaCppModule } from "./embedded/engine.ts";
export type { RenderTemplate } from "./embedded/prompt.ts";
export type { Answer } from "./exchange.ts";
export { createOllamaBackend } from "./ollama/ollama.ts";
export type { OllamaOptions } from "./ollama/ollama.ts";
export { createMcpHttpBridge } from "./mcp/http-bridge.ts";
export type { McpHttpIo, McpHttpOptions } from "./mcp/http-bridge.ts";
export { loginToMcp, renewMcpToken } from "./mcp/oauth.ts";
export type { LoginOptions, McpToken } from "./mcp/oauth.ts";
export { canonicalAddress } from "./network/address-range.ts";
export type { AddressRange } from "./network/address-range.ts";
export { createDial } from "./network/dial.ts";
export type { Dial, DialOptions, DialOutcome, DialRequest } from "./network/dial.ts";
export type { NetworkOptions } from "./network/options.ts";
export { createSecure } from "./network/secure.ts";
export type { Secure, SecureOutcome } from "./network/secure.ts";
export { limitTime } from "./time-limit.ts";
export type { TimeLimit } from "./time-limit.ts";
export { isLoopback, parseEndpointUrl } from "./url.ts";

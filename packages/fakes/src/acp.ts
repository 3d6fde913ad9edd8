/** An editor for tests: the client of the Agent Client Protocol's official library, a stranger at our door. */
export { client, methods, ndJsonStream } from "@agentclientprotocol/sdk";
export type {
  ClientContext,
  ContentBlock,
  McpServer,
  NewSessionResponse,
  SessionUpdate,
} from "@agentclientprotocol/sdk";

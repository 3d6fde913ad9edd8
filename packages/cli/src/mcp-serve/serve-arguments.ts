import type { Label } from "@cloister/policy";
import type { RunArguments } from "../run-arguments.ts";

export interface McpServeArguments {
  readonly command: "mcp-serve";
  readonly run: RunArguments;
  /** What the client may be shown; without a word on it, what is public. */
  readonly clientClearance: Label;
}

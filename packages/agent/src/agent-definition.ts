/** What a project or a person says of a kind of subagent. */
export interface AgentDefinition {
  readonly name: string;
  /** When to use it, for the model. */
  readonly description: string;
  readonly prompt: string;
  /** Names of the tools it may use; all when absent. */
  readonly tools?: readonly string[];
  /** Of those, the ones that it may not. */
  readonly disallowedTools?: readonly string[];
  /** Another model; the keeper decides whether it may be asked. */
  readonly model?: string;
  readonly turnsMax?: number;
  /** It only looks, whatever mode the session is in. A mode that lets more through is not its to choose. */
  readonly isPlanning?: boolean;
  /** Names of the MCP servers whose tools it may use; all when absent. */
  readonly mcpServers?: readonly string[];
  /** Names of skills whose texts it begins with. */
  readonly skills?: readonly string[];
}

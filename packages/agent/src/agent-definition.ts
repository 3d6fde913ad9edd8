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
}

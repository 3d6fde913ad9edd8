/** The contract between the turn loop and a tool. Tools never start a process or open a socket: commands are a function they are given. */
import type { JsonObject } from "@cloister/base";

export interface ToolResult {
  readonly ok: boolean;
  /** What the model sees. */
  readonly text: string;
  /** Which lines of which files `text` shows, for the exposure record. */
  readonly sources: readonly FileRange[];
  /** For the screen: what changed, when something changed. */
  readonly diff?: FileDiff;
}

/** Lines of one file: workspace-relative path with "/" separators, 1-based, both ends included. */
export interface FileRange {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

export interface FileDiff {
  readonly path: string;
  /** Unified diff text from the first `@@` on, without the file header. Empty when only bytes outside the lines changed. */
  readonly hunks: string;
  readonly added: number;
  readonly removed: number;
}

export interface CommandOutcome {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  /** stdout and stderr in order of arrival, cut by the keeper. */
  readonly output: string;
  readonly cutBytes: number;
  /** Why the command was not started, when it was not. */
  readonly refused?: string;
}

export type Command = { readonly argv: readonly string[] } | { readonly shell: string };

export interface ToolWorld {
  /** Absolute real path. Commands start here too. */
  readonly workspace: string;
  readonly run: (
    command: Command,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ) => Promise<CommandOutcome>;
  /** Files read or written in this session: workspace-relative path → sha256 (hex) of the content seen. */
  readonly reads: Map<string, string>;
  readonly hasRipgrep: boolean;
}

/**
 * One tool. `run` answers every expected outcome with a result, refusals included; it rejects only when the signal
 * is aborted or `world.run` rejects. Calls that write are not safe side by side: the caller runs them one by one.
 */
export interface Tool<Args = JsonObject> {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object: `properties`, `required`, `additionalProperties: false`. */
  readonly parameters: JsonObject;
  run(args: Args, world: ToolWorld, signal: AbortSignal): Promise<ToolResult>;
}

/** A failure, for the model: what is wrong and the next step. It shows no lines unless `sources` says so. */
export function refusal(text: string, sources: readonly FileRange[] = []): ToolResult {
  return { ok: false, text, sources };
}

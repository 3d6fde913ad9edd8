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

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told what the command prints as it comes, for the screen; the outcome holds it too. */
  readonly onOutput?: (text: string) => void;
}

/** A question with answers to choose from. */
export interface Question {
  readonly question: string;
  /** A word or two for a narrow screen. */
  readonly header?: string;
  readonly options: readonly { readonly label: string; readonly description?: string }[];
  readonly multiSelect?: boolean;
}

/** What only a person can answer. */
export type Ask =
  | { readonly kind: "choice"; readonly questions: readonly Question[] }
  /** May the work begin as planned? */
  | { readonly kind: "plan"; readonly plan: string };

/** How the agent may act. The keeper enforces it; the agent knows it to spare the model calls that would be refused. */
export type Mode = "default" | "acceptEdits" | "plan" | "dontAsk" | "bypass";

export type AskAnswer =
  /** One text for each question, in order: a label, several joined by ", ", or the person's own words. */
  | { readonly kind: "chosen"; readonly texts: readonly string[] }
  | { readonly kind: "approved"; readonly mode: Mode }
  | { readonly kind: "declined"; readonly why?: string }
  /** Nobody is there to be asked. */
  | { readonly kind: "absent" };

export interface ToolWorld {
  /** Absolute real path. Commands start here too. */
  readonly workspace: string;
  readonly run: (command: Command, options: RunOptions) => Promise<CommandOutcome>;
  /** Of the call that is running. */
  readonly callId?: string;
  /** Shows on the screen what a call has got so far. The model never sees it. */
  readonly progress?: (text: string) => void;
  /** Asks the person. Without it nobody is there. Rejects when the signal is aborted. */
  readonly question?: (ask: Ask, signal: AbortSignal) => Promise<AskAnswer>;
  /** Files read or written in this session: workspace-relative path → sha256 (hex) of the content seen. */
  readonly reads: Map<string, string>;
  readonly hasRipgrep: boolean;
  /** Which rule hides a workspace-relative path, and the path that it names: that one, or a folder around it. */
  readonly hidden?: (path: string) => HiddenPlace | undefined;
}

export interface HiddenPlace {
  readonly path: string;
  readonly reason: string;
}

/**
 * What a call may change. `read`: nothing; such calls run side by side, and plan mode allows them. `own`: the agent's
 * own state only, a task list or a mode. `edit`: files of the workspace. `run`: anything a command can.
 */
export type Effect = "read" | "own" | "edit" | "run";

/**
 * One tool. `run` answers every expected outcome with a result, refusals included; it rejects only when the signal
 * is aborted or `world.run` rejects. Calls that write are not safe side by side: the caller runs them one by one.
 */
export interface Tool<Args = JsonObject> {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object: `properties`, `required`, `additionalProperties: false`. */
  readonly parameters: JsonObject;
  readonly effect: Effect;
  /** Calls that wait for something give the same result again and again on purpose. */
  readonly isPolling?: boolean;
  run(args: Args, world: ToolWorld, signal: AbortSignal): Promise<ToolResult>;
}

/** A failure, for the model: what is wrong and the next step. It shows no lines unless `sources` says so. */
export function refusal(text: string, sources: readonly FileRange[] = []): ToolResult {
  return { ok: false, text, sources };
}

/** The contract between the turn loop and a tool. Tools never start a process or open a socket: commands are a function they are given. */
import type { JsonObject } from "@cloister/base";
import type { SourceKind } from "@cloister/wire";
import type { Languages } from "../lsp/languages.ts";
import type { RepoIndex } from "../map/index-files.ts";
import type { Background } from "../processes.ts";

export interface ToolResult {
  readonly ok: boolean;
  /** What the model sees. */
  readonly text: string;
  /** Which lines of which files `text` shows, for the exposure record. */
  readonly sources: readonly FileRange[];
  /** For the screen: what changed, when something changed. */
  readonly diff?: FileDiff;
  /** Shown to the model after the results; only where `seesPictures`. */
  readonly pictures?: readonly ShownPicture[];
  /** Where the text comes from, when that is not what the tool's name says. */
  readonly source?: SourceKind;
}

export interface ShownPicture {
  /** Workspace-relative path. */
  readonly path: string;
  readonly mediaType: string;
  readonly base64: string;
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
  /** Commands that go on. Without it there are none. */
  readonly background?: Background;
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
  /** The model takes pictures. */
  readonly seesPictures?: boolean;
  /** Other models of the same server that do, where this one does not. */
  readonly seeingModels?: readonly string[];
  /** Fetches a page through the keeper. Without it there is no way to any. */
  readonly fetchPage?: (url: string, signal: AbortSignal) => Promise<PageFetch>;
  /** Reads a page for what is wanted of it. Without it the page itself is shown. */
  readonly askOfPage?: (question: PageQuestion, signal: AbortSignal) => Promise<PageAnswer>;
  /** Real paths beside the workspace that may be read: folders of settings, skills, plugins. */
  readonly opened?: readonly string[];
  /** Language servers. Without them there are none. */
  readonly languages?: Languages;
  /** What the files of the workspace define. Without it there is no map of them. */
  readonly code?: RepoIndex;
  /** Whether a call may be made that a hook changed; `why` is for the model. Without it none may. */
  readonly judge?: (
    call: { readonly id: string; readonly name: string; readonly args: JsonObject },
    signal: AbortSignal,
  ) => Promise<{ readonly kind: "pass" } | { readonly kind: "deny"; readonly why: string }>;
  /** Has a file written that no cell may write, where the call was allowed. Without it there is no way to. */
  readonly saveGuarded?: (file: {
    readonly path: string;
    readonly text: string;
    readonly mode: number | undefined;
  }) => Promise<
    { readonly kind: "saved" | "not-guarded" } | { readonly kind: "refused"; readonly why: string }
  >;
  /** The text of a skill. Without it there are none. */
  readonly skill?: (wish: SkillWish, signal: AbortSignal) => Promise<ToolResult>;
  /** Which rule hides a workspace-relative path, and the path that it names: that one, or a folder around it. */
  readonly hidden?: (path: string) => HiddenPlace | undefined;
}

/** What became of a request for a page. */
export type PageFetch =
  | {
      readonly kind: "page";
      /** After redirects. */
      readonly url: string;
      readonly status: number;
      /** Without parameters, in lower case. */
      readonly mediaType: string;
      /** The label of its encoding, when the server says one. */
      readonly charset?: string;
      readonly body: Uint8Array;
    }
  /** The rule behind it, why, and what a person can do. */
  | { readonly kind: "refused"; readonly rule: string; readonly why: string; readonly next: string };

export interface PageQuestion {
  readonly page: string;
  readonly prompt: string;
}

export type PageAnswer =
  | { readonly kind: "answer"; readonly text: string }
  | { readonly kind: "failed"; readonly why: string };

/** A skill by its name, with what it is to be used on. */
export interface SkillWish {
  readonly name: string;
  readonly args: string;
}

export interface HiddenPlace {
  readonly path: string;
  readonly reason: string;
  /** A permission rule withholds it, and no `--show` would show it. */
  readonly by?: "permission";
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
  /** JSON Schema of an object: `properties`, `required`, `additionalProperties: false`. `hidden: true`: taken, not shown. */
  readonly parameters: JsonObject;
  readonly effect: Effect;
  /** Where it depends on the arguments. */
  readonly effectFor?: (args: JsonObject) => Effect;
  /** Calls that wait for something give the same result again and again on purpose. */
  readonly isPolling?: boolean;
  run(args: Args, world: ToolWorld, signal: AbortSignal): Promise<ToolResult>;
}

/** A failure, for the model: what is wrong and the next step. It shows no lines unless `sources` says so. */
export function refusal(text: string, sources: readonly FileRange[] = []): ToolResult {
  return { ok: false, text, sources };
}

/** What this call may change. */
export function effectOfCall(
  { effect, effectFor }: Pick<Tool, "effect" | "effectFor">,
  args: JsonObject,
): Effect {
  return effectFor?.(args) ?? effect;
}

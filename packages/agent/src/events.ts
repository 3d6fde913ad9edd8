/** Everything that happens in a session, in order, for whoever shows or keeps it: a terminal, a log, a program. */
import type { Json, JsonObject } from "@cloister/base";
import type { ChatMessage, GuardCause, ReadingProgress, Usage } from "@cloister/wire";
import type { Goal, GoalStep } from "./goal/goal.ts";
import type { ServerNow } from "./mcp/server-now.ts";
import type { Todo } from "./tools/todo.ts";
import type { Ask, FileDiff, Mode } from "./tools/tool.ts";

export type AgentEvent =
  | {
      readonly kind: "start";
      readonly tools: readonly string[];
      readonly instructions: readonly string[];
      /** Undefined: `default`. */
      readonly mode?: Mode;
    }
  /**
   * The conversation grew by a message. All of them in order, from the last `compaction` on, are what `resume` takes.
   * `index` counts from 0, and again from 0 after a compaction.
   */
  | { readonly kind: "item"; readonly item: ChatMessage; readonly index: number }
  /** A message of the user is in the conversation now; until then it waited for a boundary. */
  | {
      readonly kind: "user";
      readonly text: string;
      /** How many were shown with it. */
      readonly pictures?: number;
    }
  /** `isNews`: to be seen later, too. */
  | { readonly kind: "status"; readonly text: string; readonly isNews?: true }
  /** How far the model's server is with the prompt, where it tells. For the eye only. */
  | ({ readonly kind: "reading" } & ReadingProgress)
  /** All that the model says before these calls, by their ids, has been told; a person may be asked about them now. */
  | { readonly kind: "judging"; readonly calls: readonly string[] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly args: JsonObject }
  /** What a running call has printed since the last such event. */
  | { readonly kind: "progress"; readonly id: string; readonly text: string }
  | {
      readonly kind: "result";
      readonly id: string;
      readonly name: string;
      readonly ok: boolean;
      readonly text: string;
      readonly diff?: FileDiff;
      /** Set when the guard refused the call, so that nothing ran. */
      readonly refused?: GuardCause | "denied";
    }
  /** Waits for `answer` with the same id. */
  | { readonly kind: "question"; readonly id: string; readonly ask: Ask }
  | { readonly kind: "mode"; readonly mode: Mode }
  /** A command in the background began or ended. */
  | {
      readonly kind: "background";
      readonly id: string;
      readonly command: string;
      readonly state: "running" | "ended";
      readonly exitCode?: number;
      /** Set when it was ended because the session was over. */
      readonly isStopped?: boolean;
      /** All that it printed so far. */
      readonly bytes: number;
      /** The end of it, after `look`. */
      readonly tail?: string;
    }
  /** How an MCP server is now; of each at the start, and whenever that changes. */
  | ({ readonly kind: "server" } & ServerNow)
  | { readonly kind: "todos"; readonly todos: readonly Todo[] }
  /** One answer of the model is complete. */
  | { readonly kind: "turn"; readonly number: number; readonly usage?: Usage; readonly speed: Speed }
  /** How full the window is, in tokens; undefined as long as nobody knows how large it is. */
  | { readonly kind: "context"; readonly used: number; readonly window: number | undefined }
  | { readonly kind: "compaction"; readonly compaction: Compaction }
  | {
      readonly kind: "subagent";
      readonly id: string;
      /** The subagent that started it; undefined for the main conversation. */
      readonly parent: string | undefined;
      readonly what:
        | {
            readonly kind: "begin";
            readonly agent: string;
            readonly description: string;
            /** The call of Task that it answers. */
            readonly call: string | undefined;
          }
        | { readonly kind: "event"; readonly event: AgentEvent }
        | { readonly kind: "end"; readonly ending: Ending };
    }
  /** Of an answer to `aside`, which is not of the conversation. */
  | {
      readonly kind: "aside";
      readonly id: string;
      readonly what:
        | { readonly kind: "text"; readonly text: string }
        | { readonly kind: "end"; readonly usage?: Usage; readonly error?: Trouble };
    }
  /** `goal`: as it is after the step; undefined: there is none any more. */
  | { readonly kind: "goal"; readonly goal: Goal | undefined; readonly step: GoalStep }
  /** What the user asked for is done, or given up. The session waits for the next message. */
  | { readonly kind: "end"; readonly ending: Ending };

export interface Speed {
  /** From the request to the first thing heard of the answer. */
  readonly firstMs: number | undefined;
  /** While it wrote; undefined where the server does not count. */
  readonly tokensPerSecond: number | undefined;
}

export interface Compaction {
  readonly trigger: "full" | "overflow" | "asked";
  /** `shortened`: old outputs only. `summary`: by the model. `structure`: without it. */
  readonly method: "shortened" | "summary" | "structure";
  /** Tokens, estimated. */
  readonly before: number;
  readonly after: number;
}

export interface Ending {
  readonly outcome: "done" | Ceiling | "cancelled" | "failed";
  /** The last text of the model. */
  readonly text: string;
  /** The answer as JSON, where a schema was given and it fits. */
  readonly structured?: Json;
  readonly turns: number;
  /** Of this piece of work, its subagents and summaries included. */
  readonly usage: Usage;
  /** In the currency of the prices that were given. */
  readonly cost?: number;
  /** Of models without a price: they are not in `cost`. Left out where there are none, or no cost. */
  readonly unpricedTokens?: number;
  readonly error?: Trouble;
}

/** The limit that ended a piece of work. */
export type Ceiling = "max-turns" | "max-tokens" | "max-time" | "max-cost";

export interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
}

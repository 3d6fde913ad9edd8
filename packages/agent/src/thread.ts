/** One conversation at work: the main one, or a subagent's. */
import type { Clock, JsonObject } from "@cloister/base";
import type { AskModel } from "./answer.ts";
import type { Conversation } from "./conversation.ts";
import type { AgentEvent } from "./events.ts";
import type { HookRunOptions } from "./extension/hooks/hooks.ts";
import type { HookRun } from "./extension/hooks/outcome.ts";
import type { Pursuit } from "./goal/pursuit.ts";
import type { Guide, ReadNested } from "./guide.ts";
import type { HookPoints } from "./hook-points.ts";
import type { Meter } from "./limits.ts";
import type { StartServer } from "./mcp/link.ts";
import type { StartProcess } from "./processes.ts";
import type { Watch } from "./progress.ts";
import type { AnswerCheck } from "./structured.ts";
import type { Mode, Tool, ToolWorld } from "./tools/tool.ts";
import type { Window } from "./window.ts";

/** What the agent may do to the world: nothing but this. */
export interface AgentWorld extends Omit<ToolWorld, "callId" | "progress" | "question"> {
  readonly ask: AskModel;
  readonly clock: Clock;
  /** Starts a command that goes on. Without it none can. */
  readonly start?: StartProcess;
  /** Starts an MCP server. Without it there are none. */
  readonly startServer?: StartServer;
  /** Runs a hook that the keeper knows by this id. Without it none can be run. */
  readonly runHook?: (id: string, options: HookRunOptions) => Promise<HookRun>;
  readonly nested?: ReadNested;
}

export interface Thread {
  readonly conversation: Conversation;
  readonly window: Window;
  /** Those in the prompt. */
  readonly tools: readonly Tool[];
  /** All that a call may name now: those, and what `UseTool` reaches. */
  readonly allTools: () => readonly Tool[];
  readonly world: ToolWorld;
  readonly clock: Clock;
  readonly ask: AskModel;
  readonly emit: (event: AgentEvent) => void;
  readonly room: () => Promise<void>;
  readonly mode: () => Mode;
  /** Why a tool may not be used here, for the model; undefined when it may. */
  readonly forbids: (tool: Tool, args: JsonObject) => string | undefined;
  readonly inbox: Inbox;
  readonly hooks: HookPoints;
  readonly guide: Guide;
  /** What the work is held to. A subagent has its task alone. */
  readonly pursuit?: Pick<Pursuit, "beforeEnd">;
  readonly meter: Meter;
  readonly watch: Watch;
  readonly ids: CallIds;
  readonly summaries: "model" | "structure";
  readonly check: AnswerCheck | undefined;
}

/** What waits to be said to the model. */
export interface Inbox {
  readonly hasMessages: boolean;
  /** Adds what waits to the conversation. */
  deliver(signal: AbortSignal): Promise<void>;
  /** A compaction that was asked for, with what to keep in mind. Taken once. */
  takeCompaction(): { readonly hints?: string } | undefined;
}

export const emptyInbox: Inbox = {
  hasMessages: false,
  // Nobody speaks to a subagent but its task.
  deliver: () => Promise.resolve(),
  takeCompaction: () => undefined,
};

/** Results are matched to calls by id, and servers that leave ids out would otherwise repeat the same ones. */
export class CallIds {
  readonly #used = new Set<string>();

  unique(id: string): string {
    let candidate = id;
    for (let n = 2; this.#used.has(candidate); n++) candidate = `${id}_${n}`;
    this.#used.add(candidate);
    return candidate;
  }

  /** Ids of a conversation that goes on. */
  know(id: string): void {
    this.#used.add(id);
  }
}

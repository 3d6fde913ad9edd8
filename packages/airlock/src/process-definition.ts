/** Programs that a person registered for a session, and what is needed to start them. */
import type { CellView } from "@cloister/cell";
import type { CommandWorld } from "./command-begin.ts";
import type { Egress } from "./egress/egress.ts";
import type { OnceOutcome } from "./process-again.ts";
import type { Bridge } from "./process-bridge.ts";
import type { LineGate } from "./process-lines.ts";
import type { AirlockSession } from "./session.ts";

/** A program that a person registered, as it is started. The command's own variables win over those of a hook's call. */
export interface ProcessDefinition {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The workspace, unless it says another. */
  readonly directory?: string;
  readonly view: CellView;
  /** Its way out; without one it has none. */
  readonly egress?: Egress;
  /** Asked before each start; false: what would run is no longer what a person approved, and it is not started. */
  readonly isApproved?: () => Promise<boolean>;
  /** Each line of its input goes through it. */
  readonly gate?: LineGate;
  /** Of a hook: what it said when the keeper asked it the same. It is not started again then. */
  readonly kept?: (input: string) => OnceOutcome | undefined;
}

export type ServerDefinition = ProcessDefinition | { readonly bridge: Bridge };
export type HookDefinition = ServerDefinition;

/** What the agent may start by name. The maps are looked into at each start, so they may grow. */
export interface ProcessWorld {
  readonly servers: ReadonlyMap<string, ServerDefinition>;
  readonly hooks: ReadonlyMap<string, HookDefinition>;
}

export interface ProcessesOptions {
  readonly session: AirlockSession;
  readonly commands: CommandWorld;
  readonly processes?: ProcessWorld;
}

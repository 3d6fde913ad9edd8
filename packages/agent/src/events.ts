/** Everything that happens in a task, in order, for whoever shows it: a terminal, a log, a program. */
import type { JsonObject } from "@cloister/base";
import type { GuardCause, Usage } from "@cloister/wire";
import type { FileDiff } from "./tools/tool.ts";

export type AgentEvent =
  | { readonly kind: "start"; readonly tools: readonly string[]; readonly instructions: readonly string[] }
  | { readonly kind: "status"; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  | { readonly kind: "call"; readonly id: string; readonly name: string; readonly args: JsonObject }
  | {
      readonly kind: "result";
      readonly id: string;
      readonly name: string;
      readonly ok: boolean;
      readonly text: string;
      readonly diff?: FileDiff;
      /** Set when the guard refused the call, so that nothing ran. */
      readonly refused?: GuardCause;
    }
  /** One answer of the model is complete. */
  | { readonly kind: "turn"; readonly number: number; readonly usage?: Usage }
  | { readonly kind: "end"; readonly ending: Ending };

export interface Ending {
  readonly outcome: "done" | "max-turns" | "cancelled" | "failed";
  /** The last text of the model. */
  readonly text: string;
  readonly turns: number;
  readonly usage: Usage;
  readonly error?: { readonly code: string; readonly message: string; readonly next?: string };
}

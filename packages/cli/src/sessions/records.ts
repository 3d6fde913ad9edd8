/** What a session's log holds, one record after the other. Texts are sealed: a secret stands in `secrets` alone. */
import type { AgentEvent, FileDiff, Goal, Mode } from "@cloister/agent";
import type { Detour, Remembered } from "@cloister/airlock";
import type { Classification } from "@cloister/policy";
import type { KeptSecret } from "@cloister/secrets";
import type { ChatMessage, Usage } from "@cloister/wire";
import type { TreeChange } from "./tree.ts";

export const FORMAT_VERSION = 1;

export type SessionRecord =
  | {
      readonly t: "start";
      readonly v: number;
      readonly id: string;
      readonly workspace: string;
      readonly at: string;
      /** Base64. Placeholders are made with it. */
      readonly secretsKey: string;
      /** The session that this one was forked from. */
      readonly from?: string;
    }
  /** A process begins to work on it. */
  | {
      readonly t: "open";
      readonly at: string;
      readonly version: string;
      readonly model: string;
      readonly tier: string;
    }
  | { readonly t: "secrets"; readonly secrets: readonly KeptSecret[] }
  | {
      readonly t: "standing";
      readonly classification: Classification;
      readonly detours: readonly (readonly [string, Detour])[];
    }
  | { readonly t: "judgement"; readonly remembered: Remembered }
  | {
      readonly t: "user";
      readonly text: string;
      /** How many were shown with it. */
      readonly pictures?: number;
      readonly at: string;
    }
  | {
      readonly t: "result";
      readonly id: string;
      readonly name: string;
      readonly ok: boolean;
      readonly text: string;
      readonly diff?: FileDiff;
    }
  /** `of`: its content is the text of that result, and not repeated. */
  | { readonly t: "item"; readonly item: ChatMessage; readonly of?: string }
  /** What follows takes the place of the conversation, once `compacted` says that it is whole. */
  | {
      readonly t: "compaction";
      readonly compaction: Extract<AgentEvent, { kind: "compaction" }>["compaction"];
    }
  | { readonly t: "compacted" }
  | { readonly t: "mode"; readonly mode: Mode }
  /** Null: there is none any more. */
  | { readonly t: "goal"; readonly goal: Goal | null }
  | {
      readonly t: "end";
      readonly outcome: string;
      readonly turns: number;
      readonly usage: Usage;
      readonly code?: string;
      readonly at: string;
    }
  /**
   * The state of the workspace: before the work on message `before`, which counts from 1, or as the work left it.
   * `changes` are to the state before; the first, and one with `whole`, begin with nothing.
   */
  | {
      readonly t: "tree";
      readonly before?: number;
      readonly whole: boolean;
      readonly changes: readonly TreeChange[];
      /** What was left out, and why, for a person. */
      readonly left: readonly string[];
    }
  /** The conversation goes on from before message `before`. */
  | { readonly t: "rewind"; readonly before: number; readonly at: string }
  | { readonly t: "name"; readonly name: string };

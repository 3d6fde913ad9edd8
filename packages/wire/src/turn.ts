/**
 * One request and one answer in no protocol's words. A door turns its protocol into this, an upstream turns this into
 * its own; what cannot be carried goes on the loss list instead of vanishing.
 */
import type { JsonObject } from "@cloister/base";
import type { RawCall } from "./calls.ts";
import type { FinishReason, Usage } from "./chat.ts";
import type { GuardCause } from "./guard.ts";

export interface TurnRequest {
  readonly model: string;
  readonly stream: boolean;
  /** The texts that stand before the conversation, in order. */
  readonly system: readonly string[];
  readonly items: readonly TurnItem[];
  readonly tools: readonly TurnTool[];
  readonly toolChoice?: "auto" | "none" | "required" | { readonly name: string };
  readonly parallelCalls?: boolean;
  readonly sampling: Sampling;
  readonly reasoning?: { readonly effort?: ReasoningEffort; readonly budgetTokens?: number };
  readonly format?: AnswerFormat;
  /** Whether a Chat client asked for the chunk with the usage. */
  readonly includeUsage: boolean;
  readonly losses: readonly Loss[];
}

export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high";

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
}

export type AnswerFormat =
  | { readonly kind: "json" }
  | {
      readonly kind: "schema";
      readonly name: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };

export type TurnItem =
  | { readonly kind: "user"; readonly parts: readonly Part[] }
  /** A system text in the middle of the conversation. */
  | { readonly kind: "system"; readonly text: string }
  | {
      readonly kind: "assistant";
      readonly text: string;
      readonly reasoning: string;
      readonly calls: readonly RawCall[];
      /** Reasoning that its maker wants back, in no protocol's words: from a door that is not the maker's protocol. */
      readonly signed?: readonly SignedThought[];
      /** Reasoning as its maker gave it, in the upstream's protocol, which is the door's. It stands before all else. */
      readonly thoughts?: readonly JsonObject[];
    }
  | {
      readonly kind: "result";
      readonly callId: string;
      readonly parts: readonly Part[];
      readonly isError: boolean;
    };

/** Reasoning with what its maker wants back with it. What is hidden has no text that anybody else can read. */
export interface SignedThought {
  readonly text: string;
  readonly token: string;
  readonly hidden?: true;
}

export type Part =
  | { readonly kind: "text"; readonly text: string }
  /** One of the two is there. */
  | { readonly kind: "image"; readonly mediaType?: string; readonly base64?: string; readonly url?: string };

export interface TurnTool {
  /** As the model sees it. */
  readonly name: string;
  readonly description?: string;
  /** JSON Schema, unchanged. */
  readonly parameters: JsonObject;
  readonly strict?: boolean;
  /** How the door's protocol knows it, when that differs: Responses has custom tools and namespaces. */
  readonly door?:
    | { readonly kind: "custom" }
    | { readonly kind: "namespace"; readonly namespace: string; readonly inner: string };
}

/** A field that a translation could not carry. */
export interface Loss {
  /** Such as `messages[3].content[0].cache_control`. */
  readonly path: string;
  readonly reason: string;
  /** `semantic`: the model may answer otherwise for it. */
  readonly severity: "semantic" | "cosmetic";
}

/** What an answer consists of, in order: exactly one `end` or `failed`, and nothing after it. */
export type TurnEvent =
  | { readonly kind: "start"; readonly id?: string; readonly model?: string }
  /** How far the server is with the prompt, where it tells. Nothing of the answer: doors may leave it out. */
  | ({ readonly kind: "reading" } & ReadingProgress)
  /**
   * All that the answer says before its calls has come, and a person may be asked about these, by their ids, before they
   * do. Nothing of the answer: doors may leave it out.
   */
  | { readonly kind: "judging"; readonly calls: readonly string[] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "reasoning"; readonly text: string }
  /**
   * Ends the reasoning before it, or is `hidden` reasoning of its own. `token` is what the maker wants back with it,
   * and no one else can read; without one, nobody wants that reasoning back. `text` is the reasoning to the letter, for
   * our own agent, which gives it back.
   */
  | {
      readonly kind: "thought";
      readonly token: string | undefined;
      readonly hidden?: true;
      readonly text?: string;
    }
  /** A call, whole. Fragments never leave a reader: what may run must be complete. */
  | { readonly kind: "call"; readonly call: RawCall }
  /** What looked like a call, and is none. Nothing may run; the model is to be told. */
  | {
      readonly kind: "refused";
      readonly cause: RefusalCause;
      readonly detail: string;
      readonly call?: RawCall;
    }
  | {
      readonly kind: "end";
      readonly finish: FinishReason;
      readonly usage?: Usage;
      readonly stopSequence?: string;
      readonly extension?: CloisterExtension;
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly status?: number };

/** Of a prompt, in tokens: `cached` ≤ `read` ≤ `total`. What the server's cache held counts as read. */
export interface ReadingProgress {
  readonly total: number;
  readonly cached: number;
  readonly read: number;
  /** Since the server began to read. */
  readonly ms: number;
}

/** `denied`: a call like any other, but a rule forbids it. */
export type RefusalCause = GuardCause | "empty-turn" | "transport" | "denied";

/** Ours beside the protocols: clients ignore it, the agent shows it, the ledger keeps it. */
export interface CloisterExtension {
  readonly recovered: readonly { readonly id: string; readonly name: string; readonly dialect: string }[];
  readonly refused: readonly RefusedCall[];
  readonly retries: number;
  /** The endpoint that was asked for may not see this. */
  readonly rerouted?: { readonly to: string; readonly rule: string; readonly why: string };
  /** Another model than the one that was asked for, which was down. */
  readonly answeredBy?: AnsweredBy;
  /** What was found in edits of this answer, for whoever looks at them. */
  readonly findings?: readonly CodeNotice[];
  /** How many placeholders in its calls stand for nothing that was sealed here. They stay as they are. */
  readonly unknownPlaceholders?: number;
}

export interface AnsweredBy {
  /** As a person calls it. */
  readonly name: string;
  /** What was wrong with those before it. */
  readonly why: string;
  /** Its window; undefined where nobody knows. */
  readonly contextTokens?: number;
}

export interface RefusedCall {
  readonly cause: RefusalCause;
  readonly detail: string;
  /** For our own agent, which writes a call that was denied into its history, with the reason as its result. */
  readonly call?: RawCall;
}

export interface CodeNotice {
  readonly kind: string;
  readonly path: string;
  /** In the text after the edit, from 1. */
  readonly line?: number;
  /** Short, without secrets, and with what cannot be seen written out. */
  readonly excerpt: string;
  readonly why: string;
  /** What the policy made of it. */
  readonly verdict: "allow" | "ask" | "deny";
}

/** What a reader makes of one event on the wire. */
export interface Frame {
  /** As it came. A door of the same protocol may pass it on, when none of its events was touched. */
  readonly raw: Uint8Array;
  readonly events: readonly TurnEvent[];
  /** It holds a fragment of a call: never passed on raw, for the call follows whole. */
  readonly fragment: boolean;
}

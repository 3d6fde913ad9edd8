import type { JsonObject } from "@cloister/base";
import type { Frame, Loss, SignedThought, TurnEvent, TurnRequest } from "../turn.ts";

/** One protocol, as a door (requests in, answers out) and as an upstream (requests out, answers in). */
export interface Protocol {
  readonly name: ProtocolName;
  /** Below the base URL: `/chat/completions`. */
  readonly path: string;
  /** Upstream: headers that its API asks for. */
  readonly headers: Readonly<Record<string, string>>;
  /** The field that holds the conversation, and only grows at its end: `messages` or `input`. */
  readonly itemsField: "messages" | "input";

  /** Door. @throws CloisterError `bad-request` naming the field. Unknown fields are losses, never errors. */
  parseRequest(body: JsonObject, options?: ParseOptions): TurnRequest;
  /** Upstream. Deterministic, and append-only: more items give the same bytes and then more. `itemsField` stands last. */
  formatRequest(
    turn: TurnRequest,
    options: FormatOptions,
  ): { readonly body: JsonObject; readonly losses: readonly Loss[] };

  /** Upstream. The tokens of an item's reasoning through `open`; reasoning for which it gives nothing is left out. */
  restoreThoughts(item: JsonObject, open: OpenThought): RestoredItem;
  /** Upstream. Its maker's own form of it; undefined where there is none. The token is the maker's, without a mark. */
  toThought(thought: SignedThought): JsonObject | undefined;

  /** Upstream. Never throws: a broken stream ends with a `failed` event, in a frame without bytes. */
  readStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame>;
  /** Upstream: the events of an answer in one piece. */
  readWhole(body: unknown): TurnEvent[];

  /** Door. One writer for one answer. */
  createWriter(request: TurnRequest, context: AnswerContext): StreamWriter;
  writeWhole(request: TurnRequest, events: readonly TurnEvent[], context: AnswerContext): JsonObject;
  /** In the caller's own envelope. Never names an upstream host or key. */
  writeError(error: DoorError): {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: JsonObject;
  };
}

export type ProtocolName = "chat" | "messages" | "responses";

export interface ParseOptions {
  /** Keeps reasoning as its maker gave it, for a request in the same protocol. */
  readonly keepsThoughts?: boolean;
}

/** What the maker of reasoning gave with it; undefined for a token that is not this maker's. */
export type OpenThought = (token: string) => string | undefined;

export interface RestoredItem {
  /** The very item that was given when there is nothing to restore; undefined when nothing is left of it. */
  readonly item: JsonObject | undefined;
  /** Paths of another maker's reasoning, within the item. What was written here is nobody's, and no loss. */
  readonly dropped: readonly string[];
}

export interface FormatOptions {
  /** Where a system text in the middle of the conversation goes: most open models' templates refuse it there. */
  readonly midSystem: "keep" | "as-user";
  /** Whether reasoning in the history is sent back, and in which field of a Chat message. */
  readonly reasoningField?: "reasoning_content" | "reasoning";
  /** Some APIs answer 400 when a turn with calls lacks the field, so it is sent empty; others when it is there. */
  readonly reasoningEvenEmpty?: boolean;
  /** For protocols that require a limit, when the request has none. */
  readonly maxTokensDefault?: number;
  readonly maxTokensField?: "max_tokens" | "max_completion_tokens";
}

export interface AnswerContext {
  /** Derived from the request, never from a clock or at random, where it goes back into a history. */
  readonly id: string;
  readonly model: string;
  /** Seconds since the Unix epoch. */
  readonly created: number;
}

export interface StreamWriter {
  /** The bytes for an event; empty when the protocol says nothing for it (yet). */
  write(event: TurnEvent): Buffer;
  /** A sign of life between events. */
  ping(): Buffer;
}

/** An error by its cause; each protocol has its own words and status for it. */
export interface DoorError {
  readonly cause:
    | "bad-request"
    | "context-overflow"
    | "too-large"
    | "unauthenticated"
    | "forbidden"
    | "unknown-model"
    | "rate-limited"
    | "out-of-budget"
    | "overloaded"
    | "upstream"
    | "unsupported";
  readonly message: string;
  readonly code?: string;
  readonly rule?: string;
  readonly next?: string;
  readonly retryAfterSeconds?: number;
}

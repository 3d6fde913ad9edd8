import type { RefusalCause, TurnEvent } from "@cloister/wire";

/** Events for the door, and the bytes that said them, when the door may pass those on. */
export interface Passage {
  readonly events: readonly TurnEvent[];
  readonly raw: Uint8Array | undefined;
}

/** What goes after a request that is sent once more: nothing, where the connection alone was to blame. */
export type AgainItems = { readonly kind: "same"; readonly causes: readonly ["transport"] } | AgainAnswered;

export interface AgainAnswered {
  readonly kind: "answered";
  /** What the model said in its unusable answer, as far as it was text. */
  readonly said: string;
  readonly error: string;
  /** What it was refused for, for the record. */
  readonly causes: readonly RefusalCause[];
}

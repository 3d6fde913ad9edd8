/** What the airlock remembers between the requests of one conversation, and whom it may ask. */
import { createHmac, randomBytes } from "node:crypto";
import { newId, type Clock } from "@cloister/base";
import type { Backend } from "@cloister/backend";
import type { Ledger } from "@cloister/ledger";
import type { Label } from "@cloister/policy";
import { createSeals, type Seals } from "@cloister/secrets";
import type { Protocol } from "@cloister/wire";
import { createConversation, type Conversation } from "./conversation.ts";

/** A model server and what it may be shown. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  /** What it speaks. */
  readonly protocol: Protocol;
  readonly clearance: Label;
  /** Who runs it: `this machine`, or a name. */
  readonly operator: string;
  readonly backend: Backend;
}

/** Who is asking, and how we know. */
export interface Client {
  readonly name: string;
  readonly version: string;
  /** `started`: the keeper started it itself, in its own cell. `claimed`: it says so. */
  readonly evidence: "started" | "claimed";
}

export interface AirlockSession {
  readonly id: string;
  readonly client: Client;
  /** Everything in the workspace has at least this label. */
  readonly workspaceLabel: Label;
  /** Where the client works, when that is known: secrets go back into its files only. */
  readonly workspace: string | undefined;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly seals: Seals;
  readonly conversation: Conversation;
  /** Told of what does not belong into an answer: an entry that could not be written after the fact. */
  readonly onTrouble: (trouble: unknown) => void;
}

export type SessionOptions = Omit<AirlockSession, "id" | "seals" | "conversation">;

export function openSession(options: SessionOptions): AirlockSession {
  // A key of its own for each conversation: placeholders of two conversations must not be comparable.
  const key = createHmac("sha256", randomBytes(32)).update("cloister/seal/v1").digest();
  return { ...options, id: newId("ses"), seals: createSeals(key), conversation: createConversation() };
}

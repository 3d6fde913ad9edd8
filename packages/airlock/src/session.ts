/** What the airlock remembers between the requests of one conversation, and whom it may ask. */
import { createHmac, randomBytes } from "node:crypto";
import { newId, type Clock } from "@cloister/base";
import type { Ledger } from "@cloister/ledger";
import { builtInPolicy, classify, type FingerprintIndex, type Label, type Policy } from "@cloister/policy";
import { createSeals, type KeptSecret, type KnownSecrets, type Seals } from "@cloister/secrets";
import { createAllowedEdits, type AllowedEdits } from "./calls/allowed-edits.ts";
import { createJudgement, type Judgement } from "./calls/judgement.ts";
import { createOrigins, type Origins } from "./calls/origins.ts";
import { createSteeringGuard, type SteeringGuard } from "./calls/steering.ts";
import { createConversation, type Conversation } from "./conversation.ts";
import type { Endpoint } from "./endpoint.ts";
import { createReading, type Reading } from "./labelling/reading.ts";
import { createStanding, type Standing } from "./labelling/standing.ts";
import type { FrozenDates, VolatilePolicy } from "./volatile.ts";

/** What a server counted for a request that it was sent. */
export interface KnownUsage {
  readonly endpoint: Endpoint;
  readonly model: string;
  /** The request, in the endpoint's protocol. */
  readonly outgoing: readonly Buffer[];
  readonly promptTokens: number;
}

/** Who is asking, and how we know. */
export interface Client {
  readonly name: string;
  readonly version: string;
  /**
   * `started`: the keeper started it itself, in its own cell. `claimed`: it says so. `recognised`: its requests look
   * like nobody else's, whatever it says.
   */
  readonly evidence: "started" | "claimed" | "recognised";
}

export interface AirlockSession {
  readonly id: string;
  readonly client: Client;
  /** Everything in the workspace has at least this label. */
  readonly workspaceLabel: Label;
  /** By which every request is judged, and every call in an answer. */
  readonly policy: Policy;
  /** Of the policy's file, in hex, for the record; undefined for what is built in. */
  readonly policySha256: string | undefined;
  /** The fingerprints that the policy names. */
  readonly indexes: readonly FingerprintIndex[];
  /** Credentials of the user's own machine. */
  readonly known?: KnownSecrets;
  /** Exact texts that a person took out of classification. */
  readonly declassified: readonly string[];
  /** What the conversation has come to hold, in all that belongs to it. */
  readonly standing: Standing;
  readonly reading: Reading;
  /** What a person says to calls that the policy asks about. */
  readonly judgement: Judgement;
  /** Which files the results of calls are the text of. */
  readonly origins: Origins;
  /** What allowed edits make of files that only the keeper can write. */
  readonly allowedEdits: AllowedEdits;
  /** Looks after files that steer agents while commands run. */
  readonly steering: SteeringGuard;
  /** Where the client works, when that is known: secrets go back into its files only. */
  readonly workspace: string | undefined;
  /** Tools that run in a cell of theirs, which reaches nothing and changes nothing: servers that were started so. */
  readonly isConfined?: (tool: string) => boolean;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly seals: Seals;
  readonly conversation: Conversation;
  /** Waited for before any call of an answer is handed out: what it would change may have to be noted first. */
  readonly beforeCalls?: () => Promise<void>;
  /** Told of what does not belong into an answer: an entry that could not be written after the fact. */
  readonly onTrouble: (trouble: unknown) => void;
  /** Told what the server counted for a request, once it is known. Must be quick: an answer is passing. */
  readonly onUsage?: (known: KnownUsage) => void;
  /** What is done about dates and marks at the head of a foreign client's prompts; `freeze` unless told otherwise. */
  readonly volatile?: VolatilePolicy;
  readonly frozenDates: FrozenDates;
  /** What was sent to other endpoints than the one that was asked for, by their names. */
  readonly elsewhere: Map<string, Conversation>;
}

type Made =
  | "id"
  | "seals"
  | "conversation"
  | "frozenDates"
  | "elsewhere"
  | "reading"
  | "origins"
  | "allowedEdits"
  | "steering";
type Optional = "policy" | "policySha256" | "indexes" | "declassified" | "standing" | "judgement";

/** What makes a session the same one in another process: its name, and its placeholders. */
export interface KeptIdentity {
  readonly id: string;
  /** 32 random bytes, of this conversation alone. */
  readonly secretsKey: Uint8Array;
  readonly secrets: readonly KeptSecret[];
}

/** Without a policy, what is built in holds. `standing` is that of a session which this one goes on from. */
export type SessionOptions = Omit<AirlockSession, Made | Optional> &
  Partial<Pick<AirlockSession, Optional>> & {
    /** Of a session that is kept; without it a name and a key are made, and forgotten at the end. */
    readonly identity?: KeptIdentity;
  };

export function openSession({ identity, ...options }: SessionOptions): AirlockSession {
  // A key of its own for each conversation: placeholders of two conversations must not be comparable.
  const own = identity?.secretsKey ?? randomBytes(32);
  const key = createHmac("sha256", own).update("cloister/seal/v1").digest();
  const { personal, email } = (options.policy ?? builtInPolicy).labels;
  return {
    policy: builtInPolicy,
    policySha256: undefined,
    indexes: [],
    declassified: [],
    standing: startStanding(options),
    judgement: createJudgement(),
    ...options,
    origins: createOrigins(options.workspace),
    allowedEdits: createAllowedEdits(),
    steering: createSteeringGuard(),
    reading: createReading(),
    elsewhere: new Map(),
    id: identity?.id ?? newId("ses"),
    seals: createSeals(
      key,
      {
        personal: personal === "seal",
        email: personal === "seal" && email,
        ...(options.known === undefined ? {} : { known: options.known }),
      },
      identity?.secrets,
    ),
    conversation: createConversation(),
    frozenDates: new Map(),
  };
}

/** Of a conversation in which nothing was said yet. */
function startStanding({ workspaceLabel }: Pick<AirlockSession, "workspaceLabel">): Standing {
  return createStanding(classify(workspaceLabel, [], "user"));
}

/** For a request that is a whole of its own: what others in the session held says nothing about it. */
export function alone(session: AirlockSession): AirlockSession {
  return { ...session, standing: startStanding(session), reading: createReading() };
}

/**
 * The session for a request beside the conversation: the same seals, so the same placeholders, and what was shown
 * before counts as shown. The conversation's own bytes stay as they are.
 */
export function beside(session: AirlockSession): AirlockSession {
  const { conversation } = session;
  return {
    ...session,
    elsewhere: new Map(),
    conversation: {
      ...createConversation(),
      isShown: (part) => conversation.isShown(part),
      markShown: (part) => conversation.markShown(part),
    },
  };
}

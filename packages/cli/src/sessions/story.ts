/** What a session's records come to: the conversation to go on with, its messages, and all that was said on the way. */
import type { FileDiff, Goal, Mode } from "@cloister/agent";
import { contentOf } from "@cloister/agent/history";
import { nameOfShown } from "@cloister/agent/pictures";
import type { Detour, Remembered } from "@cloister/airlock";
import { CloisterError } from "@cloister/base";
import type { Classification } from "@cloister/policy";
import type { KeptSecret } from "@cloister/secrets";
import type { ChatMessage } from "@cloister/wire";
import { FORMAT_VERSION, type SessionRecord } from "./records.ts";

type Of<T extends SessionRecord["t"]> = Extract<SessionRecord, { t: T }>;

/** A message of the user, and where the conversation stood before it. */
export interface Mark {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly at: string;
  /** The first `count` of them. */
  readonly items: readonly ChatMessage[];
  readonly count: number;
  readonly mode: Mode | undefined;
  /** How much of the transcript stood before it, and how many checkpoints were taken. */
  readonly told: number;
  readonly trees: number;
}

export type Told =
  | { readonly kind: "item"; readonly item: ChatMessage }
  | { readonly kind: "compaction"; readonly method: string };

export interface Story {
  readonly start: Of<"start">;
  readonly model: string;
  readonly secrets: readonly KeptSecret[];
  readonly standing:
    | { readonly classification: Classification; readonly detours: readonly (readonly [string, Detour])[] }
    | undefined;
  readonly remembered: Remembered | undefined;
  readonly mode: Mode | undefined;
  /** That is still to be reached. */
  readonly goal: Goal | undefined;
  readonly name: string | undefined;
  /** Secrets are placeholders in all of it. */
  readonly items: readonly ChatMessage[];
  /** Said, shown and kept, but not yet part of the conversation when the process died. */
  readonly pending: string | undefined;
  /** How many pictures that were shown with the last message never came into the conversation. */
  readonly picturesLost: number;
  /** By the ids of their calls, the latest of each. */
  readonly results: ReadonlyMap<string, Of<"result">>;
  readonly marks: readonly Mark[];
  /** With what was compacted away. */
  readonly transcript: readonly Told[];
  readonly diffs: ReadonlyMap<string, FileDiff>;
  readonly trees: readonly Of<"tree">[];
  readonly turns: number;
  readonly created: string;
  readonly updated: string;
  /** Whether the last piece of work came to its end. */
  readonly isAtRest: boolean;
}

/** @throws CloisterError `session-damaged`, `session-too-new` */
export function tellStory(records: readonly SessionRecord[]): Story {
  const [start] = records;
  if (start?.t !== "start") {
    throw new CloisterError("the session does not begin with its beginning", {
      code: "session-damaged",
      next: "cloister sessions delete ID removes it",
    });
  }
  if (start.v > FORMAT_VERSION) {
    throw new CloisterError("the session was saved by a later version of Cloister", {
      code: "session-too-new",
      next: "open it with that version",
    });
  }
  const secrets = new Map<string, KeptSecret>();
  const results = new Map<string, Of<"result">>();
  const diffs = new Map<string, FileDiff>();
  const trees: Of<"tree">[] = [];
  let items: ChatMessage[] = [];
  /** While the conversation is being replaced: what it was until then. */
  let replaced: ChatMessage[] | undefined;
  let marks: Mark[] = [];
  let transcript: Told[] = [];
  let pending: string | undefined;
  let picturesLost = 0;
  let standing: Story["standing"];
  let remembered: Remembered | undefined;
  let mode: Mode | undefined;
  let goal: Goal | undefined;
  let name: string | undefined;
  let model = "";
  let turns = 0;
  let updated = start.at;
  let isAtRest = true;
  for (const record of records) {
    if ("at" in record) updated = record.at;
    switch (record.t) {
      case "start":
        break;
      case "open":
        model = record.model;
        break;
      case "secrets":
        for (const secret of record.secrets) secrets.set(secret.placeholder, secret);
        break;
      case "standing":
        standing = record;
        break;
      case "judgement":
        remembered = record.remembered;
        break;
      case "user":
        isAtRest = false;
        pending = record.text;
        picturesLost = record.pictures ?? 0;
        marks.push({
          number: marks.length + 1,
          text: record.text,
          at: record.at,
          items,
          count: items.length,
          mode,
          told: transcript.length,
          trees: trees.length,
        });
        break;
      case "result":
        results.set(record.id, record);
        if (record.diff !== undefined) diffs.set(record.id, record.diff);
        break;
      case "item": {
        const item = record.of === undefined ? record.item : whole(record.item, results.get(record.of));
        items.push(item);
        if (pending !== undefined && item.role === "user" && contentOf(item) === pending) pending = undefined;
        if (nameOfShown(item) !== undefined) picturesLost = Math.max(0, picturesLost - 1);
        // What takes the place of the conversation was told before.
        if (replaced !== undefined) break;
        transcript.push({ kind: "item", item });
        if (item.role === "assistant") turns += 1;
        break;
      }
      case "compaction":
        replaced = items;
        items = [];
        transcript.push({ kind: "compaction", method: record.compaction.method });
        break;
      case "compacted":
        replaced = undefined;
        break;
      case "mode":
        mode = record.mode;
        break;
      case "goal":
        goal = record.goal ?? undefined;
        break;
      case "end":
        isAtRest = true;
        // It was refused, and so never said to the model.
        pending = undefined;
        picturesLost = 0;
        break;
      case "tree":
        trees.push(record);
        break;
      case "rewind": {
        const mark = marks[record.before - 1];
        if (mark === undefined) break;
        items = mark.items.slice(0, mark.count);
        replaced = undefined;
        mode = mark.mode;
        transcript = transcript.slice(0, mark.told);
        marks = marks.slice(0, record.before - 1);
        pending = undefined;
        picturesLost = 0;
        isAtRest = true;
        break;
      }
      case "name":
        name = record.name;
        break;
    }
  }
  // A compaction in whose middle the process died has not taken place.
  items = replaced ?? items;
  return {
    ...{
      start,
      model,
      secrets: [...secrets.values()],
      standing,
      remembered,
      mode,
      goal,
      name,
      items,
      pending,
      picturesLost,
      results,
    },
    ...{ marks, transcript, diffs, trees, turns, created: start.at, updated, isAtRest },
  };
}

/** The field keeps its place: the request that it is part of begins with the same bytes as before. */
function whole(item: ChatMessage, result: Of<"result"> | undefined): ChatMessage {
  return { ...item, content: result?.text ?? "" };
}

const TITLE_CHARS_MAX = 72;

/** The first words of the first message. */
export function titleOf(marks: readonly Pick<Mark, "text">[]): string {
  const line = (marks[0]?.text ?? "").trim().split("\n", 1)[0] ?? "";
  return line.length > TITLE_CHARS_MAX ? `${line.slice(0, TITLE_CHARS_MAX - 1).trimEnd()}…` : line;
}

export function pendingItem(text: string): ChatMessage {
  return { role: "user", content: text, cloister: { source: "user" } };
}

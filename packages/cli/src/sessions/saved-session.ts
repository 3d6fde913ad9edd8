/** The session at hand, as it is saved: each step before it is shown, so that whatever was shown is not lost. */
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import type { AgentEvent, Goal, Mode } from "@cloister/agent";
import { contentOf } from "@cloister/agent/history";
import {
  createStanding,
  sealKept,
  type AirlockSession,
  type KeptIdentity,
  type Remembered,
  type Standing,
} from "@cloister/airlock";
import { CloisterError, newId, timestamp, type Clock, type JsonObject } from "@cloister/base";
import type { Label } from "@cloister/policy";
import type { ChatMessage } from "@cloister/wire";
import { openCheckpoints, type Checkpoints } from "./checkpoints.ts";
import {
  findSession,
  headOf,
  joinedLabel,
  listSessions,
  readWholeSession,
  type FoundSession,
} from "./find-session.ts";
import { writeHead } from "./head.ts";
import { lockSession, type SessionLock } from "./lock.ts";
import { openSessionLog, type LogPlace, type ReadLog } from "./log.ts";
import { mendingItems } from "./mend.ts";
import { openSessionKey, workspaceFolder, type SessionPlaces } from "./places.ts";
import { FORMAT_VERSION, type SessionRecord } from "./records.ts";
import { tellStory, titleOf, type Story } from "./story.ts";

/** Which session a run is to be. */
export interface SessionWish {
  /** `continue`: the latest of this workspace. */
  readonly from: "new" | "continue" | { readonly which: string };
  readonly isFork: boolean;
  /** Of a new session, or a fork. */
  readonly id: string | undefined;
}

export interface SavedSession extends AsyncDisposable {
  readonly id: string;
  readonly identity: KeptIdentity;
  /** At least the one asked for, and whatever it came to hold. */
  readonly label: Label;
  readonly standing: Standing | undefined;
  readonly remembered: Remembered | undefined;
  /** As it was when it was opened. */
  readonly story: Story;
  /** Of the conversation that goes on; undefined where there is none. */
  readonly items: readonly ChatMessage[] | undefined;
  readonly mode: Mode | undefined;
  readonly goal: Goal | undefined;
  /** Whether the last piece of work was broken off. */
  readonly wasInterrupted: boolean;
  /** What a person should know of how it was found. */
  readonly notices: readonly string[];
  /** Called once, before the agent is started. */
  begin(
    session: AirlockSession,
    about: { readonly model: string; readonly tier: string; readonly version: string },
  ): void;
  /** To be called with each event, and again as it will be shown, before it is. @throws CloisterError `session-write-failed` */
  keep(event: AgentEvent, sealed: AgentEvent): void;
  /** What a call may change is noted when this resolves. */
  readonly beforeCalls: () => Promise<void>;
  /** When all is noted. A new one in which nothing was said is not kept. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SavedSessionOptions {
  readonly places: SessionPlaces;
  readonly workspace: string;
  readonly wish: SessionWish;
  readonly label: Label;
  readonly clock: Clock;
  readonly onTrouble: (trouble: unknown) => void;
}

/** @throws CloisterError `no-session`, `session-elsewhere`, `session-busy`, `session-damaged`, `session-exists` */
export function openSavedSession(options: SavedSessionOptions): SavedSession {
  const { places, workspace, wish, clock } = options;
  const key = openSessionKey(places);
  const source = findSource(options, key);
  if (source !== undefined && !wish.isFork) return goOn(options, source);
  const id = wish.id ?? newId("ses");
  const place = { folder: join(workspaceFolder(places, workspace), id), id, key };
  makeFolder(place);
  const lock = lockOrRefuse(place);
  const log = openSessionLog(place, undefined);
  const start: SessionRecord = {
    t: "start",
    v: FORMAT_VERSION,
    id,
    workspace,
    at: timestamp(clock),
    secretsKey: randomBytes(32).toString("base64"),
  };
  if (source === undefined) {
    log.append(start);
    return open(options, { place, lock, log, story: tellStory([start]), notices: [] });
  }
  // A fork holds the same conversation: with the same placeholders its requests begin with the same bytes.
  const { read, story, notice } = readWholeSession(source, { lenient: true });
  const { secretsKey } = story.start;
  const records = [{ ...start, secretsKey, from: source.head.id }, ...read.records.slice(1)];
  log.append(...records);
  const notices = notice === undefined ? [] : [notice];
  return open(options, { place, lock, log, story: tellStory(records), notices });
}

function findSource(
  { places, workspace, wish }: SavedSessionOptions,
  key: Uint8Array,
): FoundSession | undefined {
  if (wish.from === "new") return undefined;
  if (wish.from === "continue") {
    const [latest] = listSessions(places, key, workspace);
    if (latest !== undefined) return latest;
    throw new CloisterError("there is no session in this folder to continue", {
      code: "no-session",
      next: "leave --continue out to begin one; cloister sessions list --all shows those of other folders",
    });
  }
  const found = findSession(places, key, { which: wish.from.which, workspace });
  if (found.head.workspace === workspace) return found;
  throw new CloisterError(`session ${found.head.id} belongs to ${found.head.workspace}`, {
    code: "session-elsewhere",
    next: `cd ${found.head.workspace}, and say it again there`,
  });
}

function goOn(options: SavedSessionOptions, source: FoundSession): SavedSession {
  const { place } = source;
  // Before it is read: who holds the lock is the only one who writes.
  const lock = lockOrRefuse(place);
  try {
    const { read, story, notice } = readWholeSession(source);
    const log = openSessionLog(place, read);
    return open(options, { place, lock, log, story, read, notices: notice === undefined ? [] : [notice] });
  } catch (error) {
    lock.close();
    throw error;
  }
}

function makeFolder({ folder, id }: LogPlace): void {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    throw new CloisterError(`there is a session ${id} already`, {
      code: "session-exists",
      next: `go on with it by --resume ${id}, or give another id`,
      cause,
    });
  }
}

function lockOrRefuse({ folder, id }: LogPlace): SessionLock {
  const lock = lockSession(join(folder, "lock"));
  if (lock !== undefined) return lock;
  throw new CloisterError(`another process works on session ${id}`, {
    code: "session-busy",
    next: "wait for it to end, or add --fork-session to go on with a copy",
  });
}

interface Opened {
  readonly place: LogPlace;
  readonly lock: SessionLock;
  readonly log: ReturnType<typeof openSessionLog>;
  readonly story: Story;
  readonly read?: ReadLog;
  readonly notices: readonly string[];
}

function open(options: SavedSessionOptions, { place, lock, log, story, notices }: Opened): SavedSession {
  const { clock, workspace } = options;
  const hasConversation = story.marks.length > 0 && story.items.length > 0;
  const added = hasConversation ? mendingItems(story) : [];
  for (const item of added) log.append({ t: "item", item });
  const items = hasConversation ? [...story.items, ...added] : undefined;
  const label = joinedLabel(story, options.label);
  const state = createState();
  const counts = { messages: story.marks.length, turns: story.turns };
  let title = titleOf(story.marks);
  let session: AirlockSession | undefined;
  let checkpoints: Checkpoints | undefined;
  let model = story.model;
  /** The agent tells of the items that it was given, too. */
  let toSkip = items?.length ?? 0;
  let isReplacing = false;
  const results = new Map<string, string>();

  const append = (...records: SessionRecord[]): void => {
    log.append(...(session === undefined ? [] : state.changed(session)), ...records);
  };
  const saveHead = (): void => {
    const head = headOf(story, log.count, session?.standing.classification.label ?? label);
    writeHead(place, { ...head, ...counts, title, model, updated: timestamp(clock) });
  };

  return {
    id: place.id,
    identity: {
      id: place.id,
      secretsKey: Buffer.from(story.start.secretsKey, "base64"),
      secrets: story.secrets,
    },
    label,
    standing: toStanding(story),
    remembered: story.remembered,
    story,
    items,
    mode: story.mode,
    goal: story.goal,
    wasInterrupted: hasConversation && !story.isAtRest,
    notices,

    begin(opened, about) {
      session = opened;
      model = about.model;
      append({ t: "open", at: timestamp(clock), ...about });
      saveHead();
      checkpoints = openCheckpoints({
        ...{ workspace, folder: dirname(place.folder), key: place.key, trees: story.trees },
        ...{ append, clock, onTrouble: options.onTrouble },
      });
    },

    keep(event, sealed) {
      switch (sealed.kind) {
        case "user":
          counts.messages += 1;
          if (title === "") title = titleOf([sealed]);
          append({
            ...{ t: "user", text: sealed.text, at: timestamp(clock) },
            ...(sealed.pictures === undefined ? {} : { pictures: sealed.pictures }),
          });
          checkpoints?.before(counts.messages);
          saveHead();
          log.sync();
          break;
        case "item": {
          if (toSkip > 0) {
            toSkip -= 1;
            break;
          }
          if (session === undefined || event.kind !== "item") break;
          const item = sealKept(event.item as JsonObject, session.seals) as unknown as ChatMessage;
          if (item.role === "assistant" && !isReplacing) counts.turns += 1;
          append(toRecord(item, results));
          break;
        }
        case "result":
          results.set(sealed.id, sealed.text);
          append({
            t: "result",
            ...{ id: sealed.id, name: sealed.name, ok: sealed.ok, text: sealed.text },
            ...(sealed.diff === undefined ? {} : { diff: sealed.diff }),
          });
          break;
        case "compaction":
          isReplacing = true;
          append({ t: "compaction", compaction: sealed.compaction });
          break;
        case "context":
          // The first thing said after the conversation was replaced.
          if (isReplacing) append({ t: "compacted" });
          isReplacing = false;
          break;
        case "mode":
          append({ t: "mode", mode: sealed.mode });
          break;
        case "goal":
          if (sealed.step.kind !== "checking") append({ t: "goal", goal: sealed.goal ?? null });
          break;
        case "end": {
          const { outcome, turns, usage, error } = sealed.ending;
          const at = timestamp(clock);
          append({
            t: "end",
            outcome,
            turns,
            usage,
            ...(error === undefined ? {} : { code: error.code }),
            at,
          });
          checkpoints?.after();
          saveHead();
          log.sync();
          break;
        }
        // No trace is left of what was asked beside it.
        case "aside":
        case "background":
        case "start":
        case "status":
        case "reading":
        case "judging":
        case "server":
        case "text":
        case "reasoning":
        case "call":
        case "progress":
        case "question":
        case "todos":
        case "turn":
        case "subagent":
          break;
      }
    },

    beforeCalls: () => checkpoints?.settled() ?? Promise.resolve(),

    async [Symbol.asyncDispose]() {
      await checkpoints?.close();
      if (counts.messages === 0) {
        rmSync(place.folder, { recursive: true, force: true });
      } else {
        append();
        saveHead();
      }
      log.close();
      lock.close();
    },
  };
}

/** A result's text is in the record of the result already. */
function toRecord(item: ChatMessage, results: Map<string, string>): SessionRecord {
  const id = item.tool_call_id;
  if (typeof id !== "string" || !results.has(id)) return { t: "item", item };
  const isSame = results.get(id) === contentOf(item);
  results.delete(id);
  if (!isSame) return { t: "item", item };
  return { t: "item", item: { ...item, content: "" }, of: id };
}

function toStanding({ standing }: Story): Standing | undefined {
  if (standing === undefined) return undefined;
  const made = createStanding(standing.classification);
  for (const [key, detour] of standing.detours) made.detours.set(key, detour);
  return made;
}

interface State {
  /** What of the airlock's memory is new since it was last asked. */
  changed(session: AirlockSession): SessionRecord[];
}

function createState(): State {
  let standing = "";
  let judgement = 0;
  return {
    changed({ seals, standing: { classification, detours }, judgement: { remembered } }) {
      const records: SessionRecord[] = [];
      const secrets = seals.takeChanged();
      if (secrets.length > 0) records.push({ t: "secrets", secrets });
      const now = JSON.stringify([classification, detours.size]);
      if (now !== standing) records.push({ t: "standing", classification, detours: [...detours] });
      standing = now;
      const words = remembered.always.length + remembered.admitted.length;
      if (words !== judgement) records.push({ t: "judgement", remembered });
      judgement = words;
      return records;
    },
  };
}

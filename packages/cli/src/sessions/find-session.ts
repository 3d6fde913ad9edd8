/** Sessions as a person speaks of them: a list, and one by its id, the beginning of its id, or its name. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CloisterError, systemCodeOf } from "@cloister/base";
import { joinClassifications, classify, type Label } from "@cloister/policy";
import { readHead, type SessionHead } from "./head.ts";
import { readSessionLog, type LogPlace, type ReadLog } from "./log.ts";
import { isSessionId, workspaceFolder, type SessionPlaces } from "./places.ts";
import { tellStory, titleOf, type Story } from "./story.ts";

export interface FoundSession {
  readonly place: LogPlace;
  readonly head: SessionHead;
}

const SESSIONS_MAX = 10_000;

/** The latest first. Without a workspace, those of all. */
export function listSessions(
  places: SessionPlaces,
  key: Uint8Array,
  workspace: string | undefined,
): FoundSession[] {
  const folders =
    workspace === undefined
      ? namesIn(places.root).map((name) => join(places.root, name))
      : [workspaceFolder(places, workspace)];
  const found = folders.flatMap((folder) =>
    namesIn(folder)
      .filter(isSessionId)
      .slice(0, SESSIONS_MAX)
      .flatMap((id) => {
        const place = { folder: join(folder, id), id, key };
        const head = readHead(place) ?? headOfLog(place);
        return head === undefined ? [] : [{ place, head }];
      }),
  );
  return found.toSorted((a, b) => (a.head.updated < b.head.updated ? 1 : -1));
}

/** The process died before there was a head, or somebody removed it. */
function headOfLog(place: LogPlace): SessionHead | undefined {
  try {
    const { records } = readSessionLog(place);
    return headOf(tellStory(records), records.length);
  } catch (error) {
    // A folder without a log, or with one that has no beginning, is no session.
    if (error instanceof CloisterError || systemCodeOf(error) !== undefined) return undefined;
    throw error;
  }
}

export function headOf(story: Story, records: number, label?: Label): SessionHead {
  const { start, name } = story;
  return {
    id: start.id,
    workspace: start.workspace,
    title: titleOf(story.marks),
    ...(name === undefined ? {} : { name }),
    created: story.created,
    updated: story.updated,
    messages: story.marks.length,
    turns: story.turns,
    label: label ?? story.standing?.classification.label ?? "internal",
    model: story.model,
    ...(start.from === undefined ? {} : { from: start.from }),
    records,
  };
}

/** @throws CloisterError `no-session`, `session-ambiguous` */
export function findSession(
  places: SessionPlaces,
  key: Uint8Array,
  wanted: { readonly which: string; readonly workspace: string },
): FoundSession {
  const { which, workspace } = wanted;
  const all = listSessions(places, key, undefined);
  const here = all.filter(({ head }) => head.workspace === workspace);
  for (const sessions of [here, all]) {
    const exact = sessions.find(({ head }) => head.id === which || head.name === which);
    if (exact !== undefined) return exact;
    const begins = sessions.filter(({ head }) => which.length >= 4 && bare(head.id).startsWith(bare(which)));
    if (begins[1] !== undefined) {
      throw new CloisterError(`more than one session begins with ${which}`, {
        code: "session-ambiguous",
        next: `give more of its id: ${begins.map(({ head }) => head.id).join(", ")}`,
      });
    }
    if (begins[0] !== undefined) return begins[0];
  }
  throw new CloisterError(`there is no session ${which}`, {
    code: "no-session",
    next: "cloister sessions list",
  });
}

function bare(id: string): string {
  return id.replace(/^ses_/, "");
}

/**
 * All of a session's records, as far as they are whole.
 * @throws CloisterError `session-damaged` unless `lenient`: then the whole beginning is given, and what is wrong
 */
export function readWholeSession(
  { place, head }: FoundSession,
  { lenient = false }: { readonly lenient?: boolean } = {},
): { readonly read: ReadLog; readonly story: Story; readonly notice: string | undefined } {
  const read = readSessionLog(place);
  const damage = damageOf(read, head);
  if (damage !== undefined && !lenient) {
    throw new CloisterError(`session ${head.id} is damaged: ${damage}`, {
      code: "session-damaged",
      next: `what stands before it is whole: go on from there with --resume ${head.id} --fork-session, or read it with cloister sessions export ${head.id}`,
    });
  }
  const torn =
    read.trouble?.kind === "torn"
      ? `the last record of session ${head.id} was not whole (${read.trouble.bytes} bytes), and is left out`
      : undefined;
  return { read, story: tellStory(read.records), notice: damage ?? torn };
}

function damageOf({ records, trouble }: ReadLog, head: SessionHead): string | undefined {
  if (trouble?.kind === "damaged") {
    return `record ${trouble.record + 1}, at byte ${trouble.byte}, was changed`;
  }
  const missing = head.records - records.length;
  return missing > 0
    ? `its last ${missing} ${missing === 1 ? "record is" : "records are"} missing`
    : undefined;
}

/** What a session that goes on begins with, whatever is said now: labels do not fall. */
export function joinedLabel(story: Story | undefined, label: Label): Label {
  const kept = story?.standing?.classification;
  return kept === undefined ? label : joinClassifications(kept, classify(label, [], "user")).label;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT" || systemCodeOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

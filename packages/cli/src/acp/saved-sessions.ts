/** The sessions of an editor's folders: listed, told again, removed. */
import { dirname, isAbsolute } from "node:path";
import { CloisterError, type JsonObject } from "@cloister/base";
import { checkWorkspace } from "../command-cell.ts";
import { blocksOf } from "../sessions/export-session.ts";
import { listSessions, readWholeSession, type FoundSession } from "../sessions/find-session.ts";
import { openSessionKey, sessionPlaces } from "../sessions/places.ts";
import { dropUnused, removeSession } from "../sessions/sweep.ts";
import { replayOf } from "./updates.ts";

const PAGE = 100;

/** The latest first, a page at a time; `cursor` says where the next one begins. Without a folder, those of all. */
export function listPage(home: string, { cwd, cursor }: JsonObject): JsonObject {
  const from = typeof cursor === "string" ? Number(cursor) : 0;
  if (!Number.isSafeInteger(from) || from < 0) {
    throw new CloisterError("the cursor is none of ours", { code: "bad-request" });
  }
  const all = found(home, typeof cwd === "string" ? cwd : undefined).filter(({ head }) => head.messages > 0);
  const sessions = all.slice(from, from + PAGE).map(({ head }): JsonObject => {
    const { id: sessionId, workspace, title, name, updated: updatedAt } = head;
    return { sessionId, cwd: workspace, title: name ?? title, updatedAt };
  });
  return { sessions, ...(all.length > from + PAGE ? { nextCursor: String(from + PAGE) } : {}) };
}

/** @throws CloisterError `no-session` */
export function findSaved(home: string, id: string, cwd: string | undefined): FoundSession {
  const one = found(home, cwd).find(({ head }) => head.id === id);
  if (one !== undefined) return one;
  const where = cwd === undefined ? "" : " in this folder";
  throw new CloisterError(`there is no session ${id}${where}`, { code: "no-session", next: "session/list" });
}

/** What was said in it, as an editor is told. */
export function retell(session: FoundSession): JsonObject[] {
  return replayOf(blocksOf(readWholeSession(session, { lenient: true }).story));
}

/** @throws CloisterError `no-session`, `session-busy` */
export function removeSaved(home: string, id: string): void {
  const { place } = findSaved(home, id, undefined);
  if (!removeSession(place.folder)) {
    throw new CloisterError(`another process works on session ${id}`, {
      code: "session-busy",
      next: "wait for it to end",
    });
  }
  dropUnused(dirname(place.folder), openSessionKey(sessionPlaces(home)));
}

function found(home: string, cwd: string | undefined): readonly FoundSession[] {
  const places = sessionPlaces(home);
  if (cwd !== undefined && !isAbsolute(cwd)) {
    throw new CloisterError("`cwd` must be an absolute path", { code: "bad-request" });
  }
  return listSessions(
    places,
    openSessionKey(places),
    cwd === undefined ? undefined : checkWorkspace(cwd, home),
  );
}

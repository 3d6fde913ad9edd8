/** A workspace and a store of sessions in a folder of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "@cloister/base";
import { openCheckpoints, type Checkpoints } from "../../src/sessions/checkpoints.ts";
import { findSession, type FoundSession } from "../../src/sessions/find-session.ts";
import { openSessionLog, type LogPlace, type SessionLog } from "../../src/sessions/log.ts";
import {
  openSessionKey,
  sessionPlaces,
  workspaceFolder,
  type SessionPlaces,
} from "../../src/sessions/places.ts";
import type { SessionRecord } from "../../src/sessions/records.ts";
import { openRewind, type Rewind } from "../../src/sessions/rewind.ts";

export interface World extends Disposable {
  readonly base: string;
  readonly workspace: string;
  readonly places: SessionPlaces;
  readonly place: LogPlace;
  readonly start: SessionRecord;
  readonly write: (path: string, content: string) => void;
  begin(): SessionLog;
  checkpoints(log: SessionLog): Checkpoints;
  found(): FoundSession;
}

export function createWorld(): World {
  const base = mkdtempSync(join(tmpdir(), "cloister-sessions-"));
  const workspace = join(base, "project");
  mkdirSync(workspace);
  const places = sessionPlaces(join(base, "home"));
  const key = openSessionKey(places);
  const id = "ses_test";
  const place = { folder: join(workspaceFolder(places, workspace), id), id, key };
  mkdirSync(place.folder, { recursive: true });
  const at = "2026-07-21T00:00:00.000Z";
  const secretsKey = Buffer.alloc(32, 7).toString("base64");
  const start: SessionRecord = { t: "start", v: 1, id, workspace, at, secretsKey };
  return {
    ...{ base, workspace, places, place, start },
    write: (path, content) => {
      mkdirSync(dirname(join(workspace, path)), { recursive: true });
      writeFileSync(join(workspace, path), content);
    },
    begin() {
      const log = openSessionLog(place, undefined);
      log.append(start);
      return log;
    },
    checkpoints: (log) =>
      openCheckpoints({
        ...{ workspace, folder: dirname(place.folder), key, trees: [], clock: systemClock },
        append: (record) => log.append(record),
        onTrouble: (trouble) => {
          throw trouble;
        },
      }),
    found: () => findSession(places, key, { which: id, workspace }),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

const at = "2026-07-21T00:00:01.000Z";

/** A session of one message, whose work is `work`. */
export async function session(
  world: World,
  work: () => void,
  { isBroken = false }: { readonly isBroken?: boolean } = {},
): Promise<void> {
  const log = world.begin();
  const checkpoints = world.checkpoints(log);
  log.append({ t: "user", text: "do it", at });
  checkpoints.before(1);
  await checkpoints.settled();
  work();
  if (!isBroken) {
    checkpoints.after();
    await checkpoints.settled();
    const usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
    log.append({ t: "end", outcome: "done", turns: 1, usage, at });
  }
  await checkpoints.close();
  log.close();
}

/** Back to before its message. */
export function open(world: World, { force = false }: { readonly force?: boolean } = {}): Promise<Rewind> {
  return openRewind(world.found(), { to: 1, force, clock: systemClock });
}

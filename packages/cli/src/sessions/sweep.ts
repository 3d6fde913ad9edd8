/** Retention: sessions that nobody opened for so many days are removed, at most once a day and by their dates alone. */
import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf, type Clock } from "@cloister/base";
import { indexFile } from "./checkpoints.ts";
import { lockSession } from "./lock.ts";
import { isSessionId, openSessionKey, type SessionPlaces } from "./places.ts";
import { readSessionLog } from "./log.ts";
import { openObjects } from "./objects.ts";

const KEEP_DAYS_DEFAULT = 30;
const DAY_MS = 86_400_000;
const REMOVED_AT_ONCE_MAX = 1000;

export interface SweepOptions {
  readonly keepDays: number | undefined;
  readonly clock: Clock;
}

/** How many were removed. */
export function sweepSessions(places: SessionPlaces, { keepDays, clock }: SweepOptions): number {
  const mark = join(places.root, "swept");
  const now = clock.now();
  const last = statSync(mark, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (now - last < DAY_MS) return 0;
  if (folders(places.root).length === 0) return 0;
  writeFileSync(mark, "", { mode: 0o600 });
  utimesSync(mark, now / 1000, now / 1000);
  const oldest = now - (keepDays ?? KEEP_DAYS_DEFAULT) * DAY_MS;
  let removed = 0;
  for (const name of folders(places.root)) {
    const workspace = join(places.root, name);
    const old = folders(workspace).filter((id) => {
      const stat = statSync(join(workspace, id, "head"), { throwIfNoEntry: false });
      return (stat ?? statSync(join(workspace, id))).mtimeMs < oldest;
    });
    const gone = old.slice(0, REMOVED_AT_ONCE_MAX).filter((id) => removeSession(join(workspace, id)));
    removed += gone.length;
    if (gone.length > 0) dropUnused(workspace, openSessionKey(places));
  }
  return removed;
}

/** False when a process works on it. */
export function removeSession(folder: string): boolean {
  const lock = lockSession(join(folder, "lock"));
  if (lock === undefined) return false;
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } finally {
    lock.close();
  }
}

/** Contents that no session of the workspace needs any more go, unless one is at work: it may just have put some. */
export function dropUnused(workspaceFolder: string, key: Uint8Array): void {
  const ids = folders(workspaceFolder);
  if (ids.length === 0) {
    rmSync(workspaceFolder, { recursive: true, force: true });
    return;
  }
  const locks = ids.map((id) => lockSession(join(workspaceFolder, id, "lock")));
  try {
    if (locks.includes(undefined)) return;
    const used = new Set<string>();
    for (const id of ids) {
      const { records, trouble } = readSessionLog({ folder: join(workspaceFolder, id), id, key });
      // What stands behind the damage may name contents that somebody still wants back.
      if (trouble?.kind === "damaged") return;
      for (const record of records) {
        for (const [, entry] of record.t === "tree" ? record.changes : []) {
          if (entry?.type === "file" && entry.object !== undefined) used.add(entry.object);
        }
      }
    }
    const store = openObjects(workspaceFolder, key);
    try {
      // It may name contents that are about to go.
      rmSync(indexFile(workspaceFolder), { force: true });
      store.keepOnly(used);
    } finally {
      store.close();
    }
  } finally {
    for (const lock of locks) lock?.close();
  }
}

function folders(path: string): string[] {
  try {
    const children = readdirSync(path, { withFileTypes: true });
    return children.filter((child) => child.isDirectory() && isSessionId(child.name)).map(({ name }) => name);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * One process at a time works on a session. SQLite holds a POSIX record lock on the file, which the kernel frees when
 * the process dies, however it dies. Nothing is ever written to it.
 */
import { DatabaseSync } from "node:sqlite";

export interface SessionLock {
  close(): void;
}

/** Undefined when another process holds it. */
export function lockSession(path: string): SessionLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    return { close: () => database.close() };
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

const SQLITE_BUSY = 5;

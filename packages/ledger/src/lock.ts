// One writer at a time, over all processes of the machine. SQLite holds a POSIX record lock on the file, which the
// kernel frees when the process dies, however it dies: there is no stale lock to clean up. The file stays empty.
// Nothing else may open it: closing any descriptor of it would free this process' lock.
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "@cloister/base";
import { ledgerError } from "./errors.ts";
import { limits } from "./limits.ts";

export interface WriterLock {
  /**
   * Waits without blocking the event loop, at most about five seconds. Not re-entrant.
   * @throws CloisterError `ledger-busy`
   */
  acquire(): Promise<void>;
  release(): void;
  close(): void;
}

export function openLock(path: string, clock: Clock): WriterLock {
  const database = new DatabaseSync(path, { timeout: 0 });
  let isPrepared = false;

  function tryBegin(): boolean {
    try {
      // Nothing is ever written, so nothing needs a journal: SQLite would create and remove a file each time.
      if (!isPrepared) database.exec("PRAGMA journal_mode = MEMORY");
      isPrepared = true;
      database.exec("BEGIN EXCLUSIVE");
      return true;
    } catch (error) {
      if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) return false;
      throw error;
    }
  }

  return {
    async acquire() {
      for (let attempt = 1; !tryBegin(); attempt += 1) {
        if (attempt >= limits.lockAttemptsMax) {
          throw ledgerError("ledger-busy", "another process has been writing to the ledger for too long");
        }
        await clock.sleep(limits.lockPauseMs);
      }
    },
    release: () => database.exec("ROLLBACK"),
    close: () => database.close(),
  };
}

const sqliteBusy = 5;

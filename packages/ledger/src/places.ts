// Where everything of a ledger lies: one layout, for writers, readers and verifiers.
import { join } from "node:path";

/** The places of a log below the directory of its ledger. */
export interface Places {
  readonly wal: string;
  readonly origin: string;
  readonly checkpoint: string;
  readonly frontier: string;
  readonly verifierKey: string;
  readonly lock: string;
  readonly key: string;
  readonly side: string;
  readonly sideRecords: string;
  readonly sideKey: string;
}

export function placesOf(directory: string): Places {
  const log = join(directory, "log");
  return {
    wal: join(log, "wal"),
    origin: join(log, "origin"),
    checkpoint: join(log, "checkpoint"),
    frontier: join(log, "frontier"),
    verifierKey: join(log, "key.pub"),
    lock: join(log, "lock"),
    key: join(directory, "key"),
    side: join(directory, "side"),
    sideRecords: join(directory, "side.db"),
    sideKey: join(directory, "side.key"),
  };
}

// Writing to the side store: salts, wrapped keys, hidden fields and small contents in one SQLite file, large contents
// in files of their own. To create a file costs more than all the rest of an entry.
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { timestamp } from "@cloister/base";
import type { Clock } from "@cloister/base";
import { replaceFile } from "./disk.ts";
import { ledgerError } from "./errors.ts";
import { limits } from "./limits.ts";
import type { SideRecord } from "./parts.ts";
import { placesOf } from "./places.ts";
import type { Places } from "./places.ts";
import { takeRandom } from "./random.ts";
import { blobIdOf, deriveKeys, seal, sealBytes, unseal } from "./seal.ts";

/** Blocks for as long as it takes; other processes may write at the same time. */
export interface SideStore {
  /** @throws CloisterError `side-write-failed`; then nothing of it is there. */
  put(records: readonly SideRecord[], group: string): void;
  close(): void;
}

// A part outlives its erasure as a row without salts, so that "erased" and "never there" can be told apart.
const schema = `
  CREATE TABLE IF NOT EXISTS groups (name TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS blobs (id TEXT PRIMARY KEY, group_name TEXT NOT NULL, key BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS contents (id TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS parts (
    commitment TEXT PRIMARY KEY, type TEXT NOT NULL, blob TEXT NOT NULL, group_name TEXT NOT NULL,
    salt BLOB, hidden_salt BLOB, hidden BLOB, erased_at TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS parts_of_blob ON parts (blob);
  CREATE INDEX IF NOT EXISTS parts_of_group ON parts (group_name);
`;

export function openSideStore(places: Places, inlineBytesMax: number): SideStore {
  const keys = deriveKeys(readFileSync(places.sideKey));
  const database = openRecords(places);
  const sql = prepareAll(database);
  const groups = new Map<string, { readonly wrapped: Uint8Array; readonly key: Buffer }>();

  /** The key of the group, made at its first use. Looked up each time: the group may have been erased since. */
  function groupKey(group: string): Buffer {
    const wrapped = sql.group.get(group)?.["key"];
    const known = groups.get(group);
    if (!(wrapped instanceof Uint8Array)) {
      const key = takeRandom(32);
      sql.addGroup.run(group, seal(keys.wrapping, key, `group ${group}`));
      return key;
    }
    if (known !== undefined && Buffer.compare(known.wrapped, wrapped) === 0) return known.key;
    const key = unseal(keys.wrapping, wrapped, `group ${group}`);
    if (groups.size < limits.groupsMax) groups.set(group, { wrapped, key });
    return key;
  }

  /** The row may have survived a power cut that the file did not. */
  function isStored(id: string, bytes: number): boolean {
    if (sql.content.get(id) !== undefined) return true;
    return statSync(blobPath(places, id), { throwIfNoEntry: false })?.size === bytes;
  }

  function store(id: string, sealed: Buffer): void {
    if (sealed.length - sealBytes <= inlineBytesMax) {
      sql.addContent.run(id, sealed);
      return;
    }
    const path = blobPath(places, id);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    replaceFile(path, sealed, { durable: false });
  }

  function putBlob(owner: { readonly group: string; readonly key: Buffer }, data: Uint8Array): string {
    const id = blobIdOf(keys, owner.group, data);
    const row = sql.blob.get(id);
    const known = row?.["key"] instanceof Uint8Array ? unseal(owner.key, row["key"], id) : undefined;
    if (known !== undefined && isStored(id, data.length + sealBytes)) return id;
    const key = known ?? takeRandom(32);
    store(id, seal(key, data, id));
    if (known === undefined) sql.addBlob.run(id, owner.group, seal(owner.key, key, id));
    return id;
  }

  function putRecord(owner: { readonly group: string; readonly key: Buffer }, record: SideRecord): void {
    const { commitment, type, salt, hiddenSalt } = record;
    const blob = putBlob(owner, record.data);
    const hidden = seal(owner.key, record.hidden, commitment);
    sql.addPart.run(commitment, type, blob, owner.group, salt, hiddenSalt, hidden);
  }

  return {
    put(records, group) {
      try {
        inTransaction(database, () => {
          const owner = { group, key: groupKey(group) };
          for (const record of records) putRecord(owner, record);
        });
      } catch (cause) {
        throw ledgerError("side-write-failed", "the content beside an entry could not be stored", cause);
      }
    },
    close: () => database.close(),
  };
}

interface Statements {
  readonly group: StatementSync;
  readonly addGroup: StatementSync;
  readonly blob: StatementSync;
  readonly addBlob: StatementSync;
  readonly content: StatementSync;
  readonly addContent: StatementSync;
  readonly addPart: StatementSync;
}

function prepareAll(database: DatabaseSync): Statements {
  return {
    group: database.prepare("SELECT key FROM groups WHERE name = ?"),
    addGroup: database.prepare("INSERT INTO groups (name, key) VALUES (?, ?)"),
    blob: database.prepare("SELECT key FROM blobs WHERE id = ?"),
    addBlob: database.prepare("INSERT INTO blobs (id, group_name, key) VALUES (?, ?, ?)"),
    content: database.prepare("SELECT 1 FROM contents WHERE id = ?"),
    addContent: database.prepare("INSERT OR REPLACE INTO contents (id, data) VALUES (?, ?)"),
    addPart: database.prepare(
      `INSERT INTO parts (commitment, type, blob, group_name, salt, hidden_salt, hidden)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
  };
}

/**
 * Destroys salts, keys and content of the named parts, or of a whole group. The log still verifies, but its commitments
 * confirm nothing any more. Append an `erasure` entry first; it says who asked and why. Copies elsewhere stay.
 * @returns how many parts were erased
 */
export function eraseSide(options: {
  readonly directory: string;
  readonly what: { readonly commitments: readonly string[] } | { readonly group: string };
  readonly clock: Clock;
}): number {
  const places = placesOf(options.directory);
  const database = openRecords(places);
  try {
    const at = timestamp(options.clock);
    const erase =
      "UPDATE parts SET salt = NULL, hidden_salt = NULL, hidden = NULL, erased_at = ? WHERE erased_at IS NULL";
    let count = 0;
    inTransaction(database, () => {
      if ("group" in options.what) {
        count = Number(database.prepare(`${erase} AND group_name = ?`).run(at, options.what.group).changes);
        database.prepare("DELETE FROM groups WHERE name = ?").run(options.what.group);
      } else {
        const eraseOne = database.prepare(`${erase} AND commitment = ?`);
        for (const commitment of options.what.commitments) {
          count += Number(eraseOne.run(at, commitment).changes);
        }
      }
      const unused = "NOT EXISTS (SELECT 1 FROM parts WHERE parts.blob = blobs.id AND erased_at IS NULL)";
      const gone = database.prepare(`DELETE FROM blobs WHERE ${unused} RETURNING id`).all();
      const eraseContent = database.prepare("DELETE FROM contents WHERE id = ?");
      // Within the transaction, or another process might put the same content back just before it is removed.
      for (const row of gone) {
        eraseContent.run(String(row["id"]));
        rmSync(blobPath(places, String(row["id"])), { force: true });
      }
    });
    // The write-ahead file still holds the old rows.
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return count;
  } finally {
    database.close();
  }
}

export function blobPath(places: Places, id: string): string {
  return join(places.side, id.slice(0, 2), id);
}

function openRecords(places: Places): DatabaseSync {
  const database = new DatabaseSync(places.sideRecords, { timeout: limits.sideBusyMs });
  try {
    // By its path: opening and closing the file here would free SQLite's locks on it.
    chmodSync(places.sideRecords, 0o600);
    // NORMAL: no sync of its own per entry. The log's is the only one; content of the last moments before a power
    // cut may be missing, and is reported as missing.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON");
    database.exec(schema);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Contents of files, each once for all sessions of a workspace: compressed, encrypted, and named by a keyed hash, so
 * that the names confirm no guess. In one SQLite file: to create a file for each would cost more than all the rest.
 */
import { createHmac } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { zstdCompressSync, zstdDecompressSync, constants } from "node:zlib";
import { CloisterError, messageOf } from "@cloister/base";
import { seal, unseal } from "@cloister/ledger";
import { deriveSessionKey } from "./places.ts";

export interface ObjectStore {
  /** The name under which the content is kept now. @throws CloisterError `session-write-failed` */
  put(content: Uint8Array): string;
  /** Undefined where it is not, or not as it was put. */
  get(object: string): Buffer | undefined;
  /** What is put within becomes one write. */
  together<T>(work: () => T): T;
  /** Removes all others. */
  keepOnly(objects: ReadonlySet<string>): number;
  close(): void;
}

const BUSY_MS = 5000;
const OBJECT_BYTES_MAX = 64 * 1024 * 1024;
/** Below it, compressing costs more than all the rest, and saves little. */
const COMPRESS_BYTES_MIN = 4096;

export function openObjects(folder: string, sessionKey: Uint8Array): ObjectStore {
  const path = join(folder, "objects.db");
  const key = deriveSessionKey(sessionKey, `objects`);
  const naming = deriveSessionKey(sessionKey, `object names`);
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  chmodSync(path, 0o600);
  // No sync of its own: what a power cut takes is noted as missing when somebody wants it back.
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON");
  database.exec("CREATE TABLE IF NOT EXISTS objects (id TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT");
  const has = database.prepare("SELECT 1 FROM objects WHERE id = ?");
  const add = database.prepare("INSERT OR IGNORE INTO objects (id, data) VALUES (?, ?)");
  const find = database.prepare("SELECT data FROM objects WHERE id = ?");
  return {
    put(content) {
      const id = createHmac("sha256", naming).update(content).digest("base64url").slice(0, 32);
      if (has.get(id) !== undefined) return id;
      add.run(id, seal(key, pack(content), id));
      return id;
    },
    get(object) {
      const data = find.get(object)?.["data"];
      if (!(data instanceof Uint8Array)) return undefined;
      try {
        return unpack(unseal(key, data, object));
      } catch {
        return undefined; // changed on the disk: as good as gone
      }
    },
    together(work) {
      try {
        database.exec("BEGIN IMMEDIATE");
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (cause) {
        if (database.isTransaction) database.exec("ROLLBACK");
        if (cause instanceof CloisterError) throw cause;
        throw new CloisterError(`a checkpoint could not be kept: ${messageOf(cause)}`, {
          code: "session-write-failed",
          next: "make room on the disk",
          cause,
        });
      }
    },
    keepOnly(objects) {
      const remove = database.prepare("DELETE FROM objects WHERE id = ?");
      const all = database.prepare("SELECT id FROM objects").all();
      const gone = all.map(({ id }) => String(id)).filter((id) => !objects.has(id));
      this.together(() => {
        for (const id of gone) remove.run(id);
      });
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      return gone.length;
    },
    close: () => database.close(),
  };
}

function pack(content: Uint8Array): Buffer {
  if (content.length < COMPRESS_BYTES_MIN) return Buffer.concat([Buffer.from([0]), content]);
  const packed = zstdCompressSync(content, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return packed.length < content.length
    ? Buffer.concat([Buffer.from([1]), packed])
    : Buffer.concat([Buffer.from([0]), content]);
}

function unpack(bytes: Buffer): Buffer {
  const body = bytes.subarray(1);
  return bytes[0] === 1 ? zstdDecompressSync(body, { maxOutputLength: OBJECT_BYTES_MAX }) : body;
}

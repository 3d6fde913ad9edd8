// Founding a log: folders, keys, origin. Each file is written once and never changed.
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemCodeOf } from "@cloister/base";
import { replaceFile } from "./disk.ts";
import { ledgerError } from "./errors.ts";
import { createVerifier, isOrigin } from "./note.ts";
import type { Verifier } from "./note.ts";
import type { Places } from "./places.ts";

/** Who signs the log. */
export interface Founded {
  readonly verifier: Verifier;
  readonly privateKey: KeyObject;
}

/** Creates the folders, 0700 each. Safe at any time, also by two processes at once. */
export function createFolders(directory: string, places: Places): void {
  for (const folder of [directory, places.wal, places.side]) {
    makeFolder(folder);
  }
}

/** Node's own way to make the folders above says "not there" of a disk that is read-only. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process begins at the same time.
    if (systemCodeOf(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}

/**
 * Reads the identity of the log, or creates it where there is none. To be called by the holder of the writer lock.
 * The order of creation is the order of recovery: a crash between two steps leaves what the next call completes.
 * @throws CloisterError `ledger-key-missing`, `ledger-key-mismatch`, `ledger-origin-mismatch`, `bad-origin`, `side-key-missing`
 */
export function found(places: Places, wanted: string | undefined): Founded {
  // Random rather than the name of a machine or a user: an origin is in every checkpoint, for ever.
  const origin =
    readText(places.origin) ?? wanted ?? `cloister.local/agent/${randomBytes(6).toString("hex")}`;
  if (wanted !== undefined && wanted !== origin) {
    throw ledgerError("ledger-origin-mismatch", `the log is ${origin}, not ${wanted}`);
  }
  if (!isOrigin(origin)) throw ledgerError("bad-origin", `not a name for a log: ${JSON.stringify(origin)}`);
  if (!existsSync(places.origin)) replaceFile(places.origin, `${origin}\n`, { durable: true });

  const published = readText(places.verifierKey);
  if (!existsSync(places.key)) {
    // A new key for an old log would make it unverifiable.
    if (published !== undefined) {
      throw ledgerError("ledger-key-missing", "the signing key of the ledger is gone");
    }
    const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
    replaceFile(places.key, pem, { durable: true });
  }
  const privateKey = createPrivateKey(readFileSync(places.key));
  const verifier = createVerifier(origin, createPublicKey(privateKey));
  if (published === undefined) replaceFile(places.verifierKey, `${verifier.text}\n`, { durable: true });
  else if (published !== verifier.text) {
    throw ledgerError("ledger-key-mismatch", "log/key.pub is not the public half of the signing key");
  }

  if (!existsSync(places.sideKey)) {
    if (existsSync(places.sideRecords)) {
      throw ledgerError("side-key-missing", "the key of the side store is gone");
    }
    replaceFile(places.sideKey, randomBytes(32), { durable: true });
  }
  return { verifier, privateKey };
}

function readText(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

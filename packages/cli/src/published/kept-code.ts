/** Compiled code in files of the user's own: each whole, with a sum over all of it, and gone when nobody renews it. */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export interface Kept {
  readonly code: Uint8Array;
  /** All that the process had compiled when it was kept. */
  readonly bytecodeBytes: number;
}

const SUM_BYTES = 32;
const HEAD_BYTES = SUM_BYTES + 4;
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const UNUSED_MS_MAX = 30 * 24 * 60 * 60 * 1000;

/**
 * Undefined where nothing is kept, or not whole. With an owner, only what is that user's own and nobody else may
 * write: it is run, and a home folder may be somebody else's (`sudo -E`).
 */
export function readKept(file: string, owner?: number): Kept | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    const { uid, mode, size } = fstatSync(descriptor);
    if (owner !== undefined && (uid !== owner || (mode & 0o022) !== 0)) return undefined;
    if (size > KEPT_BYTES_MAX) return undefined;
    const bytes = readFileSync(descriptor);
    if (!sumOf(bytes.subarray(SUM_BYTES)).equals(bytes.subarray(0, SUM_BYTES))) return undefined;
    return { code: bytes.subarray(HEAD_BYTES), bytecodeBytes: bytes.readUInt32LE(SUM_BYTES) };
  } catch {
    return undefined; // nothing is kept yet, or not for us
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Whole or not at all; what was long not written anew goes. A start without it is slower and nothing else, so nothing is thrown. */
export function keepCode(file: string, { code, bytecodeBytes }: Kept): void {
  const folder = dirname(file);
  const half = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const body = Buffer.concat([Buffer.alloc(4), code]);
    body.writeUInt32LE(bytecodeBytes);
    // Another user may read it: the agent of a workspace that is theirs runs as they.
    writeFileSync(half, Buffer.concat([sumOf(body), body]), { mode: 0o644, flag: "wx" });
    renameSync(half, file);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (Date.now() - statSync(path).mtimeMs > UNUSED_MS_MAX) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    remove(half); // a full disk, or a home that cannot be written
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    /* the folder is not there at all */
  }
}

function sumOf(body: Uint8Array): Buffer {
  return createHash("sha256").update(body).digest();
}

// The calls on which durability rests. Tests replace them to fill the disk, to fail a sync, or to count.
import { closeSync, constants, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

export interface Disk {
  /** Writes all bytes at the position, or rejects; then any part of them may be in the file. */
  write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void>;
  /** fdatasync(2). */
  sync(file: FileHandle): Promise<void>;
}

export const realDisk: Disk = {
  async write(file, bytes, position) {
    // The kernel takes a small batch into memory at once; asking another thread for that takes longer than the write.
    if (bytes.length <= AT_ONCE_BYTES_MAX) return writeAtOnce(file.fd, bytes, position);
    // Each round writes at least a byte, so the rounds are bounded by the length.
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
      if (bytesWritten === 0) throw new Error("the disk took no byte");
      done += bytesWritten;
    }
  },
  sync: (file) => file.datasync(),
};

const AT_ONCE_BYTES_MAX = 64 * 1024;

function writeAtOnce(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const written = writeSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (written === 0) throw new Error("the disk took no byte");
    done += written;
  }
}

/** Opens a file for positioned reading and writing; a new one is 0600 and its name is durable before this resolves. */
export async function openDurably(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    syncDirectory(dirname(path));
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

/** Replaces a file as a whole: a reader sees the old text or the new. With `durable`, so does one after a power cut. */
export function replaceFile(
  path: string,
  text: string | Uint8Array,
  options: { readonly durable: boolean },
): void {
  // One name is enough: who replaces a file holds the lock that goes with it.
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    if (options.durable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  if (options.durable) syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

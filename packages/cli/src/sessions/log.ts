/**
 * An append-only file of encrypted records (AES-256-GCM, a random nonce each). Each is bound to the session, to its
 * number and to the tag of the one before, so that none can be changed, moved, left out or taken from another session
 * without being noticed; that the last ones are missing shows against the head (`head.ts`). A record is in the file
 * before `append` returns: killing the process loses nothing. Syncing is the caller's: a power cut may cost what came
 * after the last `sync`.
 */
import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { CloisterError, isRecord, messageOf, systemCodeOf } from "@cloister/base";
import { seal, sealBytes, unseal } from "@cloister/ledger";
import { deriveSessionKey } from "./places.ts";
import type { SessionRecord } from "./records.ts";

const MAGIC = Buffer.from("cloister-session 1\n");
const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
const RECORD_BYTES_MAX = 256 * 1024 * 1024;
/** Of a whole log: it is read at once when the session goes on. */
const LOG_BYTES_MAX = 1024 * 1024 * 1024;
const COMPRESS_BYTES_MIN = 400;
const PLAIN = Buffer.from([0]);
const COMPRESSED = Buffer.from([1]);

/** What is wrong with the end, or in the middle, of a log. The records before it are whole. */
export type LogTrouble =
  | { readonly kind: "torn"; readonly bytes: number }
  | { readonly kind: "damaged"; readonly record: number; readonly byte: number };

export interface ReadLog {
  readonly records: readonly SessionRecord[];
  readonly trouble: LogTrouble | undefined;
  /** Where the whole records end, and with which tag. */
  readonly end: number;
  readonly tag: Buffer;
}

export interface SessionLog {
  /** How many records it holds. */
  readonly count: number;
  /** @throws CloisterError `session-write-failed` */
  append(...records: readonly SessionRecord[]): void;
  /** What was appended survives a power cut. @throws CloisterError `session-write-failed` */
  sync(): void;
  close(): void;
}

export interface LogPlace {
  /** The session's folder, which is named after it. */
  readonly folder: string;
  readonly id: string;
  readonly key: Uint8Array;
}

/** @throws CloisterError `no-session` */
export function readSessionLog({ folder, id, key }: LogPlace): ReadLog {
  const own = deriveSessionKey(key, `log ${id}`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(logFile(folder));
  } catch (cause) {
    if (systemCodeOf(cause) !== "ENOENT") throw cause;
    throw new CloisterError(`there is no session ${id}`, {
      code: "no-session",
      next: "cloister sessions list",
      cause,
    });
  }
  const records: SessionRecord[] = [];
  let tag: Buffer = Buffer.alloc(0);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    const isTorn = bytes.length < MAGIC.length;
    const trouble: LogTrouble = isTorn
      ? { kind: "torn", bytes: bytes.length }
      : { kind: "damaged", record: 0, byte: 0 };
    return { records, trouble, end: 0, tag };
  }
  let at = MAGIC.length;
  // Each round takes at least a frame's head, so the rounds are bounded by the file's length.
  while (at < bytes.length) {
    const frame = frameAt(bytes, at);
    const record = frame && openFrame(own, frame, { id, number: records.length, tag });
    if (frame === undefined || record === undefined) {
      return { records, trouble: troubleAt({ bytes, at, own, id, number: records.length }), end: at, tag };
    }
    records.push(record);
    tag = frame.subarray(-TAG_BYTES);
    at += LENGTH_BYTES + frame.length;
  }
  return { records, trouble: undefined, end: at, tag };
}

/** Goes on after the whole records of `read`; what is torn behind them is cut off. */
export function openSessionLog({ folder, id, key }: LogPlace, read: ReadLog | undefined): SessionLog {
  const own = deriveSessionKey(key, `log ${id}`);
  const path = logFile(folder);
  const file = openSync(path, read === undefined ? "wx" : "r+", 0o600);
  let { end: at, tag, count } = read === undefined ? nothing : { ...read, count: read.records.length };
  const write = (bytes: Buffer): void => {
    // Each round writes at least a byte, so the rounds are bounded by the length.
    for (let done = 0; done < bytes.length;) {
      done += writeSync(file, bytes, done, bytes.length - done, at + done);
    }
    at += bytes.length;
  };
  const trying = (work: () => void): void => {
    try {
      work();
    } catch (cause) {
      throw new CloisterError(`the session could not be saved: ${messageOf(cause)}`, {
        code: "session-write-failed",
        next: "make room on the disk, then go on with --continue; --no-save works without saving",
        cause,
      });
    }
  };
  trying(() => {
    ftruncateSync(file, at);
    if (at === 0) write(MAGIC);
  });
  return {
    get count() {
      return count;
    },
    append(...records) {
      const frames: Buffer[] = [];
      let last = tag;
      for (const [index, record] of records.entries()) {
        const frame = seal(own, encode(record), bindingOf({ id, number: count + index, tag: last }));
        const length = Buffer.alloc(LENGTH_BYTES);
        length.writeUInt32LE(frame.length);
        frames.push(length, frame);
        last = frame.subarray(-TAG_BYTES);
      }
      const bytes = Buffer.concat(frames);
      if (at + bytes.length > LOG_BYTES_MAX) {
        throw new CloisterError("the session is longer than can be saved", {
          code: "session-write-failed",
          next: "begin a new one; this one stays as it is",
        });
      }
      trying(() => write(bytes));
      tag = last;
      count += records.length;
    },
    sync: () => trying(() => fdatasyncSync(file)),
    close: () => closeSync(file),
  };
}

const nothing = { end: 0, tag: Buffer.alloc(0) as Buffer, count: 0 };

function logFile(folder: string): string {
  return join(folder, "log");
}

/** Undefined where the bytes end before it does, or its length is none. */
function frameAt(bytes: Buffer, at: number): Buffer | undefined {
  if (at + LENGTH_BYTES > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  const end = at + LENGTH_BYTES + length;
  if (length <= sealBytes || length > RECORD_BYTES_MAX || end > bytes.length) return undefined;
  return bytes.subarray(at + LENGTH_BYTES, end);
}

interface Binding {
  readonly id: string;
  readonly number: number;
  readonly tag: Uint8Array;
}

function bindingOf({ id, number, tag }: Binding): string {
  return `cloister/session/v1\n${id}\n${number}\n${Buffer.from(tag).toString("base64")}`;
}

function openFrame(own: Buffer, frame: Buffer, binding: Binding): SessionRecord | undefined {
  try {
    const opened = unseal(own, frame, bindingOf(binding));
    const body = opened.subarray(1);
    const text =
      opened[0] === COMPRESSED[0] ? zstdDecompressSync(body, { maxOutputLength: RECORD_BYTES_MAX }) : body;
    const value: unknown = JSON.parse(text.toString("utf8"));
    return isRecord(value) && typeof value["t"] === "string"
      ? (value as unknown as SessionRecord)
      : undefined;
  } catch {
    return undefined; // another key, a changed byte, another place: all the same here
  }
}

function encode(record: SessionRecord): Buffer {
  const text = Buffer.from(JSON.stringify(record));
  return text.length < COMPRESS_BYTES_MIN
    ? Buffer.concat([PLAIN, text])
    : Buffer.concat([COMPRESSED, zstdCompressSync(text)]);
}

interface Bad {
  readonly bytes: Buffer;
  readonly at: number;
  readonly own: Buffer;
  readonly id: string;
  readonly number: number;
}

const FOLLOWING_MAX = 1000;

/**
 * A record that was being written when the process, or the machine, died is the last one. If a whole one follows,
 * somebody or something changed it since. With a changed tag the very next one cannot be opened either.
 */
function troubleAt({ bytes, at, own, id, number }: Bad): LogTrouble {
  let frame = frameAt(bytes, at);
  let end = at;
  for (let after = 1; frame !== undefined && after <= FOLLOWING_MAX; after += 1) {
    end += LENGTH_BYTES + frame.length;
    const next = frameAt(bytes, end);
    const binding = { id, number: number + after, tag: frame.subarray(-TAG_BYTES) };
    if (next !== undefined && openFrame(own, next, binding) !== undefined) {
      return { kind: "damaged", record: number, byte: at };
    }
    frame = next;
  }
  return { kind: "torn", bytes: bytes.length - at };
}

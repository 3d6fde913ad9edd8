// The log's one truth on disk, from a writer's side. All but `close` is for the holder of the writer lock.
import { fstatSync, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { CloisterError } from "@cloister/base";
import { openDurably, replaceFile } from "./disk.ts";
import type { Disk } from "./disk.ts";
import { ledgerError } from "./errors.ts";
import type { Founded } from "./found.ts";
import { encodeCheckpoint, encodeEntry } from "./line.ts";
import { limits } from "./limits.ts";
import { readNote } from "./newest.ts";
import { openNote, signCheckpoint } from "./note.ts";
import type { Places } from "./places.ts";
import { createReplay } from "./replay.ts";
import type { Problem } from "./replay.ts";
import { loadFrontier, saveFrontier } from "./saved-frontier.ts";
import { scanLines, segmentName, toLine } from "./scan.ts";
import { leafHash } from "./tree.ts";

/** Where an entry stands: its index from 0, and SHA-256(0x00 ‖ body). */
export interface Receipt {
  readonly index: number;
  readonly leafHash: Buffer;
}

export interface Wal {
  /**
   * Reads and checks what others have written since the last call, and cuts off the torn tail of a writer that died.
   * @throws CloisterError `ledger-broken`, `ledger-shortened`: alarms. The log stays as it is, and this never signs again.
   */
  catchUp(): Promise<void>;
  /**
   * Appends the bodies and a checkpoint over all there is: one write, one sync. Without a body it seals what a dead
   * writer left unsealed, or does nothing.
   * @throws CloisterError `ledger-write-failed`; whatever of it is in the file the next `catchUp` sees to.
   */
  write(bodies: readonly Buffer[]): Promise<Receipt[]>;
  /** Whether the newest checkpoint of this writer has not been copied to `log/checkpoint` yet. */
  readonly isUnpublished: boolean;
  /** Copies it there, for witnesses. A log on which others have gone on is left to them. */
  publish(): void;
  close(): Promise<void>;
}

export interface WalOptions {
  readonly places: Places;
  readonly founded: Founded;
  readonly disk: Disk;
  readonly segmentBytesMax: number;
}

export function openWal(options: WalOptions): Wal {
  const { places, founded, disk } = options;
  const saved = loadFrontier(places, founded.verifier);
  const replay = createReplay({ verifier: founded.verifier, from: saved?.frontier });
  let savedSize = replay.frontier.size;
  /** The current segment: its first index, the end of its last good line, the open file. */
  let segment = saved?.segment ?? 0;
  let offset = saved?.offset ?? 0;
  let file: FileHandle | undefined;
  let newestNote: string | undefined;
  let unpublished: { readonly note: string; readonly size: number } | undefined;
  /** Raised once, it stays: a log that lost or changed signed entries is not signed again. */
  let alarm: CloisterError | undefined;

  const pathOf = (first: number): string => join(places.wal, segmentName(first));

  function raise(code: "ledger-broken" | "ledger-shortened", cause: string): CloisterError {
    alarm = ledgerError(code, cause);
    return alarm;
  }

  function raiseProblem(problem: Problem): CloisterError {
    return raise("ledger-broken", `log/wal/${segmentName(segment)}: ${problem.cause}`);
  }

  /** The tree must reach, and pass through, the newest checkpoint that anybody published. */
  function expectNewest(): void {
    const note = readNote(places.checkpoint);
    if (note === undefined || note === newestNote) return;
    const opened = openNote(note, founded.verifier);
    if (opened.kind === "refused") throw raise("ledger-broken", `log/checkpoint is refused: ${opened.why}`);
    const problem = replay.expect(opened.checkpoint);
    if (problem !== undefined) throw raiseProblem(problem);
    newestNote = note;
  }

  /** The current segment, and its size. A file that another took the place of is not appended to. */
  async function openSegment(): Promise<{ readonly current: FileHandle; readonly size: number }> {
    const isNew = replay.frontier.size === 0 && replay.awaits === undefined;
    const found = statSync(pathOf(segment), { throwIfNoEntry: false });
    if (found === undefined && !isNew) {
      throw raise("ledger-shortened", `log/wal/${segmentName(segment)} is gone`);
    }
    const current = file ?? (await openDurably(pathOf(segment)));
    file = current;
    const held = fstatSync(current.fd);
    if (found !== undefined && (found.ino !== held.ino || found.dev !== held.dev)) {
      throw raise("ledger-shortened", `log/wal/${segmentName(segment)} was replaced by another file`);
    }
    if (held.size < offset) throw raise("ledger-shortened", `log/wal/${segmentName(segment)} was cut`);
    return { current, size: held.size };
  }

  /** Reads on to the end of the segment. The answer is whether a torn tail lies there, behind `offset`. */
  async function readOn(current: FileHandle): Promise<boolean> {
    let torn = false;
    for await (const lines of scanLines(current, offset)) {
      for (const raw of lines) {
        const line = toLine(raw);
        if (!torn && line.kind !== "bad") {
          const problem = replay.accept(line);
          if (problem !== undefined) throw raiseProblem(problem);
          offset = raw.end;
        } else if (line.kind === "checkpoint" && openNote(line.note, founded.verifier).kind === "signed") {
          // A sound checkpoint behind a bad line says that the bad line was whole once: no crash does that.
          throw raise(
            "ledger-broken",
            `log/wal/${segmentName(segment)}: a line before the last checkpoint is damaged`,
          );
        } else {
          torn = true;
        }
      }
    }
    return torn;
  }

  async function turnTo(next: number): Promise<void> {
    const last = file;
    [file, segment, offset] = [undefined, next, 0];
    await last?.close();
  }

  /** The file for the next batch: the current segment, or a new one when that is full. */
  async function prepare(): Promise<FileHandle> {
    const { current } = await openSegment();
    if (offset < options.segmentBytesMax || replay.frontier.size !== replay.sealed) return current;
    // Its last lines may be those of a process that died between its write and its sync.
    await disk.sync(current);
    await turnTo(replay.frontier.size);
    file = await openDurably(pathOf(segment));
    return file;
  }

  /** The copies that are derived from the log and may be late, but not ahead of it: written after the sync. */
  function publish(): void {
    const newest = unpublished;
    unpublished = undefined;
    if (newest === undefined || newest.size !== replay.frontier.size) return;
    newestNote = newest.note;
    try {
      replaceFile(places.checkpoint, newest.note, { durable: false });
      saveNowAndThen();
    } catch {
      // The batch is durable, which is all that was promised. The next batch writes them again.
    }
  }

  function saveNowAndThen(): void {
    const { frontier, sealed } = replay;
    if (frontier.size - savedSize < limits.frontierEntries || frontier.size !== sealed) return;
    saveFrontier(places, { frontier, segment, offset });
    savedSize = frontier.size;
  }

  return {
    async catchUp() {
      if (alarm !== undefined) throw alarm;
      expectNewest();
      // Each round ends a segment, and their names ascend with the tree.
      for (;;) {
        const { current, size } = await openSegment();
        const torn = size > offset && (await readOn(current));
        const next = replay.frontier.size;
        if (next !== segment && statSync(pathOf(next), { throwIfNoEntry: false }) !== undefined) {
          if (torn || replay.sealed !== next) {
            throw raise(
              "ledger-broken",
              `log/wal/${segmentName(segment)} does not end in a checkpoint, yet another follows`,
            );
          }
          await turnTo(next);
          continue;
        }
        if (replay.awaits !== undefined) {
          const gone = `log/checkpoint counts ${replay.awaits.size} entries, the log only ${next}`;
          throw raise("ledger-shortened", gone);
        }
        if (torn) await current.truncate(offset);
        return;
      }
    },

    async write(bodies) {
      if (alarm !== undefined) throw alarm;
      if (bodies.length === 0 && replay.frontier.size === replay.sealed) return [];
      const next = replay.frontier.copy();
      const receipts: Receipt[] = [];
      const lines: Buffer[] = [];
      for (const body of bodies) {
        const hash = leafHash(body);
        receipts.push({ index: next.size, leafHash: hash });
        next.append(hash);
        lines.push(encodeEntry(body));
      }
      const note = signCheckpoint(
        { origin: founded.verifier.name, size: next.size, root: next.root() },
        founded,
      );
      lines.push(encodeCheckpoint(note));
      const batch = Buffer.concat(lines);

      const current = await prepare();
      try {
        await disk.write(current, batch, offset);
        await disk.sync(current);
      } catch (cause) {
        await cutBack(current, offset);
        throw ledgerError("ledger-write-failed", "the ledger could not be written", cause);
      }
      offset += batch.length;
      replay.advance(next);
      unpublished = { note, size: next.size };
      return receipts;
    },

    get isUnpublished() {
      return unpublished !== undefined;
    },
    publish,

    async close() {
      await file?.close();
      file = undefined;
    },
  };
}

/**
 * Takes a failed batch off the file again. Its checkpoint was never published, so no other tree of its size was ever
 * shown; and pages that a failed sync marked clean would not be written by the next one.
 */
async function cutBack(file: FileHandle, offset: number): Promise<void> {
  try {
    await file.truncate(offset);
  } catch {
    // The disk is worse than full. The next catchUp drops a torn line, and keeps whole ones as unacknowledged entries.
  }
}

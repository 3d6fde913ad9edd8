// The fold over all lines of a log that both the writer and the verifier trust: it grows the tree from entries
// and holds every checkpoint against it.
import { createFrontier, leafHash } from "./tree.ts";
import type { Frontier } from "./tree.ts";
import { openNote, parseNote, wrongSignature } from "./note.ts";
import type { Checkpoint, UnprovenNote, Verifier } from "./note.ts";
import type { Line } from "./line.ts";

/** Why a log is not what was signed. `entry` is the index of the entry concerned. */
export interface Problem {
  readonly entry: number | undefined;
  readonly cause: string;
}

export interface Replay {
  readonly frontier: Frontier;
  /** How many entries the last checkpoint covers. */
  readonly sealed: number;
  readonly checkpoints: number;
  /** Takes the next line, or says why it cannot be the next line; then nothing has changed. */
  accept(line: Line): Problem | undefined;
  /**
   * A checkpoint known from elsewhere that the tree has to pass through. The answer concerns what was read so far;
   * later lines are held against it by `accept`, and `awaits` tells whether it is still ahead.
   */
  expect(checkpoint: Checkpoint): Problem | undefined;
  readonly awaits: Checkpoint | undefined;
  /** Adopts entries that this process itself has written and sealed. */
  advance(frontier: Frontier): void;
}

export interface ReplayOptions {
  readonly verifier: Verifier;
  /** Where the lines begin; default: an empty log. */
  readonly from?: Frontier | undefined;
  /** Takes over the check of signatures, with the problem to report when one does not hold. */
  readonly onSignature?: (note: UnprovenNote, ifWrong: Problem) => void;
}

export function createReplay(options: ReplayOptions): Replay {
  const { verifier, onSignature } = options;
  let frontier = options.from ?? createFrontier();
  let sealed = frontier.size;
  let checkpoints = 0;
  let awaits: Checkpoint | undefined;

  function acceptEntry(body: Buffer): Problem | undefined {
    if (awaits === undefined || frontier.size + 1 !== awaits.size) {
      frontier.append(leafHash(body));
      return undefined;
    }
    const next = frontier.copy();
    next.append(leafHash(body));
    if (!next.root().equals(awaits.root)) return mismatch(awaits, sealed);
    frontier = next;
    awaits = undefined;
    return undefined;
  }

  /** A checkpoint belongs to the entries before it; its last one stands for them. */
  function ofCheckpoint(what: string): Problem {
    const entry = frontier.size === 0 ? undefined : frontier.size - 1;
    return { entry, cause: `the checkpoint over ${namesOf(sealed, frontier.size)} ${what}` };
  }

  function damage(line: Line & { kind: "bad" }): Problem {
    if (line.meant === "checkpoint") return ofCheckpoint(`is damaged: ${line.why}`);
    return { entry: frontier.size, cause: `the line of entry ${frontier.size} is damaged: ${line.why}` };
  }

  function acceptCheckpoint(note: string): Problem | undefined {
    const opened = onSignature === undefined ? openNote(note, verifier) : parseNote(note, verifier);
    if (opened.kind === "refused") return ofCheckpoint(`is refused: ${opened.why}`);
    if (frontier.size === sealed) return ofCheckpoint("is there twice");
    const { size, root } = opened.checkpoint;
    if (size !== frontier.size) {
      const among = namesOf(sealed, Math.max(size, frontier.size));
      const cause = `a checkpoint counts ${size} entries, the log ${frontier.size}: inserted or missing among ${among}`;
      return { entry: sealed, cause };
    }
    if (!root.equals(frontier.root())) return mismatch(opened.checkpoint, sealed);
    if (opened.kind === "unproven") onSignature?.(opened, ofCheckpoint(`is refused: ${wrongSignature}`));
    sealed = size;
    checkpoints += 1;
    return undefined;
  }

  return {
    get frontier() {
      return frontier;
    },
    get sealed() {
      return sealed;
    },
    get checkpoints() {
      return checkpoints;
    },
    get awaits() {
      return awaits;
    },
    accept(line) {
      switch (line.kind) {
        case "entry":
          return acceptEntry(line.body);
        case "checkpoint":
          return acceptCheckpoint(line.note);
        case "bad":
          return damage(line);
      }
    },
    expect(checkpoint) {
      if (checkpoint.size > frontier.size) awaits = checkpoint;
      if (checkpoint.size !== frontier.size || checkpoint.root.equals(frontier.root())) return undefined;
      return mismatch(checkpoint, sealed);
    },
    advance(next) {
      frontier = next;
      sealed = next.size;
      checkpoints += 1;
    },
  };
}

/** Which of several entries under one checkpoint was changed the tree cannot tell; it names the first and the range. */
function mismatch(checkpoint: Checkpoint, sealed: number): Problem {
  const range = namesOf(Math.min(sealed, checkpoint.size), checkpoint.size);
  return {
    entry: Math.min(sealed, Math.max(0, checkpoint.size - 1)),
    cause: `${range} changed after being signed`,
  };
}

/** Entries by name, `end` not included: "no entry", "entry 7", "entries 7 to 9". */
export function namesOf(start: number, end: number): string {
  if (end <= start) return start === 0 ? "no entry" : `entry ${start - 1}`;
  return end - start === 1 ? `entry ${start}` : `entries ${start} to ${end - 1}`;
}

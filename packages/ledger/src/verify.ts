// The offline check of a log. It needs the directory and the public key: no secret, no clock, no network, and it
// never writes. What it does not prove: that everything was recorded, and when.
import { open, readFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isRecord, systemCodeOf } from "@cloister/base";
import { limits } from "./limits.ts";
import { parseLine } from "./line.ts";
import type { Line } from "./line.ts";
import { readNewest } from "./newest.ts";
import { isSigned, parseVerifierKey } from "./note.ts";
import type { Checkpoint, Verifier } from "./note.ts";
import { placesOf } from "./places.ts";
import { createReplay, namesOf } from "./replay.ts";
import type { Problem, Replay } from "./replay.ts";
import { listSegments, scanLines, segmentName, toLine } from "./scan.ts";
import type { RawLine } from "./scan.ts";

export type Verification =
  | {
      readonly kind: "intact";
      readonly entries: number;
      readonly checkpoints: number;
      readonly origin: string;
      /** Of all entries, also those not yet sealed; base64. */
      readonly root: string;
      /** Times of the first and the last entry as the writer's clock told them; empty for an empty log. */
      readonly from: string;
      readonly to: string;
      /** Complete entries behind the last checkpoint: after a crash, or while a writer is at work. */
      readonly unsealed: number;
      /** Whether the log ends in a line cut short, as a crash leaves it. It was never acknowledged. */
      readonly torn: boolean;
    }
  | {
      readonly kind: "broken";
      /** The index of the entry concerned. Of several under one checkpoint, the first; `cause` names them all. */
      readonly entry: number | undefined;
      /** Name of the file below `log/wal`, or of the file below `log` that disagrees with it. */
      readonly segment: string;
      /** From 1; 0 when a whole file is concerned. */
      readonly line: number;
      /** A sentence for a person. */
      readonly cause: string;
    };

const progressEntries = 65_536;

/**
 * Recomputes every hash of the log and holds it against every checkpoint and its signature.
 * The newest checkpoint, `log/checkpoint`, reveals a log cut off at an earlier one; without it that cannot be seen.
 * @throws CloisterError `bad-verifier-key`; the system's errors when files cannot be read.
 */
export async function verifyLedger(options: {
  readonly directory: string;
  /** Else `log/key.pub`, which proves less: who can change the log can change that file. */
  readonly verifierKey?: string;
  readonly onProgress?: (entries: number) => void;
}): Promise<Verification> {
  const places = placesOf(options.directory);
  const verifier = parseVerifierKey(options.verifierKey ?? (await readFile(places.verifierKey, "utf8")));
  // Read before the segments: a writer at work makes the log longer meanwhile, never shorter.
  const newest = readNewest(places.checkpoint, verifier);
  if (newest.kind === "refused") {
    return broken({ entry: undefined, cause: `log/checkpoint is refused: ${newest.why}` }, "checkpoint", 1);
  }
  const origin = await readIfPresent(places.origin);
  if (origin !== undefined && origin.trim() !== verifier.name) {
    return broken({ entry: undefined, cause: `log/origin does not name ${verifier.name}` }, "origin", 1);
  }

  const check = createCheck(verifier, options.onProgress);
  if (newest.kind === "signed") check.replay.expect(newest.checkpoint);
  const segments = await listSegments(places.wal);
  for (const [position, first] of segments.entries()) {
    const segment = segmentName(first);
    if (first !== check.replay.frontier.size) return gap(check.replay, segment);
    const file = await open(join(places.wal, segment), "r");
    try {
      const finding = await checkSegment(check, file, { segment, last: position === segments.length - 1 });
      if (finding !== undefined) return finding;
    } finally {
      await file.close();
    }
  }
  return check.conclude(newest.kind === "signed" ? newest.checkpoint : undefined);
}

interface Check {
  readonly replay: Replay;
  /** Where the check stands, for findings about the end of the log. */
  place: { segment: string; line: number };
  torn: boolean;
  accept(line: Line): Problem | undefined;
  /** The first signature since the last call that does not hold. */
  settle(): Promise<Verification | undefined>;
  conclude(newest: Checkpoint | undefined): Verification;
}

function createCheck(verifier: Verifier, onProgress: ((entries: number) => void) | undefined): Check {
  // A signature costs more than fifty hashes, and a log of single appends has as many as entries: they are checked on
  // other threads while this one hashes. Bounded by the lines of one chunk, since `settle` follows each.
  const signatures: { readonly holds: Promise<boolean>; readonly ifWrong: Verification }[] = [];
  const replay = createReplay({
    verifier,
    onSignature: (note, problem) => {
      const ifWrong = broken(problem, check.place.segment, check.place.line);
      signatures.push({ holds: isSigned(note, verifier), ifWrong });
    },
  });
  let firstBody: Buffer | undefined;
  let lastBody: Buffer | undefined;
  const check: Check = {
    replay,
    place: { segment: segmentName(0), line: 0 },
    torn: false,
    accept(line) {
      const problem = replay.accept(line);
      if (problem !== undefined || line.kind !== "entry") return problem;
      firstBody ??= Buffer.from(line.body);
      lastBody = line.body;
      if (replay.frontier.size % progressEntries === 0) onProgress?.(replay.frontier.size);
      return undefined;
    },
    async settle() {
      const taken = signatures.splice(0);
      const holds = await Promise.all(taken.map((signature) => signature.holds));
      return taken[holds.indexOf(false)]?.ifWrong;
    },
    conclude(newest) {
      const size = replay.frontier.size;
      if (newest !== undefined && newest.size > replay.sealed) {
        const missing =
          newest.size > size ? `${namesOf(size, newest.size)} missing` : "its line missing or damaged";
        const cause = `log/checkpoint counts ${newest.size} entries, the log proves ${replay.sealed}: ${missing}`;
        return broken({ entry: replay.sealed, cause }, check.place.segment, check.place.line);
      }
      onProgress?.(size);
      return {
        kind: "intact",
        entries: size,
        checkpoints: replay.checkpoints,
        origin: verifier.name,
        root: replay.frontier.root().toString("base64"),
        from: timeOf(firstBody),
        to: timeOf(lastBody),
        unsealed: size - replay.sealed,
        torn: check.torn,
      };
    },
  };
  return check;
}

async function checkSegment(
  check: Check,
  file: FileHandle,
  at: { readonly segment: string; readonly last: boolean },
): Promise<Verification | undefined> {
  let number = 0;
  for await (const lines of scanLines(file, 0)) {
    for (const raw of lines) {
      number += 1;
      check.place = { segment: at.segment, line: number };
      if (!raw.complete && at.last && isTorn(raw)) {
        check.torn = true;
        continue;
      }
      const problem = check.accept(toLine(raw));
      // A signature before this line comes first.
      if (problem !== undefined) return (await check.settle()) ?? broken(problem, at.segment, number);
    }
    const wrong = await check.settle();
    if (wrong !== undefined) return wrong;
  }
  if (at.last || check.replay.sealed === check.replay.frontier.size) return undefined;
  const cause = "the segment does not end in a checkpoint, yet another one follows";
  return broken({ entry: check.replay.sealed, cause }, at.segment, number);
}

/**
 * Whether a last line without line feed is the beginning of one, as a crash leaves it. A whole line with one more
 * byte in the place of its line feed is not: somebody changed that byte.
 */
function isTorn(raw: RawLine): boolean {
  return raw.bytes.length <= limits.lineBytesMax && parseLine(raw.bytes.subarray(0, -1)).kind === "bad";
}

function gap(replay: Replay, segment: string): Verification {
  const cause = `the segment begins at entry ${Number(segment)}, but the log before it ends with ${replay.frontier.size} entries`;
  return broken({ entry: Math.min(Number(segment), replay.frontier.size), cause }, segment, 0);
}

function broken(problem: Problem, segment: string, line: number): Verification {
  return { kind: "broken", entry: problem.entry, segment, line, cause: problem.cause };
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function timeOf(body: Buffer | undefined): string {
  if (body === undefined) return "";
  try {
    const value: unknown = JSON.parse(body.toString());
    return isRecord(value) && typeof value["ts"] === "string" ? value["ts"] : "";
  } catch {
    // Not this writer's JSON, yet signed: the hashes are right, only the time stays unknown.
    return "";
  }
}

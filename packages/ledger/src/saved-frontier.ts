// `log/frontier`: where a writer may start reading instead of at the first entry. Derived and not trusted: the hashes
// must fold to the root of a signed checkpoint, and that checkpoint must stand in the log just before the offset.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, isRecord } from "@cloister/base";
import { replaceFile } from "./disk.ts";
import { parseLine } from "./line.ts";
import { openNote } from "./note.ts";
import type { Verifier } from "./note.ts";
import type { Places } from "./places.ts";
import { segmentName } from "./scan.ts";
import { createFrontier, frontierLength } from "./tree.ts";
import type { Frontier } from "./tree.ts";

export interface SavedFrontier {
  readonly frontier: Frontier;
  /** First index of the segment, and the offset in it behind the last checkpoint. */
  readonly segment: number;
  readonly offset: number;
}

/** A checkpoint line is shorter than this, whatever its origin. */
const checkpointLineBytesMax = 4096;

export function saveFrontier(places: Places, saved: SavedFrontier): void {
  const { frontier, segment, offset } = saved;
  const hashes = frontier.hashes.map((hash) => hash.toString("base64"));
  replaceFile(places.frontier, canonicalJson({ size: frontier.size, hashes, segment, offset }), {
    durable: false,
  });
}

/** The saved frontier, or undefined when there is none that fits the log: then all of it has to be read. */
export function loadFrontier(places: Places, verifier: Verifier): SavedFrontier | undefined {
  try {
    const saved = parseSaved(JSON.parse(readFileSync(places.frontier, "utf8")));
    if (saved === undefined) return undefined;
    const line = parseLine(lineBefore(join(places.wal, segmentName(saved.segment)), saved.offset));
    const opened = line.kind === "checkpoint" ? openNote(line.note, verifier) : undefined;
    if (opened?.kind !== "signed" || opened.checkpoint.size !== saved.frontier.size) return undefined;
    return opened.checkpoint.root.equals(saved.frontier.root()) ? saved : undefined;
  } catch {
    // Absent, torn or of another layout: it only ever saves time.
    return undefined;
  }
}

function parseSaved(value: unknown): SavedFrontier | undefined {
  if (!isRecord(value)) return undefined;
  const { size, hashes, segment, offset } = value;
  if (!isCount(size) || !isCount(segment) || !isCount(offset) || !Array.isArray(hashes)) return undefined;
  const bytes = hashes.map((hash) => Buffer.from(String(hash), "base64"));
  if (bytes.length !== frontierLength(size) || bytes.some((hash) => hash.length !== 32)) return undefined;
  return { frontier: createFrontier({ size, hashes: bytes }), segment, offset };
}

/** The line that ends at the offset, without its line feed; empty when none ends there. */
function lineBefore(path: string, offset: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.min(offset, checkpointLineBytesMax));
    const read = readSync(file, bytes, 0, bytes.length, offset - bytes.length);
    if (read < bytes.length || bytes.at(-1) !== 0x0a) return Buffer.alloc(0);
    return bytes.subarray(bytes.lastIndexOf(0x0a, bytes.length - 2) + 1, -1);
  } finally {
    closeSync(file);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

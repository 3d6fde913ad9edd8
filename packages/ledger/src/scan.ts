// Reading segments forward, in flat memory, without any judgement about what is read.
import { readdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { systemCodeOf } from "@cloister/base";
import { limits } from "./limits.ts";
import { parseLine } from "./line.ts";
import type { Line } from "./line.ts";

/** A line as it lies in the file. */
export interface RawLine {
  /** Without the line feed. */
  readonly bytes: Buffer;
  /** Offset in the segment behind the line and its line feed. */
  readonly end: number;
  /** Whether a line feed ended it; false only for the end of the file and for an endless line. */
  readonly complete: boolean;
}

/** The name of the segment whose first entry is `index`: twelve digits. */
export function segmentName(index: number): string {
  return String(index).padStart(12, "0");
}

/** First indexes of all segments, ascending; none when the folder is absent. */
export async function listSegments(wal: string): Promise<number[]> {
  try {
    const names = await readdir(wal);
    return names
      .filter((name) => /^\d{12}$/.test(name))
      .map(Number)
      .toSorted((a, b) => a - b);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** All lines from the offset `from` to the end of the file, as many at a time as one read brought. */
export async function* scanLines(file: FileHandle, from: number): AsyncGenerator<RawLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let position = from;
  // Of an endless line one piece is reported and the bytes up to the next line feed are passed over.
  let skipping = false;
  for (;;) {
    // A fresh buffer each time: the lines handed out point into it.
    const chunk = Buffer.allocUnsafe(limits.chunkBytes);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    const start = position - rest.length;
    position += bytesRead;
    const text =
      rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    const lines: RawLine[] = [];
    let begin = 0;
    for (let feed = text.indexOf(0x0a); feed >= 0; feed = text.indexOf(0x0a, begin)) {
      if (!skipping) lines.push({ bytes: text.subarray(begin, feed), end: start + feed + 1, complete: true });
      skipping = false;
      begin = feed + 1;
    }
    rest = text.subarray(begin);
    if (rest.length > limits.lineBytesMax) {
      if (!skipping) lines.push({ bytes: rest, end: position, complete: false });
      skipping = true;
      rest = Buffer.alloc(0);
    }
    yield lines;
  }
  if (rest.length > 0 && !skipping) yield [{ bytes: rest, end: position, complete: false }];
}

/** What the line says. One without its line feed says nothing, however whole it looks. */
export function toLine(raw: RawLine): Line {
  const line = parseLine(raw.bytes);
  if (raw.complete) return line;
  return { kind: "bad", meant: line.kind === "bad" ? line.meant : line.kind, why: "it has no line feed" };
}

// Reading entries back, for reports. Reading proves nothing: verify first when it matters.
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "@cloister/base";
import { ledgerError } from "./errors.ts";
import { limits } from "./limits.ts";
import { isJsonObject } from "./object.ts";
import { placesOf } from "./places.ts";
import { listSegments, scanLines, segmentName, toLine } from "./scan.ts";

export interface ReadEntry {
  readonly index: number;
  /** `v`, `t`, `ts`, `n`, the writer's fields and `parts`. */
  readonly body: JsonObject;
}

/**
 * All entries in their order, also those behind the last checkpoint. A line cut short at the end of the log ends it.
 * @throws CloisterError `entry-unreadable` for damage anywhere else.
 */
export async function* readEntries(directory: string): AsyncGenerator<ReadEntry> {
  const { wal } = placesOf(directory);
  let index = 0;
  const segments = await listSegments(wal);
  for (const first of segments) {
    if (first !== index) throw unreadable(segmentName(first), index, "its segment is missing");
    const file = await open(join(wal, segmentName(first)), "r");
    try {
      for await (const lines of scanLines(file, 0)) {
        for (const raw of lines) {
          const line = toLine(raw);
          if (line.kind === "checkpoint") continue;
          if (line.kind === "bad") {
            const isTorn =
              !raw.complete && raw.bytes.length <= limits.lineBytesMax && first === segments.at(-1);
            if (isTorn) return;
            throw unreadable(segmentName(first), index, line.why);
          }
          yield { index, body: parseBody(line.body, segmentName(first), index) };
          index += 1;
        }
      }
    } finally {
      await file.close();
    }
  }
}

function parseBody(bytes: Buffer, segment: string, index: number): JsonObject {
  try {
    const body: unknown = JSON.parse(bytes.toString());
    if (isJsonObject(body)) return body;
  } catch (cause) {
    throw unreadable(segment, index, "its body is not JSON", cause);
  }
  throw unreadable(segment, index, "its body is not an object");
}

function unreadable(segment: string, index: number, why: string, cause?: unknown): Error {
  return ledgerError(
    "entry-unreadable",
    `entry ${index} in log/wal/${segment} cannot be read: ${why}`,
    cause,
  );
}

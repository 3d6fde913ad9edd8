/**
 * How far a server is with the prompt. llama.cpp tells it in chunks of its stream to those who ask by
 * `return_progress` (tools/server/README.md); to our own agent it goes on as a comment, which every other reader skips.
 */
import { isRecord, type JsonObject } from "@cloister/base";
import type { ReadingProgress } from "../../turn.ts";

const COMMENT = ": cloister-reading ";

/** `prompt_progress` of a chunk; undefined for what is none, or cannot be true. */
export function parseReading(value: unknown): ReadingProgress | undefined {
  if (!isRecord(value)) return undefined;
  const { total, cache = 0, processed, time_ms: ms = 0 } = value;
  if (!isCount(total) || !isCount(cache) || !isCount(processed) || !isCount(ms)) return undefined;
  // `processed` counts what the cache held; builds that left it out would otherwise go back to zero.
  const read = Math.max(cache, processed);
  return total > 0 && read <= total ? { total, cached: cache, read, ms } : undefined;
}

export function formatReading({ total, cached, read, ms }: ReadingProgress): JsonObject {
  return { total, cache: cached, processed: read, time_ms: ms };
}

export function writeReadingComment(progress: ReadingProgress): Buffer {
  return Buffer.from(`${COMMENT}${JSON.stringify(formatReading(progress))}\n\n`);
}

export function readReadingComment(comment: string): ReadingProgress | undefined {
  if (!comment.startsWith(COMMENT)) return undefined;
  try {
    return parseReading(JSON.parse(comment.slice(COMMENT.length)));
  } catch {
    return undefined; // a comment is no part of the answer, so a broken one breaks nothing
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

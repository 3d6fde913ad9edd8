/**
 * That the calls of an answer are being judged, as a comment in its stream: our own agent learns of it behind the last
 * word, and every other reader skips it.
 */
const COMMENT = ": cloister-judging ";
/** More than any answer has. */
const CALLS_MAX = 1000;

export function writeJudgingComment(calls: readonly string[]): Buffer {
  return Buffer.from(`${COMMENT}${JSON.stringify(calls.slice(0, CALLS_MAX))}\n\n`);
}

/** The calls' ids; undefined for any other comment. */
export function readJudgingComment(comment: string): readonly string[] | undefined {
  if (!comment.startsWith(COMMENT)) return undefined;
  try {
    const ids: unknown = JSON.parse(comment.slice(COMMENT.length));
    return Array.isArray(ids) && ids.length <= CALLS_MAX && ids.every(isText) ? ids : undefined;
  } catch {
    return undefined; // a comment is no part of the answer, so a broken one breaks nothing
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

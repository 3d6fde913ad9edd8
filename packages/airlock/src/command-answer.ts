/**
 * A command's answer as the cell reads it. With what it printed meanwhile, for whoever watches, it is lines of JSON:
 * `{"o": text}` while it runs, and `{"result": …}` at the end.
 */
import type { IncomingMessage } from "node:http";
import { CloisterError, isRecord, parseJson, readLines } from "@cloister/base";
import type { RunResult } from "@cloister/cell";

export const STREAM_TYPE = "application/x-ndjson";
/** The result, whose output may be all control characters, each six of JSON. */
const LINE_CHARS_MAX: number = 1024 * 1024;

/** @throws CloisterError `keeper-unreachable` when it breaks off */
export async function readCommandAnswer(
  response: IncomingMessage,
  onOutput: ((text: string) => void) | undefined,
): Promise<RunResult> {
  for await (const line of readLines(response, { lineCharsMax: LINE_CHARS_MAX })) {
    const value = parseJson(line, "the keeper's answer");
    if (isRecord(value) && typeof value["o"] === "string") onOutput?.(value["o"]);
    else if (isRecord(value) && isRecord(value["result"])) return value["result"] as unknown as RunResult;
  }
  throw new CloisterError("the keeper broke off in the middle of a command", { code: "keeper-unreachable" });
}

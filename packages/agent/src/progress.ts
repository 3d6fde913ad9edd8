/** Notices when work goes round in circles. Success counts too: reading the same file for ever is no progress. */
import { canonicalText } from "./sameness.ts";
import type { JsonObject } from "@cloister/base";
import type { Effect, ToolResult } from "./tools/tool.ts";

export interface Call {
  readonly name: string;
  readonly args: JsonObject;
  readonly effect: Effect;
  readonly isPolling: boolean;
}

export interface Watch {
  /** `nudge` is appended to the result; `stop` ends the work and says why. */
  see(call: Call, result: Pick<ToolResult, "ok" | "text">): Verdict;
}

export type Verdict =
  | { readonly kind: "go-on" }
  | { readonly kind: "nudge"; readonly text: string }
  | { readonly kind: "stop"; readonly why: string };

const REPEATS_BEFORE_NUDGE = 3;
const REPEATS_MAX = 5;
const FAILED_EDITS_BEFORE_NUDGE = 3;
/** Further back a repetition is no circle. */
const CALLS_REMEMBERED_MAX = 40;

export function createWatch(): Watch {
  let seen: { readonly key: string; readonly effect: Effect }[] = [];
  const failedEdits = new Map<string, number>();

  const repeats = ({ name, args, effect }: Call, { ok, text }: Pick<ToolResult, "ok" | "text">): number => {
    const key = canonicalText(name, args, text);
    // An edit that was not made before changes what later calls may find: their repetition is a check, not a circle.
    const isNewEdit = effect === "edit" && ok && !seen.some((other) => other.key === key);
    if (isNewEdit) seen = seen.filter((other) => other.effect === "edit");
    seen = [...seen, { key, effect }].slice(-CALLS_REMEMBERED_MAX);
    return seen.filter((other) => other.key === key).length;
  };

  /** How often in a row edits of this file failed without its being read again. */
  const failures = ({ name, args, effect }: Call, ok: boolean): number => {
    const path = args["file_path"];
    if (typeof path !== "string") return 0;
    if (name === "Read" || (effect === "edit" && ok)) failedEdits.delete(path);
    if (effect !== "edit" || ok) return 0;
    const count = (failedEdits.get(path) ?? 0) + 1;
    failedEdits.set(path, count);
    return count;
  };

  return {
    see: (call, result) => {
      if (call.isPolling) return { kind: "go-on" };
      const count = repeats(call, result);
      if (count >= REPEATS_MAX) {
        return { kind: "stop", why: `${call.name} was called ${count} times with the same result` };
      }
      const failed = failures(call, result.ok);
      if (count === REPEATS_BEFORE_NUDGE) {
        return {
          kind: "nudge",
          text: `[This call has now given the same result ${count} times. It will not change. Do something else, or say what keeps you from going on.]`,
        };
      }
      if (failed === FAILED_EDITS_BEFORE_NUDGE) {
        return {
          kind: "nudge",
          text: `[${failed} edits of this file failed in a row. Read the lines again before the next one, and copy old_string from what Read shows.]`,
        };
      }
      return { kind: "go-on" };
    },
  };
}

/** How work ends that never came to the model, or that nobody expected to end. */
import { messageOf } from "@cloister/base";
import type { Ending } from "./events.ts";
import type { Meter } from "./limits.ts";

/** A hook, or a command that failed, kept the message back: nothing was asked of the model. */
export function refusedBy(why: string, { turns, usage }: Meter): Ending {
  return { outcome: "failed", text: "", turns, usage, error: { code: "prompt-refused", message: why } };
}

/** A fault that no piece of work answers for: the workspace cannot be read, or we made a mistake. */
export function brokenBy(error: unknown, { turns, usage }: Meter): Ending {
  return {
    outcome: "failed",
    text: "",
    turns,
    usage,
    error: { code: "internal", message: messageOf(error) },
  };
}

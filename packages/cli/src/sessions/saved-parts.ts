/** What of a saved session goes on: in the keeper, in its judgement, and in the agent's process. */
import type { SessionOptions } from "@cloister/agent";
import type { JudgementOptions, openSession } from "@cloister/airlock";
import type { SavedSession } from "./saved-session.ts";

export function keptParts(
  saved: SavedSession,
): Pick<Parameters<typeof openSession>[0], "identity" | "standing" | "beforeCalls"> {
  const { identity, standing, beforeCalls } = saved;
  return { identity, beforeCalls, ...(standing === undefined ? {} : { standing }) };
}

export function rememberedBy(saved: SavedSession | undefined): Pick<JudgementOptions, "remembered"> {
  return saved?.remembered === undefined ? {} : { remembered: saved.remembered };
}

export function resumedParts({ items, mode }: SavedSession): Pick<SessionOptions, "resume" | "mode"> {
  return { ...(items === undefined ? {} : { resume: items }), ...(mode === undefined ? {} : { mode }) };
}

/** The saved session of a run, as its flags say; and what a run says to a session that was broken off. */
import type { Label } from "@cloister/policy";
import type { Environment } from "../environment.ts";
import { sessionPlaces } from "./places.ts";
import { openSavedSession, type SavedSession } from "./saved-session.ts";
import type { SessionFlags } from "./session-arguments.ts";
import { sweepSessions } from "./sweep.ts";

export interface RunSession {
  readonly flags: SessionFlags;
  readonly workspace: string;
  readonly label: Label;
  readonly keepDays: number | undefined;
  readonly onTrouble: (trouble: unknown) => void;
}

/** Undefined where nothing is to be saved. Old sessions go first. */
export function openForRun(run: RunSession, { home, clock, stderr }: Environment): SavedSession | undefined {
  const { flags, workspace, label, keepDays, onTrouble } = run;
  if (!flags.isSaved) return undefined;
  const places = sessionPlaces(home);
  try {
    // First, while no session here is at work: then contents that nobody needs any more can go as well.
    sweepSessions(places, { keepDays, clock });
  } catch (error) {
    onTrouble(error); // old sessions that stay are no reason not to work
  }
  const saved = openSavedSession({ places, workspace, wish: flags, label, clock, onTrouble });
  for (const notice of saved.notices) stderr.write(`cloister: ${notice}\n`);
  return saved;
}

/** What is said where nothing else was: the model sees in the conversation what was broken off. */
export const goOnText = "Go on where you were interrupted.";

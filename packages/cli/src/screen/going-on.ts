/** Which session comes next, as the flags of a run say it. */
import type { SessionFlags } from "../sessions/session-arguments.ts";

export function goingOnWith(which: string): SessionFlags {
  return { from: { which }, isFork: false, id: undefined, isSaved: true, worktree: undefined };
}

/** Saved where the one before it was. */
export function newSession({ isSaved }: Pick<SessionFlags, "isSaved">): SessionFlags {
  return { from: "new", isFork: false, id: undefined, isSaved, worktree: undefined };
}

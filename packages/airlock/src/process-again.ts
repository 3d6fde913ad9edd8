/** What a program said when the keeper ran it itself, said again to the agent, who asks it the same a moment later. */
import type { Sink, Work, WorkEnd } from "./process-work.ts";

export interface OnceOutcome extends WorkEnd {
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing is started. */
export function sayAgain({ stdout, stderr, ...end }: OnceOutcome, sink: Sink): Work {
  const say = async (): Promise<WorkEnd> => {
    // Whoever listens does so once it is told that something runs.
    await new Promise((resolve) => setImmediate(resolve));
    if (stdout !== "") await sink("out", Buffer.from(stdout));
    if (stderr !== "") await sink("err", Buffer.from(stderr));
    return end;
  };
  const nothing = (): void => {
    /* it has ended long since */
  };
  return {
    write: (_bytes, taken) => taken(),
    ...{ end: nothing, resize: nothing, ask: nothing, kill: nothing },
    ended: say(),
  };
}

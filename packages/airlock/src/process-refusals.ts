/** Why a process is not started, or its client is left. */
import { CloisterError } from "@cloister/base";

export function tooMany(max: number): CloisterError {
  return new CloisterError(`${max} processes run already`, {
    code: "too-many-processes",
    next: "stop one that is not needed any more",
  });
}

export function changedSince(kind: string, name: string): CloisterError {
  return new CloisterError(
    `the ${kind} "${name}" was not started: a script of it changed since it was approved`,
    {
      code: "changed-since-approved",
      next: "a person can look at the change, and approve it, with: cloister trust",
    },
  );
}

/** What a client sends that none of ours would. */
export function badFrame(why: string): CloisterError {
  return new CloisterError(why, { code: "bad-frame" });
}

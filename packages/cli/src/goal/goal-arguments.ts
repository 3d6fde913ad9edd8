/** A goal on the command line: `-p "what to do" --until "npm test"`, or `-p "/goal TEXT"` as it is written on the screen. */
import { GOAL_CHARS_MAX, parseGoal, type Goal } from "@cloister/agent/goal";
import { usage } from "../option-values.ts";

export interface GoalFlags {
  /** What is said to the model. */
  readonly prompt: string;
  readonly goal?: Goal;
}

const use = 'cloister -p "mend the tests" --until "npm test"';

/** @throws CloisterError `usage` */
export function toGoal(prompt: string, until: string | undefined): GoalFlags {
  const [, line] = /^\/goal(?:\s+(.*))?$/su.exec(prompt.trim()) ?? [];
  if (line === undefined && prompt.trim() !== "/goal") {
    if (until === undefined) return { prompt };
    const check = until.trim();
    if (check === "") throw usage("--until needs a command", use);
    if (prompt.trim() === "") throw usage("--until needs a task beside it", use);
    return { prompt, goal: { text: prompt.trim().slice(0, GOAL_CHARS_MAX).toWellFormed(), check } };
  }
  if (until !== undefined) throw usage("/goal and --until do not go together", use);
  const parsed = parseGoal(line ?? "");
  switch (parsed.kind) {
    case "goal":
      return { prompt: parsed.goal.text, goal: parsed.goal };
    case "fault":
      throw usage(faults[parsed.fault], 'cloister -p "/goal all tests pass --until npm test"');
  }
}

const faults = {
  empty: "/goal does not say what is to be reached",
  "no-check": "--until needs a command",
  "too-long": `a goal has at most ${GOAL_CHARS_MAX} characters`,
} as const;

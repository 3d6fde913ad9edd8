/** A goal: what has to hold before work counts as done, and who says that it holds. */

export interface Goal {
  readonly text: string;
  /** A line of shell, run in a cell by the keeper: reached is where it ends with 0. Without it the model judges. */
  readonly check?: string;
  /** How often it was looked at, and was not reached. */
  readonly missed?: number;
}

/** What became of a goal. */
export type GoalStep =
  | { readonly kind: "set" }
  /** Where the goal has a check, `checked` with the same id is waited for. */
  | { readonly kind: "checking"; readonly id: string }
  /** `text`: what the check printed, or what the model finds missing. */
  | { readonly kind: "missed"; readonly text: string }
  | { readonly kind: "reached"; readonly text: string }
  | { readonly kind: "given-up"; readonly text: string }
  | { readonly kind: "cleared" };

/** What the keeper found. `failed`: there is no verdict, and there will be none. */
export type GoalCheck =
  | { readonly kind: "ran"; readonly passed: boolean; readonly text: string }
  | { readonly kind: "failed"; readonly why: string };

/** Looks at one goal. Whatever is still missing then is a person's to see. */
export const GOAL_CHECKS_MAX = 25;
export const GOAL_CHARS_MAX = 4000;

export type ParsedGoal =
  | { readonly kind: "goal"; readonly goal: Goal }
  | { readonly kind: "fault"; readonly fault: "empty" | "no-check" | "too-long" };

/** `TEXT`, `TEXT --until COMMAND` or `--until COMMAND`. Quotes around the whole command are the shell's habit, and left out. */
export function parseGoal(line: string): ParsedGoal {
  const [, before = "", until] = /^(.*?)(?:(?<=^|\s)--until(?:\s+(.*))?)?$/su.exec(line.trim()) ?? [];
  const check = unquoted((until ?? "").trim());
  const text = before.trim();
  if (line.length > GOAL_CHARS_MAX) return { kind: "fault", fault: "too-long" };
  if (/(?:^|\s)--until(?:\s|$)/u.test(line) && check === "") return { kind: "fault", fault: "no-check" };
  if (text === "" && check === "") return { kind: "fault", fault: "empty" };
  if (check === "") return { kind: "goal", goal: { text } };
  return { kind: "goal", goal: { text: text === "" ? `Make this command succeed: ${check}` : text, check } };
}

function unquoted(text: string): string {
  const [, double, single] = /^(?:"([^"]*)"|'([^']*)')$/su.exec(text) ?? [];
  return (double ?? single ?? text).trim();
}

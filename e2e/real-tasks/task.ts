/** A task on a package of others, as a person would give it; and what has to be true when the session is over. */
import type { RehearsalCall, RehearsalTurn } from "@cloister/backend/rehearsal";
import type { Checkout } from "./checkout.ts";

export interface RealTask {
  readonly name: string;
  /** `name@version`, whose published archive becomes the checkout. */
  readonly archive: string;
  /** What the repository has and the archive has not: run in the checkout before its first commit, with a network. */
  readonly prepare: string;
  readonly prompt: string;
  readonly turns: readonly RehearsalTurn[];
  /** Further options of `cloister`. */
  readonly args?: readonly string[];
  /** Files that the exposure report must name: those that the script reads. */
  readonly shown: readonly string[];
  /** Of the diff, from outside. @throws AssertionError */
  check(checkout: Checkout): Promise<void>;
}

export function call(name: string, args: RehearsalCall["arguments"]): RehearsalCall {
  return { name, arguments: args };
}

export function bash(command: string): RehearsalCall {
  return call("Bash", { command });
}

export function read(path: string, offset?: number, limit?: number): RehearsalCall {
  return call("Read", {
    file_path: path,
    ...(offset === undefined ? {} : { offset }),
    ...(limit === undefined ? {} : { limit }),
  });
}

export interface Replacement {
  readonly from: string;
  readonly to: string;
  readonly everywhere?: boolean;
}

export function edit(path: string, { from, to, everywhere }: Replacement): RehearsalCall {
  const all = everywhere === undefined ? {} : { replace_all: everywhere };
  return call("Edit", { file_path: path, old_string: from, new_string: to, ...all });
}

/** The list of tasks, those before `at` done. */
export function plan(steps: readonly string[], at: number): RehearsalCall {
  const statusOf = (n: number): string => (n < at ? "completed" : n === at ? "in_progress" : "pending");
  return call("TodoWrite", {
    todos: steps.map((content, n) => ({ content, status: statusOf(n) })),
  });
}

/** What the model waits for before it goes on: a text in what its last call answered. */
export function after(texts: readonly string[], turn: RehearsalTurn): RehearsalTurn {
  return { ...turn, expect: { lastMessageContains: [...texts] } };
}

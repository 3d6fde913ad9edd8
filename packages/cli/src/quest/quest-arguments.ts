import type { RunArguments } from "../run-arguments.ts";

export interface QuestArguments {
  readonly command: "quest";
  /** What to build, or the name of a quest that goes on; empty: list them. */
  readonly goal: string;
  /** Approves each document unread. */
  readonly isYes: boolean;
  /** How its sessions are run. */
  readonly run: RunArguments;
}

export interface WikiArguments {
  readonly command: "wiki";
  /** From the workspace; undefined: `.cloister/wiki`. */
  readonly out: string | undefined;
  /** Only says which pages are out of date. */
  readonly isCheck: boolean;
  readonly run: RunArguments;
}

import type { RunArguments } from "../run-arguments.ts";

export interface VersusArguments {
  readonly command: "versus";
  readonly run: RunArguments;
  /** At least two. */
  readonly models: readonly string[];
  /** A line for a shell: what it ends with says whether the work is good. */
  readonly check: string | undefined;
}

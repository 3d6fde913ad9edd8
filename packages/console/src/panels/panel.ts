import type { Input } from "../edit/keys.ts";
import type { Line } from "../text/line.ts";

/** What stands at the bottom of the screen, in the place of the prompt, and takes the keys. */
export interface Panel {
  lines(columns: number, rows: number): Line[];
  /** True: it is over. */
  input(input: Input): boolean;
}

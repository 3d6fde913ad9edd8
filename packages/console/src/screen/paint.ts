/** From lines to bytes: the only place where text and escape sequences meet. */
import { escapeLine } from "../text/escape.ts";
import type { Line } from "../text/line.ts";
import type { Theme } from "./theme.ts";

/** A row for the terminal, without its line end. Text passes the gate again: what is forgotten elsewhere is held here. */
export function paintLine(spans: Line, theme: Theme): string {
  let row = "";
  for (const { text, style } of spans) {
    if (text === "") continue;
    const sgr = theme[style];
    const safe = escapeLine(text);
    row += sgr === "" ? safe : `\u001b[${sgr}m${safe}\u001b[0m`;
  }
  return row;
}

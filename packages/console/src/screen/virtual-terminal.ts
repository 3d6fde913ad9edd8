/** A terminal in memory, for tests: what a person would see after these bytes. It knows our vocabulary and no more. */
import { graphemes, graphemeWidth } from "../text/width.ts";

export interface VirtualTerminal {
  write(text: string): void;
  /** What scrolled out above, and the screen; without spaces and empty lines at their ends. */
  all(): string;
  screen(): string;
  readonly cursor: { readonly row: number; readonly column: number };
  readonly isCursorShown: boolean;
  readonly title: string;
}

export function createVirtualTerminal(columns: number, rows: number): VirtualTerminal {
  const scrolled: string[] = [];
  const empty = (): string[][] => Array.from({ length: rows }, () => []);
  let screen: string[][] = empty();
  /** The terminal's own, while a screen without a scroll is shown in its place. */
  let beneath: { readonly screen: string[][]; readonly row: number; readonly column: number } | undefined;
  let region: { from: number; end: number } = { from: 0, end: rows };
  let row = 0;
  let column = 0;
  let isCursorShown = true;
  let title = "";
  const lineFeed = (): void => {
    row += 1;
    if (row < rows) return;
    row = rows - 1;
    if (beneath === undefined) scrolled.push(textOf(screen[0] ?? []));
    screen = [...screen.slice(1), []];
  };
  const put = (grapheme: string): void => {
    const width = graphemeWidth(grapheme);
    if (column + width > columns) {
      lineFeed();
      column = 0;
    }
    const line = screen[row] ?? [];
    while (line.length < column) line.push(" ");
    line.splice(column, width, grapheme, ...Array.from({ length: Math.max(0, width - 1) }, () => ""));
    column += width;
  };
  const swap = (isOn: boolean): void => {
    if (isOn === (beneath !== undefined)) return;
    const saved = beneath;
    beneath = isOn ? { screen, row, column } : undefined;
    screen = saved?.screen ?? empty();
    row = saved?.row ?? row;
    column = saved?.column ?? column;
  };
  const control = (parameters: string, end: string): void => {
    const count = Math.max(1, Number(parameters) || 1);
    if (end === "A") row = Math.max(0, row - count);
    else if (end === "B") row = Math.min(rows - 1, row + count);
    else if (end === "C") column = Math.min(columns - 1, column + count);
    else if (end === "H") {
      const [line = 1, at = 1] = parameters.split(";").map((each) => Number(each) || 1);
      row = Math.min(rows, line) - 1;
      column = Math.min(columns, at) - 1;
    } else if (end === "r") {
      const [from = 1, last = rows] = parameters === "" ? [] : parameters.split(";").map(Number);
      region = { from: from - 1, end: last };
      row = column = 0;
    } else if (end === "S") {
      const { from, end: last } = region;
      const kept = screen.slice(from + count, last);
      const blank = Array.from({ length: Math.min(count, last - from) }, (): string[] => []);
      screen = [...screen.slice(0, from), ...kept, ...blank, ...screen.slice(last)];
    } else if (parameters === "?1049") swap(end === "h");
    else if (end === "K") screen[row]?.splice(column);
    else if (end === "J") {
      if (parameters === "2") screen = screen.map(() => []);
      else {
        screen[row]?.splice(column);
        for (let below = row + 1; below < rows; below++) screen[below] = [];
      }
    } else if (parameters === "?25") isCursorShown = end === "h";
    else if (!"mhltu".includes(end)) throw new Error(`unknown: ${parameters}${end}`);
  };
  return {
    write: (text) => {
      const parts = text.matchAll(
        // oxlint-disable-next-line no-control-regex -- these are escape sequences
        /\u001b\[([<=>?]?[\d;]*)([A-Za-z])|\u001b\]2;([^\u0007]*)\u0007|\r|\n|[^\u001b\r\n]+|\u001b/g,
      );
      for (const [whole, parameters, end, titled] of parts) {
        if (titled !== undefined) title = titled;
        else if (end !== undefined) control(parameters ?? "", end);
        else if (whole === "\r") column = 0;
        else if (whole === "\n") lineFeed();
        else if (whole === "\u001b") throw new Error("an escape that is none of ours");
        else for (const grapheme of graphemes(whole)) put(grapheme);
      }
    },
    all: () => [...(beneath === undefined ? scrolled : []), ...screen.map(textOf)].join("\n").trimEnd(),
    screen: () => screen.map(textOf).join("\n").trimEnd(),
    get cursor() {
      return { row, column };
    },
    get isCursorShown() {
      return isCursorShown;
    },
    get title() {
      return title;
    },
  };
}

function textOf(cells: readonly string[]): string {
  return cells.join("").trimEnd();
}

/**
 * Which rows of the conversation are looked at. A place is a block and a row in it, so nothing above it has to be known, and
 * what is said meanwhile moves nothing.
 */
import type { Line } from "../text/line.ts";
import type { Sheet } from "./sheet.ts";

export interface Place {
  readonly block: number;
  readonly row: number;
}

export interface SeenRow extends Place {
  readonly line: Line;
}

export interface View {
  /** It follows what is said. */
  readonly isAtEnd: boolean;
  rows(height: number): readonly SeenRow[];
  /** How many rows are below those; what was never drawn is guessed. */
  below(height: number): { readonly rows: number; readonly isExact: boolean };
  move(rows: number, height: number): void;
  toTop(height: number): void;
  toEnd(): void;
  /** So that this place is seen: as near the middle as may be, if it is not on the screen yet. */
  show(place: Place, height: number): void;
  /** So that this place is that many rows below the top. */
  put(place: Place, row: number, height: number): void;
}

/** A block that nobody has looked at yet, on average. */
const ROWS_GUESSED = 5;

export function createView(sheet: Sheet): View {
  let top: Place | "end" = "end";
  const height = (block: number): number => sheet.lines(block).length;

  const up = ({ block, row }: Place, rows: number, floor: number): Place => {
    let at = block;
    let left = row - rows;
    while (left < 0 && at > floor) {
      at -= 1;
      left += height(at);
    }
    return { block: at, row: Math.max(0, left) };
  };
  const down = ({ block, row }: Place, rows: number): Place => {
    let at = block;
    let left = row + rows;
    for (let high = height(at); left >= high && at < sheet.end; high = height(at)) {
      left -= high;
      at += 1;
    }
    return { block: at, row: left };
  };
  const isBefore = (one: Place, other: Place): boolean =>
    one.block < other.block || (one.block === other.block && one.row < other.row);
  /** The highest place from which the end is seen. A page that was begun is not left for what came before. */
  const last = (rows: number, floor = sheet.page): Place =>
    up({ block: sheet.end, row: height(sheet.end) }, rows, Math.min(floor, sheet.end));
  const start = (rows: number): Place => {
    if (top === "end") return last(rows);
    const block = Math.min(Math.max(top.block, sheet.first), sheet.end);
    // What was unfolded may be folded now, and what was narrow wide.
    const row = block === top.block ? Math.min(top.row, Math.max(0, height(block) - 1)) : 0;
    return { block, row };
  };
  const settle = (place: Place, rows: number): void => {
    top = isBefore(place, last(rows, sheet.first)) ? place : "end";
  };

  return {
    get isAtEnd() {
      return top === "end";
    },
    rows: (count) => {
      // Higher or wider than it was, the screen may show the end now.
      if (top !== "end") settle(start(count), count);
      const seen: SeenRow[] = [];
      let { block, row } = start(count);
      for (; seen.length < count && block <= sheet.end; block += 1, row = 0) {
        const lines = sheet.lines(block);
        for (; row < lines.length && seen.length < count; row++) {
          seen.push({ block, row, line: lines[row] ?? [] });
        }
      }
      return seen;
    },
    below: (count) => {
      if (top === "end") return { rows: 0, isExact: true };
      const { block, row } = down(start(count), count);
      let rows = Math.max(0, height(block) - row);
      let isExact = true;
      for (let at = block + 1; at <= sheet.end; at++) {
        const known = sheet.knownHeight(at);
        if (known === undefined) isExact = false;
        rows += known ?? ROWS_GUESSED;
      }
      return { rows, isExact };
    },
    move: (rows, count) => {
      const from = top === "end" ? last(count, sheet.first) : start(count);
      settle(rows < 0 ? up(from, -rows, sheet.first) : down(from, rows), count);
    },
    toTop: (count) => settle({ block: sheet.first, row: 0 }, count),
    toEnd: () => {
      top = "end";
    },
    show: (place, count) => {
      const from = start(count);
      if (!isBefore(place, from) && isBefore(place, down(from, count))) return;
      settle(up(place, Math.floor(count / 2), sheet.first), count);
    },
    put: (place, row, count) => settle(up(place, row, sheet.first), count),
  };
}

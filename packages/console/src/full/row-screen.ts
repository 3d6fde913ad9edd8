/** Rows at their places on a screen of our own: of each frame only those are written that differ from the last one. */
import { fitLine, type Line } from "../text/line.ts";
import { paintLine } from "../screen/paint.ts";
import type { Theme } from "../screen/theme.ts";
import { vocabulary as v } from "../screen/vocabulary.ts";

export interface RowFrame {
  /** As many as the screen has. */
  readonly rows: readonly Line[];
  /** So many at the top go up together. */
  readonly scrolling: number;
  readonly columns: number;
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
  readonly theme: Theme;
}

export interface RowScreen {
  /** Empty when the terminal shows it already. */
  draw(frame: RowFrame): string;
  /** The terminal shows something else now. */
  reset(): void;
}

/** Further than that it is another picture. */
const SCROLLED_MAX = 12;

export function createRowScreen(): RowScreen {
  let shown: string[] | undefined;
  let last = "";

  /** How far the upper rows went up, where that spares writing most of them again. */
  const scrolledBy = (next: readonly string[], count: number): number => {
    const before = shown;
    if (before === undefined) return 0;
    const same = (by: number): number => {
      const upper = next.slice(0, Math.max(0, count - by));
      return upper.filter((painted, row) => painted !== "" && painted === before[row + by]).length;
    };
    const most = Array.from({ length: Math.min(SCROLLED_MAX, count) }, (_, by) => ({
      by,
      rows: same(by),
    })).reduce((best, each) => (each.rows > best.rows ? each : best), { by: 0, rows: 0 });
    return most.rows > count / 3 ? most.by : 0;
  };

  return {
    draw: ({ rows, scrolling, columns, cursor, theme }) => {
      // One column is kept free: a row that fills its line leaves the cursor where terminals disagree.
      const next = rows.map((each) => paintLine(fitLine(each, columns - 1), theme));
      let text = shown === undefined ? v.eraseAll : "";
      const by = scrolledBy(next, scrolling);
      const before = shown?.slice() ?? next.map(() => "");
      if (by > 0) {
        text += v.scrollUp(0, scrolling, by);
        before.splice(0, scrolling, ...before.slice(by, scrolling), ...Array.from({ length: by }, () => ""));
      }
      for (const [row, painted] of next.entries()) {
        if (before[row] !== painted) text += `${v.at(row, 0)}${v.eraseLine}${painted}`;
      }
      shown = next;
      const placed =
        cursor === undefined
          ? v.hideCursor
          : `${v.at(cursor.row, Math.min(cursor.column, columns - 1))}${v.showCursor}`;
      if (text === "" && placed === last) return "";
      last = placed;
      // The cursor would be seen running over the screen otherwise.
      return `${v.beginFrame}${text === "" ? "" : v.hideCursor}${text}${placed}${v.endFrame}`;
    },
    reset: () => {
      shown = undefined;
    },
  };
}

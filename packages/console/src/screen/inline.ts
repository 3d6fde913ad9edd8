/**
 * Drawing in the terminal's own scroll: finished lines are printed once and never touched again; below them a small
 * live region is redrawn, and of it only the rows that changed. So the cost of a frame does not grow with the session.
 */
import { lineWidth, fitLine, type Line } from "../text/line.ts";
import { paintLine } from "./paint.ts";
import type { Theme } from "./theme.ts";
import { vocabulary as v } from "./vocabulary.ts";

export interface Frame {
  /** To be printed for good, above the live region. No wider than the terminal. */
  readonly finished: readonly Line[];
  readonly live: readonly Line[];
  /** Within the live region; undefined hides it. */
  readonly cursor?: { readonly row: number; readonly column: number } | undefined;
}

export interface InlineScreen {
  /** What to write so that the terminal shows this frame; empty when it does already. */
  draw(frame: Frame): string;
  /** The terminal has another size now. What to write before the next frame, which draws the live region anew. */
  resize(size: { readonly columns: number; readonly rows: number }): string;
  /** Leaves the live region as it is and goes below it. */
  leave(): string;
  /** Takes the live region away; the next frame begins where it was. */
  clear(): string;
  setTheme(theme: Theme): void;
}

export function createInlineScreen(
  size: { readonly columns: number; readonly rows: number },
  firstTheme: Theme,
): InlineScreen {
  let { columns, rows } = size;
  let theme = firstTheme;
  let shown: { readonly row: string; readonly width: number }[] = [];
  /** Where the terminal's cursor is, counted from the top of the live region. */
  let at = { row: 0, column: 0 };
  let isCursorShown = true;

  const clear = (): string => {
    const text = `\r${v.up(at.row)}${v.eraseBelow}`;
    shown = [];
    at = { row: 0, column: 0 };
    return text;
  };

  return {
    draw({ finished, live, cursor }) {
      // One column is kept free: a row that fills its line leaves the cursor where terminals disagree.
      const fitting = live.map((each) => fitLine(each, columns - 1));
      const cut = Math.max(0, fitting.length - rows);
      const next = fitting
        .slice(cut)
        .map((each) => ({ row: paintLine(each, theme), width: lineWidth(each) }));
      let text = finished.length > 0 ? printAbove(finished, next) : redraw(next);
      shown = next;
      const isWanted = cursor !== undefined && cursor.row >= cut;
      const target = isWanted
        ? { row: cursor.row - cut, column: Math.min(cursor.column, columns - 1) }
        : { row: Math.max(0, next.length - 1), column: 0 };
      if (text !== "" || target.row !== at.row || target.column !== at.column) text += moveTo(target);
      if (isWanted !== isCursorShown) text += isWanted ? v.showCursor : v.hideCursor;
      isCursorShown = isWanted;
      return text === "" ? "" : `${v.beginFrame}${text}${v.endFrame}`;
    },
    resize(next) {
      // Terminals wrap anew what they show; the rows above the cursor may have become more.
      const above = shown
        .slice(0, at.row)
        .reduce((sum, { width }) => sum + Math.max(1, Math.ceil(width / next.columns)), 0);
      const within = Math.floor(at.column / next.columns);
      ({ columns, rows } = next);
      at = { row: Math.min(above + within, Math.max(0, rows - 1)), column: 0 };
      return clear();
    },
    leave() {
      const last = Math.max(0, shown.length - 1);
      const text = `${moveTo({ row: last, column: 0 })}\r\n${v.showCursor}`;
      shown = [];
      at = { row: 0, column: 0 };
      isCursorShown = true;
      return text;
    },
    clear,
    setTheme: (next) => {
      theme = next;
    },
  };

  function moveTo(target: { readonly row: number; readonly column: number }): string {
    const vertical = target.row < at.row ? v.up(at.row - target.row) : v.down(target.row - at.row);
    at = target;
    return `${vertical}\r${v.right(target.column)}`;
  }

  /** Over the rows of the old live region, each row erased as it is written, so that nothing is ever blank. */
  function printAbove(finished: readonly Line[], next: readonly { readonly row: string }[]): string {
    const all = [...finished.map((each) => paintLine(each, theme)), ...next.map(({ row }) => row)];
    const text = `\r${v.up(at.row)}${all.map((row) => `${v.eraseLine}${row}`).join("\r\n")}`;
    at = { row: Math.max(0, next.length - 1), column: -1 };
    const end = next.length === 0 ? "\r\n" : "";
    return `${text}${end}${shown.length > all.length ? below() : ""}`;
  }

  /** Erasing below the last row must not touch the row itself. */
  function below(): string {
    return `\r\n${v.eraseBelow}${v.up(1)}`;
  }

  function redraw(next: readonly { readonly row: string }[]): string {
    let text = "";
    for (const [index, { row }] of next.entries()) {
      if (index >= shown.length) {
        // Below the last row there is nothing to move to: a line feed makes room.
        const last = Math.max(0, index - 1);
        if (index > 0) text += `${at.row === last ? "" : moveTo({ row: last, column: 0 })}\r\n`;
        text += `${v.eraseLine}${row}`;
        at = { row: index, column: -1 };
        continue;
      }
      if (shown[index]?.row === row) continue;
      text += `${moveTo({ row: index, column: 0 })}${v.eraseLine}${row}`;
      at = { row: index, column: -1 };
    }
    if (shown.length > next.length) {
      text += `${moveTo({ row: next.length, column: 0 })}${v.eraseBelow}`;
    }
    return text;
  }
}

/** A full screen to read in, beside the conversation: the terminal's own scroll stays as it was. */
import { fitLine, span, type Line } from "../text/line.ts";
import type { Input } from "../edit/keys.ts";
import { paintLine } from "./paint.ts";
import type { Theme } from "./theme.ts";
import { vocabulary as v } from "./vocabulary.ts";

export interface Pager {
  draw(size: { readonly columns: number; readonly rows: number }, theme: Theme): string;
  /** True: it wants to be closed. */
  input(input: Input): boolean;
}

export function createPager(options: {
  readonly title: string;
  readonly keys: string;
  readonly empty: string;
  readonly lines: (columns: number) => Line[];
  readonly startsAtEnd?: boolean;
}): Pager {
  let top: number | "end" = options.startsAtEnd === true ? "end" : 0;
  let wrapped: { readonly columns: number; readonly lines: readonly Line[] } | undefined;
  let page = 1;
  const linesFor = (columns: number): readonly Line[] => {
    if (wrapped?.columns !== columns) {
      const lines = options.lines(columns - 1);
      wrapped = { columns, lines: lines.length === 0 ? [[span(options.empty, "dim")]] : lines };
    }
    return wrapped.lines;
  };
  const lastTop = (): number => Math.max(0, (wrapped?.lines.length ?? 0) - page);
  const go = (rows: number): void => {
    top = Math.max(0, Math.min(lastTop(), (top === "end" ? lastTop() : top) + rows));
  };
  return {
    draw: ({ columns, rows }, theme) => {
      const lines = linesFor(columns);
      page = Math.max(1, rows - 2);
      const from = top === "end" ? lastTop() : Math.min(top, lastTop());
      const shown = Array.from({ length: page }, (_, index) => lines[from + index] ?? []);
      const place = `${Math.min(lines.length, from + page)}/${lines.length}`;
      const head = [span(options.title, "strong"), span(`  ${place}`, "dim")];
      const all = [head, ...shown, [span(options.keys, "dim")]];
      const text = all
        .map((each) => `${v.eraseLine}${paintLine(fitLine(each, columns - 1), theme)}`)
        .join("\r\n");
      return `${v.beginFrame}${v.hideCursor}${v.home}${text}${v.endFrame}`;
    },
    input: (input) => {
      if (input.kind === "text") {
        if (input.text === "q") return true;
        if (input.text === "g") top = 0;
        if (input.text === "G") top = "end";
        if (input.text === "j") go(1);
        if (input.text === "k") go(-1);
        if (input.text === " ") go(page);
        return false;
      }
      if (input.kind !== "key") return false;
      switch (input.key) {
        case "escape":
        case "ctrl+c":
        case "ctrl+o":
          return true;
        case "up":
          go(-1);
          break;
        case "down":
        case "enter":
          go(1);
          break;
        case "pageup":
          go(-page);
          break;
        case "pagedown":
        case "space":
          go(page);
          break;
        case "home":
          top = 0;
          break;
        case "end":
          top = "end";
          break;
      }
      return false;
    },
  };
}

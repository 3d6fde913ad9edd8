/** A full screen to read in, beside the conversation: the terminal's own scroll stays as it was. */
import { fitLine, plainText, span, type Line } from "../text/line.ts";
import type { Input } from "../edit/keys.ts";
import { paintLine } from "./paint.ts";
import type { Theme } from "./theme.ts";
import { vocabulary as v } from "./vocabulary.ts";

export interface Pager {
  draw(size: { readonly columns: number; readonly rows: number }, theme: Theme): string;
  /** True: it wants to be closed. */
  input(input: Input): boolean;
}

const WHEEL_ROWS = 3;

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
  /** `at`: the line that was found, and marked. */
  let search: { query: string; isTyped: boolean; at: number | undefined } | undefined;
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
  /** The next line that has the text, from there on and round; `step` -1 looks upwards. */
  const find = (from: number, step: 1 | -1): void => {
    if (search === undefined || wrapped === undefined || search.query === "") return;
    const { lines } = wrapped;
    const wanted = search.query.toLowerCase();
    const found = Array.from(
      { length: lines.length },
      (_, tried) => (from + step * tried + lines.length * 2) % lines.length,
    ).find((index) =>
      plainText(lines[index] ?? [])
        .toLowerCase()
        .includes(wanted),
    );
    search.at = found;
    if (found !== undefined) top = Math.max(0, Math.min(lastTop(), found - Math.floor(page / 2)));
  };
  const typed = (one: Input, now: NonNullable<typeof search>): void => {
    if (one.kind === "text") now.query += one.text;
    if (one.kind === "paste") now.query += one.text.split("\n")[0] ?? "";
    if (one.kind === "key" && one.key === "space") now.query += " ";
    if (one.kind === "key" && one.key === "backspace") now.query = now.query.slice(0, -1);
    if (one.kind === "key" && one.key === "enter") now.isTyped = false;
    else if (one.kind === "key" && (one.key === "escape" || one.key === "ctrl+c")) search = undefined;
    else find(now.at ?? (top === "end" ? lastTop() : top), 1);
  };
  return {
    draw: ({ columns, rows }, theme) => {
      const lines = linesFor(columns);
      page = Math.max(1, rows - 2);
      const from = top === "end" ? lastTop() : Math.min(top, lastTop());
      const shown = Array.from({ length: page }, (_, index): Line => {
        const found = lines[from + index] ?? [];
        return search?.at === from + index ? [span(plainText(found), "selected")] : found;
      });
      const place = `${Math.min(lines.length, from + page)}/${lines.length}`;
      const head = [span(options.title, "strong"), span(`  ${place}`, "dim")];
      const isMissed = search !== undefined && search.query !== "" && search.at === undefined;
      const foot =
        search === undefined
          ? span(options.keys, "dim")
          : span(`/${search.query}${search.isTyped ? "▏" : ""}`, isMissed ? "bad" : "accent");
      const all = [head, ...shown, [foot]];
      const text = all
        .map((each) => `${v.eraseLine}${paintLine(fitLine(each, columns - 1), theme)}`)
        .join("\r\n");
      return `${v.beginFrame}${v.hideCursor}${v.home}${text}${v.endFrame}`;
    },
    input: (input) => {
      if (search?.isTyped === true) {
        typed(input, search);
        return false;
      }
      if (input.kind === "text") {
        if (input.text === "/") search = { query: "", isTyped: true, at: undefined };
        if (input.text === "n") find((search?.at ?? -1) + 1, 1);
        if (input.text === "N") find((search?.at ?? 0) - 1, -1);
        if (input.text === "q") return true;
        if (input.text === "g") top = 0;
        if (input.text === "G") top = "end";
        if (input.text === "j") go(1);
        if (input.text === "k") go(-1);
        if (input.text === " ") go(page);
        return false;
      }
      if (input.kind === "mouse" && input.what === "wheel-up") go(-WHEEL_ROWS);
      if (input.kind === "mouse" && input.what === "wheel-down") go(WHEEL_ROWS);
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

/** The conversation on a screen of our own: a view that scrolls, with the place to write below it. */
import type { Bottom } from "../bottom.ts";
import type { Input } from "../edit/keys.ts";
import type { Theme } from "../screen/theme.ts";
import { plainText, span, type Line } from "../text/line.ts";
import { graphemes } from "../text/width.ts";
import type { ConsoleWords } from "../words/type.ts";
import { shortCount } from "../blocks/numbers.ts";
import type { Roll } from "./roll.ts";
import { createRowScreen } from "./row-screen.ts";
import { createSearch, type Search } from "./search.ts";
import { createSheet } from "./sheet.ts";
import { createView, type Place, type SeenRow } from "./view.ts";

export interface FullFrame {
  /** What the model is at: below what is said. */
  readonly live: readonly Line[];
  readonly bottom: Bottom;
  readonly columns: number;
  readonly rows: number;
  readonly theme: Theme;
}

/** What else a key could be for. */
export interface FullInput {
  /** A question or a list stands where one writes. */
  readonly hasDialog: boolean;
  readonly hasPanel: boolean;
  readonly isEmpty: boolean;
  /** The person has given this key a meaning of their own. */
  readonly isOwn: boolean;
}

export interface FullScreen {
  /** What to write; empty when the terminal shows it already. */
  draw(frame: FullFrame): string;
  /** False: the key is for others. */
  input(input: Input, more: FullInput): boolean;
  /** The last lines from this block on; the first one says so where there are more. */
  printed(from: number, columns: number, linesMax: number): Line[];
  toEnd(): void;
  reset(): void;
}

const WHEEL_ROWS = 3;
const QUERY_CHARS_MAX = 200;

/** @param soon asks for another picture: a search is not through yet */
export function createFullScreen(roll: Roll, words: ConsoleWords, soon: () => void): FullScreen {
  const sheet = createSheet(roll);
  const view = createView(sheet);
  const screen = createRowScreen();
  /** How many rows the view has, and what is in them. */
  let height = 1;
  let seen: readonly SeenRow[] = [];
  /** The block that enter opens. */
  let marked: number | undefined;
  let search:
    | { query: string; isTyped: boolean; readonly from: Place | undefined; readonly found: Search }
    | undefined;

  const page = (): number => Math.max(1, height - 2);
  const toEnd = (): void => {
    marked = undefined;
    view.toEnd();
  };
  const show = (place: Place | undefined): void => {
    if (place !== undefined) view.show(place, height);
  };

  const startSearch = (): void => {
    search = { query: "", isTyped: true, from: seen.at(-1), found: createSearch(sheet) };
  };
  const searching = (input: Input, now: NonNullable<typeof search>): void => {
    const before = now.query;
    if (input.kind === "text" || input.kind === "paste") now.query += input.text.split("\n")[0] ?? "";
    if (input.kind === "key") {
      if (input.key === "space") now.query += " ";
      else if (input.key === "backspace") now.query = graphemes(now.query).slice(0, -1).join("");
      else if (input.key === "enter") now.isTyped = false;
      else if (input.key === "up") show(now.found.next(-1));
      else if (input.key === "down") show(now.found.next(1));
      else if (input.key === "escape" || input.key === "ctrl+c") search = undefined;
    }
    now.query = now.query.slice(0, QUERY_CHARS_MAX);
    if (now.query !== before) show(now.found.type(now.query, now.from?.block ?? sheet.end));
    if (now.found.isLooking) soon();
    if (now.query === "" && !now.isTyped) search = undefined;
  };

  const toggle = (block: number): void => {
    const at = seen.findIndex((each) => each.block === block);
    const head = headOf(sheet.lines(block));
    sheet.toggle(block);
    // What was opened stays where it is; what follows makes room.
    const first = seen[at];
    if (first !== undefined) view.put({ block, row: head }, Math.max(0, at + head - first.row), height);
  };
  /** The next block that opens, seen from the one that is marked or from the last that is on the screen. */
  const mark = (step: 1 | -1): void => {
    const edge = step === -1 ? (seen.at(-1)?.block ?? sheet.end) + 1 : (seen[0]?.block ?? sheet.first) - 1;
    for (let at = (marked ?? edge) + step; at >= sheet.first && at < sheet.end; at += step) {
      if (!sheet.canOpen(at)) continue;
      marked = at;
      return show({ block: at, row: headOf(sheet.lines(at)) });
    }
  };
  const press = (row: number): void => {
    const place = seen[row];
    if (row === height && !view.isAtEnd) return toEnd();
    if (place === undefined || row >= height || !sheet.canOpen(place.block)) return;
    // What is open closes by its first line alone: one may want to touch what one reads.
    if (sheet.isOpen(place.block) && place.row > headOf(sheet.lines(place.block))) return;
    toggle(place.block);
  };

  /** Keys that nobody else has. */
  const move = (key: string, { hasPanel }: FullInput): boolean => {
    // A list has these keys for itself.
    if (hasPanel && key.startsWith("page")) return false;
    switch (key) {
      case "pageup":
        view.move(-page(), height);
        return true;
      case "pagedown":
        view.move(page(), height);
        return true;
      case "shift+up":
        view.move(-1, height);
        return true;
      case "shift+down":
        view.move(1, height);
        return true;
      case "ctrl+home":
        view.toTop(height);
        return true;
      case "ctrl+end":
        toEnd();
        return true;
      case "alt+up":
        mark(-1);
        return true;
      case "alt+down":
        mark(1);
        return true;
      default:
        return false;
    }
  };
  /** Keys that mean something else while one writes. */
  const meant = (input: Input, { isEmpty }: FullInput): boolean => {
    if (input.kind === "text" && isEmpty) {
      if (input.text === "/" && (!view.isAtEnd || search !== undefined)) {
        startSearch();
        return true;
      }
      if (search !== undefined && (input.text === "n" || input.text === "N")) {
        show(search.found.next(input.text === "n" ? -1 : 1));
        return true;
      }
    }
    if (input.kind === "key" && input.key === "escape") {
      if (search === undefined && marked === undefined && view.isAtEnd) return false;
      if (search === undefined) toEnd();
      search = undefined;
      return true;
    }
    if (input.kind === "key" && input.key === "enter") {
      if (isEmpty && marked !== undefined) {
        toggle(marked);
        return true;
      }
      // What is said now is said at the end.
      toEnd();
    }
    search = undefined;
    return false;
  };

  const hintLine = (isAsked: boolean): Line | undefined => {
    // Keys are for the question then, escape first of all.
    const hint = isAsked ? words.full.asked : marked === undefined ? words.full.scrolled : words.full.opens;
    if (!isAsked && search !== undefined) {
      const { query, isTyped, found } = search;
      const isMissed = query !== "" && !found.isFound && !found.isLooking;
      const more = isMissed ? words.full.missed : isTyped ? "" : words.full.found;
      return [
        span(`  ${words.search}`, "dim"),
        span(`${query}${isTyped ? "▏" : ""}`, isMissed ? "bad" : "accent"),
        span(more === "" ? "" : `  ${more}`, "dim"),
      ];
    }
    if (view.isAtEnd) return marked === undefined || isAsked ? undefined : [span(`  ${hint}`, "dim")];
    const { rows, isExact } = view.below(height);
    return [
      span(`  ↓ ${words.full.below(`${isExact ? "" : "≈"}${shortCount(rows)}`, rows)}`, "accent"),
      span(` · ${hint}`, "dim"),
    ];
  };

  return {
    draw: ({ live, bottom, columns, rows, theme }) => {
      sheet.setColumns(columns - 1);
      sheet.setTail(live);
      // A question may be higher than the screen; its end says what can be answered.
      const cut = Math.max(0, bottom.lines.length - rows);
      const below = bottom.lines.slice(cut);
      height = rows - below.length;
      if (search?.found.isLooking === true) {
        show(search.found.look());
        if (search.found.isLooking) soon();
      }
      seen = view.rows(height);
      const marker = search?.found.marker();
      const above = seen.map((each): Line => {
        const isMarked = each.block === marked && each.row === headOf(sheet.lines(each.block));
        const line: Line = isMarked ? [span(plainText(each.line), "selected")] : each.line;
        return marker === undefined ? line : marker(each, line);
      });
      while (above.length < height) above.push([]);
      const hint = hintLine(bottom.cursor === undefined);
      // The line between the two is empty when there is nothing to say.
      if (hint !== undefined && below[0]?.length === 0) below[0] = hint;
      const { cursor } = bottom;
      const isShown = cursor !== undefined && cursor.row >= cut && search?.isTyped !== true;
      return screen.draw({
        ...{ rows: [...above, ...below], scrolling: height, columns, theme },
        cursor: isShown ? { row: height + cursor.row - cut, column: cursor.column } : undefined,
      });
    },
    input: (input, more) => {
      if (input.kind === "mouse") {
        if (input.what === "press") press(input.row);
        else view.move(input.what === "wheel-up" ? -WHEEL_ROWS : WHEEL_ROWS, height);
        return true;
      }
      if (search?.isTyped === true && !more.hasDialog && !more.hasPanel) {
        const isMoving = input.kind === "key" && move(input.key, more);
        if (!isMoving) searching(input, search);
        return true;
      }
      if (input.kind === "key" && !more.isOwn && move(input.key, more)) return true;
      if (more.hasDialog || more.hasPanel) return false;
      if (input.kind === "key" && input.key === "ctrl+f" && !more.isOwn) {
        startSearch();
        return true;
      }
      return meant(input, more);
    },
    printed: (from, columns, linesMax) => {
      sheet.setColumns(columns - 1);
      const parts: (readonly Line[])[] = [];
      let count = 0;
      let at = roll.end;
      while (at > Math.max(from, roll.first) && count <= linesMax) {
        at -= 1;
        const lines = sheet.lines(at);
        count += lines.length;
        parts.unshift(lines);
      }
      const all = parts.flat();
      const isCut = count > linesMax || at > from;
      // Its drawings are not needed any more.
      sheet.setColumns(0);
      return isCut ? [[span(words.full.leftOut, "dim")], ...all.slice(-linesMax)] : all;
    },
    toEnd,
    reset: () => screen.reset(),
  };
}

/** The first line that is not empty: a block begins with its distance from the one before. */
function headOf(lines: readonly Line[]): number {
  return Math.max(
    0,
    lines.findIndex((each) => each.length > 0),
  );
}

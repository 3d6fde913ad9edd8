/** One of many: arrows, and letters that narrow the list. */
import type { Input } from "../edit/keys.ts";
import { fitLine, lineWidth, line, span, type Line } from "../text/line.ts";
import { graphemes } from "../text/width.ts";
import type { Panel } from "./panel.ts";

export interface PickItem {
  readonly label: string;
  /** Behind the label, dim. Searched as well. */
  readonly note?: string;
  /** More to be shown of it, while it is the one that enter would take. */
  readonly more?: string;
}

export interface PickRequest {
  readonly title: string;
  /** A function where they change while they are looked at: asked with each picture. New ones come last. */
  readonly items: readonly PickItem[] | (() => readonly PickItem[]);
  /** Said where the list is empty, or nothing is found. */
  readonly empty: string;
  readonly hint: string;
  /** The item that is chosen at first. Default 0. */
  readonly at?: number;
  /** A letter that does something with the item that is marked, as long as nothing is searched for. True: it was one. */
  readonly onLetter?: (letter: string, index: number) => boolean;
}

/** Where the screen is lower, fewer. */
const ROWS_MAX = 12;
const LABEL_SHARE = 0.6;
const QUERY_CHARS_MAX = 200;

/** @param settle is told the number of the item, once; undefined: none */
export function createPicker(request: PickRequest, settle: (chosen: number | undefined) => void): Panel {
  const { title, empty, hint, onLetter } = request;
  let query = "";
  let items: readonly PickItem[] = [];
  let shown: readonly number[] = [];
  let top = 0;
  const look = (): void => {
    items = typeof request.items === "function" ? request.items() : request.items;
    shown = found(items, query);
  };
  look();
  let at = Math.min(Math.max(0, request.at ?? 0), Math.max(0, items.length - 1));

  const search = (text: string): void => {
    query = text.slice(0, QUERY_CHARS_MAX);
    shown = found(items, query);
    at = 0;
    top = 0;
  };
  const go = (rows: number, isRound = false): void => {
    const count = Math.max(1, shown.length);
    at = isRound ? (at + rows + count) % count : Math.max(0, Math.min(count - 1, at + rows));
  };
  const end = (chosen: number | undefined): true => {
    settle(chosen);
    return true;
  };

  return {
    lines: (columns, rows) => {
      look();
      at = Math.min(at, Math.max(0, shown.length - 1));
      const page = Math.max(1, Math.min(ROWS_MAX, rows - 4));
      top = Math.max(0, Math.min(top, at, Math.max(0, shown.length - page)), at - page + 1);
      const visible = shown.slice(top, top + page);
      const widest = Math.max(0, ...visible.map((index) => lineWidth([span(items[index]?.label ?? "")])));
      const width = Math.min(widest, Math.floor(columns * LABEL_SHARE));
      const list = visible.map((index, row) =>
        itemLine(items[index], { columns, width, isAt: top + row === at }),
      );
      const more = items[shown[at] ?? -1]?.more;
      const place = shown.length > page ? `  ${at + 1}/${shown.length}` : "";
      return [
        fitLine([span(title, "strong"), span(place, "dim"), ...queryOf(query)], columns),
        ...(list.length === 0 ? [line(span(`  ${empty}`, "dim"))] : list),
        ...(more === undefined ? [] : [fitLine([span(`  ${more}`, "dim")], columns)]),
        fitLine([span(hint, "dim")], columns),
      ];
    },
    input: (input: Input) => {
      const marked = shown[at];
      if (input.kind === "text" && query === "" && marked !== undefined) {
        if (onLetter?.(input.text, marked) === true) return false;
      }
      if (input.kind === "text" || input.kind === "paste") search(query + input.text.replaceAll("\n", " "));
      if (input.kind !== "key") return false;
      switch (input.key) {
        case "up":
        case "ctrl+p":
        case "shift+tab":
          go(-1, true);
          return false;
        case "down":
        case "ctrl+n":
        case "tab":
          go(1, true);
          return false;
        case "pageup":
          go(-ROWS_MAX);
          return false;
        case "pagedown":
          go(ROWS_MAX);
          return false;
        case "home":
          go(-items.length);
          return false;
        case "end":
          go(items.length);
          return false;
        case "space":
          search(`${query} `);
          return false;
        case "backspace":
          search([...graphemes(query)].slice(0, -1).join(""));
          return false;
        case "ctrl+u":
          search("");
          return false;
        case "enter":
          // What is not found is not chosen: enter on nothing stays.
          return shown[at] === undefined ? items.length === 0 && end(undefined) : end(shown[at]);
        case "escape":
          if (query !== "") {
            search("");
            return false;
          }
          return end(undefined);
        case "ctrl+c":
          return end(undefined);
        default:
          return false;
      }
    },
  };
}

function queryOf(query: string): Line {
  return query === "" ? [] : [span("  "), span(query, "accent"), span("▏", "accent")];
}

function itemLine(
  item: PickItem | undefined,
  { columns, width, isAt }: { readonly columns: number; readonly width: number; readonly isAt: boolean },
): Line {
  const label = fitLine([span(item?.label ?? "", isAt ? "selected" : "text")], width);
  const pad = " ".repeat(Math.max(0, width - lineWidth(label)));
  const head = [span(isAt ? "❯ " : "  ", isAt ? "accent" : "text"), ...label];
  const note = item?.note === undefined ? [] : [span(`${pad}  ${item.note}`, "dim")];
  return fitLine([...head, ...note], columns);
}

/** Every word has to be somewhere; the order stays, since it means something: the latest first. */
function found(items: readonly PickItem[], query: string): readonly number[] {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean);
  return items.flatMap(({ label, note = "", more = "" }, index) => {
    const text = `${label} ${note} ${more}`.toLowerCase();
    return words.every((word) => text.includes(word)) ? [index] : [];
  });
}

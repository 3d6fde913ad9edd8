/** A choice at the bottom of the screen: arrows or a number, enter; some take several, some take own words. */
import { fitLine, span, wrapLine, type Line } from "../text/line.ts";
import type { Input } from "../edit/keys.ts";
import { createEditor } from "../edit/editor.ts";
import { actionOf, isEditAction } from "../edit/bindings.ts";

export interface MenuOption {
  readonly label: string;
  readonly description?: string;
  /** Letters that choose it at once. */
  readonly keys?: readonly string[];
}

export interface MenuOptions {
  readonly title: string;
  readonly options: readonly MenuOption[];
  readonly takesSeveral?: boolean;
  /** Name of a last option that is written by hand. */
  readonly ownWords?: string;
  readonly hint: string;
}

export type Choice =
  | { readonly kind: "chosen"; readonly indexes: readonly number[]; readonly text?: string }
  | { readonly kind: "escaped" };

export interface Menu {
  lines(columns: number): Line[];
  /** The answer, once there is one. */
  input(input: Input): Choice | undefined;
}

export function createMenu({ title, options, takesSeveral = false, ownWords, hint }: MenuOptions): Menu {
  let at = 0;
  const marked = new Set<number>();
  const own = createEditor(() => "");
  const all: readonly MenuOption[] = ownWords === undefined ? options : [...options, { label: ownWords }];
  const isOwn = (index: number): boolean => ownWords !== undefined && index === options.length;

  const choose = (index: number): Choice | undefined => {
    if (isOwn(index)) {
      at = index;
      return own.text.trim() === ""
        ? undefined
        : { kind: "chosen", indexes: [...marked], text: own.text.trim() };
    }
    if (!takesSeveral) return { kind: "chosen", indexes: [index] };
    return { kind: "chosen", indexes: marked.size === 0 ? [index] : [...marked].sort((a, b) => a - b) };
  };
  const toggle = (index: number): void => {
    if (marked.has(index)) marked.delete(index);
    else marked.add(index);
  };
  const typed = (text: string): Choice | undefined => {
    if (isOwn(at)) {
      own.insert(text);
      return undefined;
    }
    const letter = all.findIndex(({ keys }) => keys?.includes(text.toLowerCase()) === true);
    const number = /^[1-9]$/.test(text) ? Number(text) - 1 : -1;
    const index = letter >= 0 ? letter : number;
    if (text === " " && takesSeveral) toggle(at);
    if (index < 0 || index >= all.length) return undefined;
    at = index;
    if (!takesSeveral) return choose(index);
    if (!isOwn(index)) toggle(index);
    return undefined;
  };

  return {
    lines: (columns) => [
      ...wrapLine([span(title, "strong")], { columns }),
      ...all.flatMap(({ label, description = "" }, index) => {
        const isAt = index === at;
        const box = takesSeveral && !isOwn(index) ? (marked.has(index) ? "☑ " : "☐ ") : "";
        const text =
          isOwn(index) && (isAt || own.text !== "") ? `${label}: ${own.text}${isAt ? "▏" : ""}` : label;
        const row = [span(`${isAt ? "❯" : " "} ${index + 1} ${box}${text}`, isAt ? "selected" : "text")];
        return [fitLine(description === "" ? row : [...row, span(`  ${description}`, "dim")], columns)];
      }),
      [span(hint, "dim")],
    ],
    input: (input) => {
      if (input.kind === "text") return typed(input.text);
      if (input.kind === "paste" && isOwn(at)) own.insert(input.text.replaceAll("\n", " "));
      if (input.kind !== "key") return undefined;
      switch (input.key) {
        case "up":
        case "shift+tab":
          at = (at + all.length - 1) % all.length;
          return undefined;
        case "down":
        case "tab":
          at = (at + 1) % all.length;
          return undefined;
        case "space":
          return typed(" ");
        case "enter":
          return choose(at);
        case "escape":
        case "ctrl+c":
          return { kind: "escaped" };
        default: {
          const action = actionOf(input.key);
          if (isOwn(at) && isEditAction(action)) own.run(action);
          return undefined;
        }
      }
    },
  };
}

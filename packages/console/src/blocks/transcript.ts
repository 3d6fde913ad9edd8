/** Everything of the session, nothing folded, for the pager. The oldest gives way when there is too much. */
import { escapeUntrusted } from "../text/escape.ts";
import { hang, linesOf, span, wrapLine, type Line, type StyleName } from "../text/line.ts";

export type Part = "user" | "text" | "reasoning" | "call" | "result";

export interface Transcript {
  add(part: Part, text: string): void;
  lines(columns: number): Line[];
}

const PARTS_MAX = 4000;
const PART_CHARS_MAX = 50_000;
const CHARS_MAX = 8_000_000;

const looks: Readonly<Record<Part, readonly [sign: string, style: StyleName]>> = {
  user: ["❯ ", "user"],
  text: ["  ", "text"],
  reasoning: ["∴ ", "dim"],
  call: ["● ", "strong"],
  result: ["  ", "dim"],
};

export function createTranscript(): Transcript {
  let parts: { readonly part: Part; readonly text: string }[] = [];
  let chars = 0;
  return {
    add: (part, text) => {
      const cut =
        text.length > PART_CHARS_MAX
          ? `${text.slice(0, PART_CHARS_MAX)}\n… +${text.length - PART_CHARS_MAX}`
          : text;
      parts.push({ part, text: cut });
      chars += cut.length;
      if (parts.length <= PARTS_MAX && chars <= CHARS_MAX) return;
      parts = parts.slice(Math.ceil(parts.length / 4));
      chars = parts.reduce((sum, each) => sum + each.text.length, 0);
    },
    lines: (columns) =>
      parts.flatMap(({ part, text }) => {
        const [sign, style] = looks[part];
        const rows = linesOf(escapeUntrusted(text.trimEnd()), style).flatMap((each) =>
          wrapLine(each, { columns: columns - 2 }),
        );
        const lines = hang(rows, span(sign, "accent"));
        if (part !== "result") lines.unshift([]);
        return lines;
      }),
  };
}

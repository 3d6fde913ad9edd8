/** `/help`: every command and every key, each with its meaning beside it, all of which can be read in a narrow window too. */
import { line, lineWidth, span, wrapLine, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";

export interface HelpOptions {
  readonly words: Pick<ConsoleWords, "ask" | "keys">;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
}

const GAP = 2;
/** Of the window; what is longer stands on a line of its own. */
const LEFT_SHARE = 0.4;

export function helpLines({ words, commands }: HelpOptions, columns: number): Line[] {
  return [
    line(span(words.ask.commands, "heading")),
    ...table(
      commands.map(({ name, description }) => [`/${name}`, description]),
      columns,
    ),
    [],
    line(span(words.ask.keys, "heading")),
    ...table(words.keys, columns),
  ];
}

function table(rows: readonly (readonly [left: string, right: string])[], columns: number): Line[] {
  const longest = Math.max(...rows.map(([left]) => lineWidth(line(left))));
  const wide = Math.max(1, Math.min(longest, Math.floor(columns * LEFT_SHARE)));
  const blank = line(" ".repeat(wide + 2 * GAP));
  return rows.flatMap(([left, right]) => {
    const name = span(`${" ".repeat(GAP)}${left}`, "accent");
    const rest = wide - lineWidth(line(left));
    if (rest < 0) {
      return [line(name), ...wrapLine(line(right), { columns, first: blank })];
    }
    const first = line(name, " ".repeat(rest + GAP));
    return wrapLine(line(right), { columns, first, rest: blank });
  });
}

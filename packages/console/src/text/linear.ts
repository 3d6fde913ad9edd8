/** For those who listen to a terminal: no empty lines, and a word in the place of each sign. */
import type { ConsoleWords } from "../words/type.ts";
import { span, type Line } from "./line.ts";

export type ReaderLabels = ConsoleWords["reader"];

const signs: Readonly<Record<string, keyof ReaderLabels>> = {
  "❯": "user",
  "●": "call",
  "✓": "done",
  "■": "stopped",
  "✗": "error",
  "∴": "thought",
  "◆": "subagent",
  "?": "question",
  "!": "warning",
  "◌": "background",
  "◍": "background",
  "↺": "note",
  "◎": "note",
};

export interface Linear {
  lines(drawn: readonly Line[]): Line[];
}

/** Whose words the lines are is said once, where they begin. */
/** Bars beside code and between a table's cells are drawn for eyes. */
function withoutBars(spoken: Line): Line {
  const [first, ...rest] = spoken;
  const kept = first?.text.trim() === "│" ? rest : spoken;
  return kept.map(({ text, style }) => ({ text: text.replaceAll(" │ ", " | "), style }));
}

export function createLinear(labels: ReaderLabels): Linear {
  let isModel = false;
  const toLinear = (drawn: Line): Line[] => {
    const [first, second] = drawn;
    // Nothing, or a rule of a table.
    if (first === undefined || drawn.every(({ text }) => /^[\s─┼│]*$/u.test(text))) return [];
    const mark = first.text.trim();
    const label = first.style === "bad" && mark === "●" ? "failed" : signs[mark];
    if (label !== undefined) {
      isModel = false;
      return [[span(`${labels[label]}: `), ...drawn.slice(1)]];
    }
    // A bar at the left only shows what belongs together.
    if (mark === "│") return [drawn.slice(1)];
    const isText = first.text === "  " && second?.text !== "  ";
    const begins = isText && !isModel;
    isModel = isText;
    const rest = mark === "" ? drawn.slice(1) : drawn;
    return [begins ? [span(`${labels.model}: `), ...rest] : rest];
  };
  return { lines: (drawn) => drawn.flatMap((each) => toLinear(each).map(withoutBars)) };
}

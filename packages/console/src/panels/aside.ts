/** A side question and its answer as it comes, in the place of the prompt; closed, nothing is left of it. */
import type { AgentEvent, Trouble } from "@cloister/agent";
import type { ConsoleCommand } from "../contract.ts";
import type { Input } from "../edit/keys.ts";
import { fitLine, line, linesOf, span, wrapLine, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import type { Panel } from "./panel.ts";
import type { PanelSlot } from "./slot.ts";

export type AsideEvent = Extract<AgentEvent, { kind: "aside" }>;

export interface Asides {
  /** Resolves when the panel is closed. */
  open(question: string): Promise<void>;
  event(event: AsideEvent): void;
}

export interface AsidesOptions {
  readonly panels: PanelSlot;
  readonly words: Pick<ConsoleWords, "aside">;
  readonly onCommand: (command: ConsoleCommand) => void;
  /** Something is to be drawn. */
  readonly changed: () => void;
}

/** Beyond it the model has lost its way. */
const ANSWER_CHARS_MAX = 200_000;
/** What stays for the conversation above. */
const ROWS_LEFT = 8;
const ROWS_MIN = 3;
const PAGE = 10;

export function createAsides({ panels, words, onCommand, changed }: AsidesOptions): Asides {
  const shown = new Map<string, ReturnType<typeof createAsidePanel>>();
  let count = 0;
  return {
    async open(question) {
      // The lexer is heavy, and most sessions never ask beside the work.
      const { lexMarkdown, renderBlocks } = await import("../text/markdown.ts");
      const id = `btw-${(count += 1)}`;
      await panels.show<void>((settle) => {
        const panel = createAsidePanel({
          ...{ question, words: words.aside },
          render: (text, columns) => renderBlocks(lexMarkdown(text), columns),
          onClose: (isOver) => {
            if (!isOver) onCommand({ do: "stop", id });
            shown.delete(id);
            settle();
          },
        });
        shown.set(id, panel);
        onCommand({ do: "aside", id, question });
        return panel;
      });
    },
    event({ id, what }) {
      shown.get(id)?.hear(what);
      changed();
    },
  };
}

export interface AsidePanelOptions {
  readonly question: string;
  readonly words: ConsoleWords["aside"];
  readonly render: (text: string, columns: number) => Line[];
  readonly onClose: (isOver: boolean) => void;
}

export function createAsidePanel({
  question,
  words,
  render,
  onClose,
}: AsidePanelOptions): Panel & { hear(what: AsideEvent["what"]): void } {
  let answer = "";
  let isOver = false;
  let error: Trouble | undefined;
  /** How many lines of the end are below what is shown. */
  let below = 0;

  const body = (columns: number): Line[] => {
    if (error !== undefined) return troubleLines(error, columns);
    if (answer.trim() === "") return [line(span(words.waiting, "dim"))];
    return render(answer, columns);
  };
  return {
    hear(what) {
      if (what.kind === "text") answer = (answer + what.text).slice(0, ANSWER_CHARS_MAX);
      else [isOver, error] = [true, what.error];
    },
    lines(columns, rows) {
      const all = body(columns - 2);
      const room = Math.max(ROWS_MIN, rows - ROWS_LEFT);
      below = Math.max(0, Math.min(below, all.length - room));
      const end = all.length - below;
      const place = all.length > room ? `  ${end}/${all.length}` : "";
      return [
        fitLine(
          [span("/btw ", "accent"), span(question.replaceAll("\n", " "), "strong"), span(place, "dim")],
          columns,
        ),
        ...all.slice(Math.max(0, end - room), end).map((each) => [span("  ")].concat(each)),
        fitLine([span(isOver ? words.close : words.stop, "dim")], columns),
      ];
    },
    input(input: Input) {
      if (input.kind !== "key") return false;
      switch (input.key) {
        case "up":
          below += 1;
          return false;
        case "down":
          below -= 1;
          return false;
        case "pageup":
          below += PAGE;
          return false;
        case "pagedown":
          below -= PAGE;
          return false;
        case "enter":
          if (!isOver) return false;
          onClose(isOver);
          return true;
        case "escape":
        case "ctrl+c":
          onClose(isOver);
          return true;
        default:
          return false;
      }
    },
  };
}

function troubleLines({ message, next }: Trouble, columns: number): Line[] {
  const text = next === undefined ? message : `${message}\n→ ${next}`;
  return linesOf(text, "bad").flatMap((each) => wrapLine(each, { columns }));
}

/** A person's own commands, after `!`: run in a cell, shown, and told to the model with the next message. */
import { messageOf } from "@cloister/base";
import { indented, outputBlock } from "./blocks/blocks.ts";
import type { Scene } from "./blocks/scene.ts";
import { line, span } from "./text/line.ts";
import type { ConsoleWords } from "./words/type.ts";

export interface ShellOutcome {
  readonly output: string;
  /** `0`, another number, or the name of a signal. */
  readonly exit: string;
}

export type Shell = (line: string, signal: AbortSignal) => Promise<ShellOutcome>;

export interface ShellLine {
  run(line: string): void;
  /** True: something was running. */
  interrupt(): boolean;
  takeNotes(): string;
}

const LINES_SHOWN_MAX = 40;
const NOTE_CHARS_MAX = 20_000;
const COLUMNS_MAX = 400;

export function createShell(
  shell: Shell | undefined,
  desk: { readonly scene: Scene; readonly words: ConsoleWords; readonly changed: () => void },
): ShellLine {
  let notes = "";
  let running: AbortController | undefined;
  const run = async (text: string, signal: AbortSignal): Promise<void> => {
    const { scene, words } = desk;
    scene.print([line(span("! ", "warning"), span(text, "user"))]);
    desk.changed();
    try {
      const { output, exit } = (await shell?.(text, signal)) ?? { output: "", exit: "0" };
      const { lines, hidden } = outputBlock(output, {
        columns: COLUMNS_MAX,
        linesMax: LINES_SHOWN_MAX,
        style: "text",
      });
      const end = [
        exit === "0" ? "" : words.shell.failed(exit),
        hidden > 0 ? words.hidden(hidden) : "",
        words.shell.note,
      ];
      const last = line(
        span(`  ${end.filter((each) => each !== "").join(" · ")}`, exit === "0" ? "dim" : "warning"),
      );
      scene.print([...indented(lines), last], { joins: true });
      scene.transcript.add("result", output);
      const note = `I ran this command myself:\n$ ${text}\n${output.trimEnd()}\n(exit ${exit})\n\n`;
      notes = `${notes}${note}`.slice(-NOTE_CHARS_MAX);
    } catch (error) {
      scene.print([line(span(`  ${signal.aborted ? words.interrupted : messageOf(error)}`, "bad"))], {
        joins: true,
      });
    }
    desk.changed();
  };
  return {
    run: (text) => {
      const controller = new AbortController();
      running = controller;
      void run(text, controller.signal).finally(() => {
        if (running === controller) running = undefined;
      });
    },
    interrupt: () => {
      const was = running;
      was?.abort();
      running = undefined;
      return was !== undefined;
    },
    takeNotes: () => {
      const taken = notes;
      notes = "";
      return taken;
    },
  };
}

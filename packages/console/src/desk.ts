/** What commands are given of the console. */
import type { Clock } from "@cloister/base";
import type { Facts } from "./blocks/status.ts";
import type { BottomParts } from "./bottom.ts";
import type { Desk, SlashCommand } from "./commands.ts";
import type { ConsoleCommand } from "./contract.ts";
import { createLoop, type Loop } from "./loop.ts";
import type { Asides } from "./panels/aside.ts";
import { createAskMenu } from "./panels/ask-menu.ts";
import { createPicker } from "./panels/picker.ts";
import type { Line } from "./text/line.ts";

export interface DeskParts
  extends Omit<BottomParts, "dialogs">, Pick<Desk, "lend" | "setTheme" | "switchScreen" | "clear" | "leave"> {
  readonly clock: Clock;
  /** As if a person had written it. */
  readonly say: (text: string) => void;
  /** Whether a question waits for the person. */
  readonly isAsked: () => boolean;
  readonly asides: Asides;
  readonly facts: () => Facts;
  readonly commands: () => readonly SlashCommand[];
  readonly onCommand: (command: ConsoleCommand) => void;
  readonly openPager: (title: string, lines: (columns: number) => Line[], startsAtEnd?: boolean) => void;
  /** Something is to be drawn. */
  readonly changed: () => void;
}

/** The loop ends with whoever made the desk. */
export function createDesk(parts: DeskParts): { readonly desk: Desk; readonly loop: Loop } {
  const { scene, panels, tasks, outbox, prompt, words, onCommand, openPager, changed } = parts;
  const { lend, setTheme, switchScreen, clear, leave, asides } = parts;
  const loop = createLoop({
    ...{ clock: parts.clock, words, tasks, say: parts.say, changed },
    isBusy: () => scene.isWorking || outbox.hasWaiting || parts.isAsked(),
  });
  const desk: Desk = {
    ...{ words, tasks, lend, setTheme, switchScreen, clear, leave },
    get facts() {
      return parts.facts();
    },
    get context() {
      return scene.context;
    },
    get totals() {
      return scene.totals;
    },
    get commands() {
      return parts.commands();
    },
    get mode() {
      return scene.mode;
    },
    get isWorking() {
      return scene.isWorking;
    },
    print: (lines) => {
      scene.print(lines);
      changed();
    },
    read: (title, lines) => openPager(title, lines),
    showTranscript: () =>
      openPager(words.transcript.title, (columns) => scene.transcript.lines(columns), true),
    pick: (request) => panels.show((settle) => createPicker(request, settle)),
    redraw: changed,
    ask: (question) => panels.show((settle) => createAskMenu(question, settle)),
    send: (text, shown = text) => outbox.send({ text, shown }, false),
    write: (text) => prompt.editor.set(text),
    replay: async (said) => {
      const { replayLines } = await import("./panels/replay.ts");
      scene.interject((columns) => replayLines(said, columns - 1));
      changed();
    },
    aside: (question) => asides.open(question),
    look: () => onCommand({ do: "look" }),
    loop: (rest) => loop.command(rest, desk),
    stop: (id) => {
      if (!loop.stop(id)) onCommand({ do: "stop", id });
    },
    forget: () => {
      loop.end();
      tasks.clear();
      scene.event({ kind: "todos", todos: [] });
      scene.event({ kind: "context", used: 0, window: undefined });
    },
    get goal() {
      return tasks.goal;
    },
    setGoal: (goal) => onCommand({ do: "goal", ...(goal === undefined ? {} : { goal }) }),
    setMode: (mode) => onCommand({ do: "mode", mode }),
    compact: (hints) => onCommand({ do: "compact", ...(hints === "" ? {} : { hints }) }),
  };
  return { desk, loop };
}

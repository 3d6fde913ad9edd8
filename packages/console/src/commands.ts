/** What can be said after `/`. Others add theirs to the list: a name, what it is for, and what it does. */
import type { Goal, Mode } from "@cloister/agent";
import type { CompletionItem } from "./edit/completion.ts";
import type { Choice, MenuOptions } from "./ask/menu.ts";
import { shortCount } from "./blocks/numbers.ts";
import type { Facts } from "./blocks/status.ts";
import { goalCommand } from "./goal.ts";
import { helpLines } from "./panels/help.ts";
import type { PickRequest } from "./panels/picker.ts";
import type { ReplayPart } from "./panels/replay.ts";
import type { Tasks } from "./panels/tasks.ts";
import { themeNames, type OwnTheme, type ThemeName } from "./screen/theme.ts";
import { line, span, type Line } from "./text/line.ts";
import type { CommandName, ConsoleWords } from "./words/type.ts";

export interface SlashCommand {
  readonly name: string;
  readonly description: string;
  /** `rest`: what stands after the name. A rejection is shown as an error. */
  run(rest: string, desk: Desk): void | Promise<void>;
}

/** What a command may do with the console. */
export interface Desk {
  readonly words: ConsoleWords;
  readonly facts: Facts;
  readonly context: { readonly used: number; readonly window: number | undefined };
  readonly totals: { readonly input: number; readonly output: number; readonly cost: number };
  readonly commands: readonly SlashCommand[];
  readonly mode: Mode;
  readonly isWorking: boolean;
  /** That work is held to. */
  readonly goal: Goal | undefined;
  readonly tasks: Tasks;
  print(lines: readonly Line[]): void;
  /** A full screen to read in. */
  read(title: string, lines: (columns: number) => Line[]): void;
  showTranscript(): void;
  /** The number of the item that was picked; undefined: none. */
  pick(request: PickRequest): Promise<number | undefined>;
  ask(question: MenuOptions): Promise<Choice>;
  /** What a list that is open shows is not the same any more. */
  redraw(): void;
  /** `shown`: what the screen shows in its place. */
  send(text: string, shown?: string): void;
  /** Puts it where the person writes. */
  write(text: string): void;
  replay(parts: readonly ReplayPart[]): Promise<void>;
  /** The terminal is somebody else's until it resolves. What it rejects with is shown. */
  lend(borrow: () => Promise<void>): Promise<void>;
  /** Asks beside the conversation; resolves when the person has read the answer. */
  aside(question: string): Promise<void>;
  /** What stands after `/loop`. */
  loop(rest: string): void;
  look(): void;
  stop(id: string): void;
  /** Another session has begun: what was of the one before is not shown any more. */
  forget(): void;
  setMode(mode: Mode): void;
  /** Undefined takes it back. */
  setGoal(goal: Goal | undefined): void;
  compact(hints: string): void;
  readonly setTheme: (theme: ThemeName | OwnTheme) => void;
  /** To a screen of its own, or back into the terminal's scroll. */
  switchScreen(): Promise<void>;
  clear(): void;
  leave(): void;
}

const modes: readonly Mode[] = ["default", "acceptEdits", "plan"];

export function builtInCommands(words: ConsoleWords): readonly SlashCommand[] {
  const command = (name: CommandName, run: SlashCommand["run"]): SlashCommand => ({
    name,
    description: words.commands[name],
    run,
  });
  return [
    command("help", (_rest, desk) =>
      desk.read(`/help  ${words.commands.help}`, (columns) => helpLines(desk, columns)),
    ),
    command("plan", (_rest, desk) => desk.setMode(desk.mode === "plan" ? "default" : "plan")),
    command("mode", (rest, desk) => {
      const mode = modes.find((each) => each === rest.trim());
      if (mode === undefined) desk.print([line(span(`/mode ${modes.join(" | ")}`, "dim"))]);
      else desk.setMode(mode);
    }),
    command("model", (_rest, desk) => desk.print(modelLines(desk))),
    command("context", (_rest, desk) => desk.print([contextLine(desk)])),
    command("cost", (_rest, desk) => desk.print([costLine(desk)])),
    command("compact", (rest, desk) => desk.compact(rest.trim())),
    command("goal", goalCommand),
    command("loop", (rest, desk) => desk.loop(rest)),
    command("btw", (rest, desk) => {
      if (rest.trim() !== "") return desk.aside(rest.trim());
      desk.print([line(span(desk.words.aside.usage, "dim"))]);
    }),
    command("transcript", (_rest, desk) => desk.showTranscript()),
    command("theme", (rest, desk) => {
      const name = themeNames.find((each) => each === rest.trim());
      if (name === undefined) desk.print([line(span(`/theme ${themeNames.join(" | ")}`, "dim"))]);
      else desk.setTheme(name);
    }),
    command("fullscreen", (_rest, desk) => desk.switchScreen()),
    command("clear", (_rest, desk) => desk.clear()),
    command("exit", (_rest, desk) => desk.leave()),
  ];
}

/** One of each name: another's takes the place of ours. */
export function joinCommands(
  ours: readonly SlashCommand[],
  others: readonly SlashCommand[],
): readonly SlashCommand[] {
  const names = new Map([...ours, ...others].map((command) => [command.name, command]));
  return [...names.values()];
}

export function toItems(commands: readonly SlashCommand[]): CompletionItem[] {
  return commands.map(({ name, description }) => ({ text: name, description }));
}

function modelLines({ facts, words }: Desk): Line[] {
  if (facts.model === undefined) return [line(span(words.notYet, "dim"))];
  const cleared = facts.clearance === undefined ? "" : ` · ${words.status.cleared(facts.clearance)}`;
  return [line(span(facts.model, "strong"), span(`  ${facts.endpoint ?? ""}${cleared}`, "dim"))];
}

function contextLine({ context: { used, window }, words }: Desk): Line {
  if (window === undefined || window <= 0) return line(span(shortCount(used), "strong"));
  const percent = Math.min(100, Math.round((used / window) * 100));
  const full = Math.round(percent / 5);
  return line(
    span("█".repeat(full), percent >= 80 ? "warning" : "accent"),
    span("░".repeat(20 - full), "dim"),
    `  ${shortCount(used)} · ${words.status.context(percent, shortCount(window))}`,
  );
}

function costLine({ totals: { input, output, cost }, words }: Desk): Line {
  const money = cost > 0 ? ` · ${cost.toFixed(4)}` : "";
  return line(`${words.tokens(shortCount(input), shortCount(output))}${money}`);
}

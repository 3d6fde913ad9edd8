/** What can be said after `/`. Others add theirs to the list: a name, what it is for, and what it does. */
import type { Mode } from "@cloister/agent";
import { shortCount } from "./blocks/numbers.ts";
import type { Facts } from "./blocks/status.ts";
import type { ThemeName } from "./screen/theme.ts";
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
  print(lines: readonly Line[]): void;
  /** A full screen to read in. */
  read(title: string, lines: (columns: number) => Line[]): void;
  showTranscript(): void;
  send(text: string): void;
  setMode(mode: Mode): void;
  compact(hints: string): void;
  setTheme(name: ThemeName): void;
  clear(): void;
  leave(): void;
}

const modes: readonly Mode[] = ["default", "acceptEdits", "plan"];
const themes: readonly ThemeName[] = ["dark", "light", "contrast", "plain"];

export function builtInCommands(words: ConsoleWords): readonly SlashCommand[] {
  const command = (name: CommandName, run: SlashCommand["run"]): SlashCommand => ({
    name,
    description: words.commands[name],
    run,
  });
  return [
    command("help", (_rest, desk) => desk.print(helpLines(desk))),
    command("plan", (_rest, desk) => desk.setMode("plan")),
    command("mode", (rest, desk) => {
      const mode = modes.find((each) => each === rest.trim());
      if (mode === undefined) desk.print([line(span(`/mode ${modes.join(" | ")}`, "dim"))]);
      else desk.setMode(mode);
    }),
    command("model", (_rest, desk) => desk.print(modelLines(desk))),
    command("context", (_rest, desk) => desk.print([contextLine(desk)])),
    command("cost", (_rest, desk) => desk.print([costLine(desk)])),
    command("compact", (rest, desk) => desk.compact(rest.trim())),
    command("transcript", (_rest, desk) => desk.showTranscript()),
    command("theme", (rest, desk) => {
      const name = themes.find((each) => each === rest.trim());
      if (name === undefined) desk.print([line(span(`/theme ${themes.join(" | ")}`, "dim"))]);
      else desk.setTheme(name);
    }),
    command("clear", (_rest, desk) => desk.clear()),
    command("exit", (_rest, desk) => desk.leave()),
  ];
}

function helpLines({ words, commands }: Desk): Line[] {
  const width = Math.max(
    ...words.keys.map(([keys]) => keys.length),
    ...commands.map(({ name }) => name.length + 1),
  );
  const row = (left: string, right: string): Line =>
    line(span(`  ${left.padEnd(width + 2)}`, "accent"), right);
  return [
    line(span(words.ask.keys, "heading")),
    ...words.keys.map(([keys, meaning]) => row(keys, meaning)),
    [],
    line(span(words.ask.commands, "heading")),
    ...commands.map(({ name, description }) => row(`/${name}`, description)),
  ];
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

/** `/goal`: what has to hold before work counts as done. Its state stands in the status line, each step in the scroll. */
import type { AgentEvent } from "@cloister/agent";
import { GOAL_CHECKS_MAX, parseGoal, type Goal } from "@cloister/agent/goal";
import { indented, outputBlock } from "./blocks/blocks.ts";
import { line, span, wrapLine, type Line } from "./text/line.ts";
import type { ConsoleWords } from "./words/type.ts";

/** What it needs of the desk. */
export interface GoalDesk {
  readonly goal: Goal | undefined;
  readonly words: ConsoleWords;
  print(lines: readonly Line[]): void;
  setGoal(goal: Goal | undefined): void;
  send(text: string, shown?: string): void;
}

const OUTPUT_LINES_SHOWN = 8;
/** Claude Code's words for it, and what comes to mind. */
const clearing: ReadonlySet<string> = new Set(["clear", "stop", "off", "reset", "none", "cancel"]);

export function goalCommand(rest: string, desk: GoalDesk): void {
  const { goal, words } = desk;
  const said = rest.trim();
  if (said === "") {
    desk.print(goal === undefined ? [line(span(words.goal.none, "dim"))] : goalLines(goal, words));
    desk.print([line(span(words.goal.usage, "dim"))]);
    return;
  }
  if (clearing.has(said)) {
    if (goal === undefined) desk.print([line(span(words.goal.none, "dim"))]);
    else desk.setGoal(undefined);
    return;
  }
  const parsed = parseGoal(said);
  if (parsed.kind === "fault") {
    desk.print([line(span(words.goal.faults[parsed.fault], "warning"))]);
    return;
  }
  desk.setGoal(parsed.goal);
  desk.send(parsed.goal.text, `/goal ${said}`);
}

function goalLines({ text, check, missed = 0 }: Goal, words: ConsoleWords): Line[] {
  const by = check === undefined ? words.goal.judged : words.goal.until(check);
  const looks = missed === 0 ? "" : ` · ${words.goal.missed(missed, GOAL_CHECKS_MAX)}`;
  return [line(span("◎ ", "accent"), text.replaceAll("\n", " ")), line(span(`  ${by}${looks}`, "dim"))];
}

type GoalEvent = Extract<AgentEvent, { kind: "goal" }>;

/** What is printed of a step; nothing of a look that has only begun. */
export function goalBlock(event: GoalEvent, words: ConsoleWords, columns: number): Line[] {
  return stepLines(event, words, columns).flatMap((each) => wrapLine(each, { columns }));
}

function stepLines({ goal, step }: GoalEvent, words: ConsoleWords, columns: number): Line[] {
  switch (step.kind) {
    case "checking":
      return [];
    case "set":
      return goal === undefined ? [] : goalLines(goal, words);
    case "cleared":
      return [line(span("◎ ", "dim"), span(words.goal.cleared, "dim"))];
    case "missed": {
      const head = words.goal.missed(goal?.missed ?? 0, GOAL_CHECKS_MAX);
      const by = goal?.check === undefined ? "" : ` · ${goal.check}`;
      const { lines, hidden } = outputBlock(step.text, {
        columns: columns - 4,
        linesMax: OUTPUT_LINES_SHOWN,
      });
      const more = hidden > 0 ? [line(span(`  ${words.hidden(hidden)}`, "dim"))] : [];
      return [line(span("◎ ", "warning"), span(`${head}${by}`, "warning")), ...indented(lines), ...more];
    }
    case "reached": {
      const why = step.text.trim().split("\n", 1)[0] ?? "";
      return [line(span("✓ ", "good"), words.goal.reached, span(why === "" ? "" : `  ${why}`, "dim"))];
    }
    case "given-up":
      return [line(span("■ ", "bad"), words.goal.givenUp, span(`  ${step.text}`, "dim"))];
  }
}

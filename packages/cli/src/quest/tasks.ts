/** The list of tasks as a file that a person can edit: Markdown with a box, a text and a check for each. */
import { CloisterError } from "@cloister/base";

export interface QuestTask {
  readonly title: string;
  /** Indented lines below the title, without the indentation; empty when there are none. */
  readonly details: string;
  /** A shell command that says whether the task is done. */
  readonly check: string | undefined;
  readonly isDone: boolean;
  /** Of its box in the file, from 1. */
  readonly line: number;
}

const TASKS_MAX = 200;
const box = /^[-*] \[( |x|X)\] +(?:\d+[.)] +)?(\S.*)$/;
const check = /^check: *`([^`]+)`\s*$/i;

/** @throws CloisterError `bad-tasks` when there is none, or there are too many to be meant. */
export function parseTasks(text: string, path: string): readonly QuestTask[] {
  const tasks: QuestTask[] = [];
  /** The task whose indented lines come now; a line at the margin ends it. */
  let open: { readonly head: Head; readonly details: string[] } | undefined;
  const close = (): void => {
    if (open !== undefined) tasks.push(toTask(open.head, open.details));
    open = undefined;
  };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, mark, title] = box.exec(line.trimEnd()) ?? [];
    const isIndented = line === "" || /^\s/.test(line);
    if (open !== undefined && isIndented) open.details.push(line);
    else close();
    if (mark !== undefined && title !== undefined) {
      open = { head: { title, isDone: mark !== " ", line: index + 1 }, details: [] };
    }
  }
  close();
  if (tasks.length === 0 || tasks.length > TASKS_MAX) {
    throw new CloisterError(
      tasks.length === 0 ? `${path} holds no task` : `${path} holds more than ${TASKS_MAX} tasks`,
      {
        code: "bad-tasks",
        next: "write each as `- [ ] what to do`, and below it, indented, `Check: \\`command\\``",
      },
    );
  }
  return tasks;
}

type Head = Pick<QuestTask, "title" | "isDone" | "line">;

function toTask(head: Head, written: readonly string[]): QuestTask {
  const lines = dedent(written);
  const command = lines.map((line) => check.exec(line)?.[1]).find((found) => found !== undefined);
  const details = lines.filter((line) => !check.test(line));
  return { ...head, details: details.join("\n").trim(), check: command };
}

/** By what all lines with text share. */
function dedent(lines: readonly string[]): readonly string[] {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const shared = indents.length === 0 ? 0 : Math.min(...indents);
  return lines.map((line) => line.slice(shared).trimEnd());
}

export interface PlannedTask {
  readonly title: string;
  readonly details: string;
  readonly check?: string;
}

export function formatTasks(goal: string, tasks: readonly PlannedTask[]): string {
  const blocks = tasks.map(({ title, details, check: command }, index) => {
    const lines = details.trim() === "" ? [] : details.trim().split("\n");
    const checked = command === undefined || command.trim() === "" ? [] : [`Check: \`${command.trim()}\``];
    const body = [...lines, ...checked].map((line) => (line === "" ? "" : `  ${line}`));
    return [`- [ ] ${index + 1}. ${oneLine(title)}`, ...body].join("\n");
  });
  return `# Tasks: ${oneLine(goal)}\n\n${blocks.join("\n\n")}\n`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** The same file with the box of one task ticked, and not a byte else changed. */
export function tickTask(text: string, task: QuestTask): string {
  const lines = text.split("\n");
  const at = task.line - 1;
  lines[at] = (lines[at] ?? "").replace("[ ]", "[x]");
  return lines.join("\n");
}

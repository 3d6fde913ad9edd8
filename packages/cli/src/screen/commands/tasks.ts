/** What goes on beside the conversation, one by one: its last lines, and its end if a person wants that. */
import type { Desk, Line, RunningTask } from "@cloister/console";
import { line, linesOf, shortSeconds, span } from "@cloister/console";
import type { ScreenWorld } from "./world.ts";
import { present, say } from "./world.ts";

const TAIL_LINES_SHOWN = 10;
/** For the agent to say how far its commands are. */
const LOOK_MS = 150;

export async function tasks({ words, environment }: ScreenWorld, desk: Desk): Promise<void> {
  desk.look();
  await environment.clock.sleep(LOOK_MS);
  const all = desk.tasks.all;
  if (all.length === 0) return say(desk, words.tasks.none);
  const now = environment.clock.now();
  const chosen = await desk.pick({
    title: words.tasks.title,
    items: all.map((task) => ({
      label: `${signOf(task)} ${task.name}  ${task.about.replaceAll("\n", " ")}`,
      note: `${shortSeconds((task.endedMs ?? now) - task.since)} s`,
      ...(task.doing === "" ? {} : { more: task.doing }),
    })),
    empty: words.nothingFound,
    hint: words.pickHint,
  });
  const task = chosen === undefined ? undefined : all[chosen];
  if (task === undefined) return;
  desk.print(taskLines(task, words.tasks.silent));
  if (task.endedMs !== undefined) return;
  const answer = await desk.ask({
    title: words.tasks.stop(task.name),
    options: [
      { label: `${words.tasks.no} (n)`, keys: ["n"] },
      { label: `${words.tasks.yes} (y)`, keys: ["y"] },
    ],
    hint: words.menuHint,
  });
  if (answer.kind === "chosen" && answer.indexes[0] === 1) desk.stop(task.id);
}

function signOf({ endedMs, hasFailed }: RunningTask): string {
  if (endedMs === undefined) return "▸";
  return hasFailed ? "✗" : "✓";
}

function taskLines(task: RunningTask, silent: string): Line[] {
  const head = line(span(`${task.name}  `, "strong"), task.about.replaceAll("\n", " ⏎ "));
  const doing = task.doing === "" ? [] : linesOf(`  ${task.doing}`, "dim");
  if (task.kind !== "command") return [head, ...doing];
  const tail = task.tail.trimEnd().split("\n").slice(-TAIL_LINES_SHOWN);
  return [
    head,
    ...(task.tail.trim() === "" ? linesOf(`  ${silent}`, "dim") : linesOf(tail.join("\n"), "dim")),
  ];
}

export function todos({ words }: ScreenWorld, desk: Desk): void {
  const list = desk.tasks.todos;
  if (list.length === 0) return say(desk, words.todos.none);
  const signs = { completed: ["✓", "good"], in_progress: ["▸", "accent"], pending: ["○", "dim"] } as const;
  const done = list.filter(({ status }) => status === "completed").length;
  present(
    desk,
    desk.words.todos(done, list.length),
    list.map(({ content, status }): Line => {
      const [sign, style] = signs[status] ?? signs.pending;
      return line(span(`  ${sign} `, style), content);
    }),
  );
}

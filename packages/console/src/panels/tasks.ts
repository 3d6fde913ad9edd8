/** What goes on beside the conversation: its list, its subagents, its commands in the background. Knows no terminal. */
import type { AgentEvent, Goal, Todo } from "@cloister/agent";
import type { Clock } from "@cloister/base";
import { indented, todoBlock } from "../blocks/blocks.ts";
import { shortCount, shortSeconds } from "../blocks/numbers.ts";
import { fitLine, lineWidth, line, span, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";

/** A subagent, a command in the background, or a prompt that is repeated. */
export interface RunningTask {
  readonly kind: "subagent" | "command" | "loop";
  readonly id: string;
  /** The subagent's kind; the command's id. */
  readonly name: string;
  /** What it was told to do; the command itself. */
  readonly about: string;
  readonly since: number;
  /** Undefined: it still runs. */
  readonly endedMs: number | undefined;
  readonly hasFailed: boolean;
  /** The call that it makes now, or its last word. */
  readonly doing: string;
  readonly calls: number;
  readonly input: number;
  readonly output: number;
  /** How deep below the conversation: 0 for its own. */
  readonly depth: number;
  /** The end of what a command printed, as far as it was asked for. */
  readonly tail: string;
}

export interface Tasks {
  readonly all: readonly RunningTask[];
  readonly todos: readonly Todo[];
  /** That the work is held to. */
  readonly goal: Goal | undefined;
  event(event: AgentEvent): void;
  /** A prompt that is repeated; undefined: it is not any more. */
  loop(now: Pick<RunningTask, "name" | "about" | "doing"> | undefined): void;
  /** Another session has begun. */
  clear(): void;
  lines(columns: number, spinner: string): Line[];
}

/** Of those that ended the oldest is forgotten first. */
const TASKS_KEPT_MAX = 50;
/** Those that run are shown first, whatever their number comes to. */
const TASKS_SHOWN_MAX = 8;
const TODOS_SHOWN_MAX = 10;
const TAIL_CHARS_MAX = 4000;
/** There is one at a time. */
const LOOP = "loop";

type Changing = { -readonly [K in keyof RunningTask]: RunningTask[K] };

export function createTasks(options: { readonly words: ConsoleWords; readonly clock: Clock }): Tasks {
  const { words, clock } = options;
  const tasks = new Map<string, Changing>();
  let todos: readonly Todo[] = [];
  let goal: Goal | undefined;

  const add = (task: Pick<Changing, "kind" | "id" | "name" | "about" | "depth">): Changing => {
    const made: Changing = {
      ...task,
      ...{ since: clock.now(), endedMs: undefined, hasFailed: false, doing: "", calls: 0 },
      ...{ input: 0, output: 0, tail: "" },
    };
    tasks.set(task.id, made);
    const over = [...tasks.values()].filter(({ endedMs }) => endedMs !== undefined);
    for (const { id } of over.slice(0, Math.max(0, tasks.size - TASKS_KEPT_MAX))) tasks.delete(id);
    return made;
  };
  const end = (task: Changing, hasFailed: boolean): void => {
    task.endedMs ??= clock.now();
    task.hasFailed = hasFailed;
  };

  const subagent = ({ id, parent, what }: Extract<AgentEvent, { kind: "subagent" }>): void => {
    if (what.kind === "begin") {
      const depth = parent === undefined ? 0 : (tasks.get(parent)?.depth ?? 0) + 1;
      add({ kind: "subagent", id, name: what.agent, about: what.description, depth });
      return;
    }
    const task = tasks.get(id);
    if (task === undefined) return;
    if (what.kind === "end") {
      end(task, what.ending.outcome !== "done");
      task.doing = "";
      return;
    }
    const { event } = what;
    if (event.kind === "call") {
      task.calls += 1;
      task.doing = `${event.name} ${firstText(event.args)}`.trim();
    } else if (event.kind === "turn" && event.usage !== undefined) {
      task.input = event.usage.promptTokens;
      task.output += event.usage.completionTokens;
    } else if (event.kind === "text" && task.doing !== "") {
      task.doing = "";
    }
  };
  const background = (event: Extract<AgentEvent, { kind: "background" }>): void => {
    const { id, command, state, exitCode, isStopped = false, tail } = event;
    const task = tasks.get(id) ?? add({ kind: "command", id, name: id, about: command, depth: 0 });
    if (tail !== undefined) task.tail = tail.slice(-TAIL_CHARS_MAX);
    if (state === "ended") end(task, exitCode !== 0 && !isStopped);
  };

  const inOrder = (): Changing[] => {
    const all = [...tasks.values()];
    const running = all.filter(({ endedMs }) => endedMs === undefined);
    return [...running, ...all.filter(({ endedMs }) => endedMs !== undefined).toReversed()];
  };

  return {
    get all() {
      return inOrder();
    },
    get todos() {
      return todos;
    },
    get goal() {
      return goal;
    },
    event: (event) => {
      if (event.kind === "subagent") subagent(event);
      if (event.kind === "background") background(event);
      if (event.kind === "todos") todos = event.todos;
      if (event.kind === "goal") goal = event.goal;
      // It tells its own at once, if it has one.
      if (event.kind === "start") goal = undefined;
      // Subagents end with the work that they are part of; one that never said so was cut off with it.
      if (event.kind === "end") {
        for (const task of tasks.values()) if (task.kind === "subagent") end(task, task.hasFailed);
      }
    },
    loop: (now) => {
      const known = tasks.get(LOOP);
      if (now === undefined) {
        if (known !== undefined) end(known, false);
        return;
      }
      const isRunning = known !== undefined && known.endedMs === undefined;
      if (!isRunning) tasks.delete(LOOP);
      Object.assign(isRunning ? known : add({ kind: "loop", id: LOOP, depth: 0, ...now }), now);
    },
    clear: () => {
      tasks.clear();
      todos = [];
      goal = undefined;
    },
    lines: (columns, spinner) => {
      const all = inOrder();
      const more = all.length - TASKS_SHOWN_MAX;
      const now = clock.now();
      const listed = all
        .slice(0, TASKS_SHOWN_MAX)
        .map((task) => taskLine(task, { columns, spinner, words, now }));
      const done = todos.filter(({ status }) => status === "completed").length;
      // What is done first gives way to what is still to do.
      const from = Math.max(0, Math.min(done - 1, todos.length - TODOS_SHOWN_MAX));
      const list = todoBlock(todos.slice(from, from + TODOS_SHOWN_MAX), columns - 2);
      return [
        line(span(words.tasks.title, "strong"), span(`  ${words.tasks.hint}`, "dim")),
        ...(all.length === 0 && todos.length === 0 ? [line(span(`  ${words.tasks.none}`, "dim"))] : []),
        ...listed,
        ...(more > 0 ? [line(span(`  … +${more}`, "dim"))] : []),
        ...(todos.length === 0 ? [] : [line(span(`  ${words.todos(done, todos.length)}`, "dim"))]),
        ...indented(list),
      ];
    },
  };
}

/** One line: who, what for; at the right what it does now, its tokens and its time. */
export function taskLine(
  task: RunningTask,
  view: {
    readonly columns: number;
    readonly spinner: string;
    readonly words: ConsoleWords;
    readonly now: number;
  },
): Line {
  const { columns, spinner, words, now } = view;
  const isRunning = task.endedMs === undefined;
  const sign = isRunning
    ? span(`${task.kind === "subagent" ? spinner : "◌"} `, "accent")
    : span("● ", task.hasFailed ? "bad" : "good");
  const facts = [
    ...(task.kind === "subagent" ? [words.subagent(task.calls)] : []),
    ...(task.input > 0 ? [words.tokens(shortCount(task.input), shortCount(task.output))] : []),
    `${shortSeconds((task.endedMs ?? now) - task.since)} s`,
  ];
  const right: Line = [span(`  ${facts.join(" · ")}`, "dim")];
  const doing = isRunning && task.doing !== "" ? [span(`  ${task.doing}`, "dim")] : [];
  const left = fitLine(
    [
      span(`  ${"  ".repeat(Math.min(task.depth, 3))}`),
      sign,
      span(task.name, "strong"),
      span(` ${task.about}`, "text"),
      ...doing,
    ],
    Math.max(10, columns - lineWidth(right)),
  );
  return fitLine([...left, ...right], columns);
}

function firstText(args: Readonly<Record<string, unknown>>): string {
  const text = Object.values(args).find((value) => typeof value === "string");
  return typeof text === "string" ? text : "";
}

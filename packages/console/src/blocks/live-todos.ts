/** The task list while it is worked on. */
import type { Todo } from "@cloister/agent";
import { span, type Line } from "../text/line.ts";
import type { ConsoleWords } from "../words/type.ts";
import { indented, INDENT, todoBlock } from "./blocks.ts";

const TODOS_SHOWN_MAX = 8;

export function liveTodos(todos: readonly Todo[], words: ConsoleWords, columns: number): Line[] {
  if (todos.length === 0) return [];
  const done = todos.filter((todo) => todo.status === "completed").length;
  // What is done first gives way to what is still to do.
  const shown =
    todos.length > TODOS_SHOWN_MAX
      ? todos.slice(Math.min(Math.max(0, done - 1), todos.length - TODOS_SHOWN_MAX))
      : todos;
  const title = [span(words.todos(done, todos.length), "dim")];
  return [[], ...indented([title, ...todoBlock(shown.slice(0, TODOS_SHOWN_MAX), columns - INDENT)])];
}

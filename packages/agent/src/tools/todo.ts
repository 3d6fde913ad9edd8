import type { Tool, ToolResult } from "./tool.ts";

export type Todo = {
  readonly content: string;
  readonly status: "pending" | "in_progress" | "completed";
  readonly activeForm?: string;
};
export type TodoArgs = { readonly todos: readonly Todo[] };

/** The list is state for the screen; the conversation itself keeps it for the model. */
export const todoTool: Tool<TodoArgs> = {
  name: "TodoWrite",
  effect: "own",
  description: "Replace the task list of a longer job. Keep one task in_progress.",
  parameters: {
    type: "object",
    properties: {
      todos: {
        type: "array",
        items: {
          type: "object",
          properties: {
            content: { type: "string" },
            status: { type: "string", enum: ["pending", "in_progress", "completed"] },
            // Models that know it from elsewhere may still say it.
            activeForm: { type: "string", hidden: true },
          },
          required: ["content", "status"],
          additionalProperties: false,
        },
      },
    },
    required: ["todos"],
    additionalProperties: false,
  },
  run: (args) => Promise.resolve(confirm(args.todos)),
};

function confirm(todos: readonly Todo[]): ToolResult {
  const current = todos.filter((todo) => todo.status === "in_progress");
  const done = todos.filter((todo) => todo.status === "completed").length;
  const advice = current.length > 1 ? ` ${current.length} tasks are in_progress; keep one at a time.` : "";
  const next = current[0] ?? todos.find((todo) => todo.status === "pending");
  const now = next === undefined ? "" : ` Now: ${next.content}`;
  return { ok: true, text: `${done} of ${todos.length} tasks done.${advice}${now}`, sources: [] };
}

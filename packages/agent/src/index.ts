export type { AgentEvent, Ceiling, Compaction, Ending, Speed, Trouble } from "./events.ts";
export type { Limits, Price } from "./limits.ts";
export { openAgentSession } from "./session.ts";
export type { AgentSession, SessionOptions, UserMessage } from "./session.ts";
export type { AgentDefinition } from "./subagents.ts";
export { runTask } from "./task.ts";
export type { AgentWorld, Task } from "./task.ts";
export type { Todo } from "./tools/todo.ts";
export type {
  Ask,
  AskAnswer,
  CommandOutcome,
  FileDiff,
  FileRange,
  Mode,
  Question,
  RunOptions,
} from "./tools/tool.ts";
export { diffTexts } from "./tools/diff.ts";

export type { AgentEvent, Ending } from "./events.ts";
export { runTask } from "./task.ts";
export type { AgentWorld, Task } from "./task.ts";
export type { CommandOutcome, FileDiff, FileRange } from "./tools/tool.ts";

export type { AgentDefinition } from "./agent-definition.ts";
export type { AttachedPicture } from "./attachments.ts";
export type { ServerNow } from "./mcp/server-now.ts";
export type { AgentEvent, Ceiling, Compaction, Ending, Speed, Trouble } from "./events.ts";
export { fixedPrefix } from "./fixed-prefix.ts";
export { GOAL_CHECKS_MAX, parseGoal } from "./goal/goal.ts";
export type { Goal, GoalCheck, GoalStep } from "./goal/goal.ts";
export type { Limits, Price } from "./limits.ts";
export type { ModelChoice } from "./models.ts";
export type { LanguageServerWish } from "./lsp/wish.ts";
export type { McpEnd, McpLink, McpServerWish, StartServer } from "./mcp/link.ts";
export { openMcpServers } from "./mcp/servers.ts";
export type { McpServers, McpWorld } from "./mcp/servers.ts";
export { openDefinitions } from "./map/definitions.ts";
export { createRepoIndex } from "./map/index-files.ts";
export type { RepoIndex } from "./map/index-files.ts";
export { openAgentSession } from "./session.ts";
export type { AgentSession, SessionOptions, UserMessage } from "./session.ts";
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
export { listFiles } from "./tools/list-files.ts";

export type { AgentDefinition } from "./agent-definition.ts";
export type { AgentEvent, Ceiling, Compaction, Ending, Speed, Trouble } from "./events.ts";
export type { BroughtExtensions } from "./extension/brought.ts";
export { chooseExtensions, readExtensions } from "./extension/extensions.ts";
export type { ChosenExtensions, Extensions } from "./extension/extensions.ts";
export { decideHooks, permitCall } from "./extension/hooks/decide.ts";
export type { CallPermission, HookDecision } from "./extension/hooks/decide.ts";
export { parseHooks } from "./extension/hooks/definition.ts";
export type { Hook, HookHandler } from "./extension/hooks/definition.ts";
export type { HookSession, Occasion } from "./extension/hooks/events.ts";
export { createHooks } from "./extension/hooks/hooks.ts";
export type { HookRunOptions, Hooks, HooksWorld } from "./extension/hooks/hooks.ts";
export { readHookRun } from "./extension/hooks/outcome.ts";
export type { HookRun, HookSaid } from "./extension/hooks/outcome.ts";
export { fixedPrefix } from "./fixed-prefix.ts";
export { formatInstructionFiles, readNestedInstructions } from "./extension/instruction-files.ts";
export type { Instruction, InstructionSet } from "./extension/instruction-files.ts";
export { createPathRules } from "./extension/path-rules.ts";
export type { PathRule, PathRules } from "./extension/path-rules.ts";
export type {
  ExtensionPlaces,
  ExtensionReader,
  ExtensionWorld,
  FolderEntry,
  Loss,
  Origin,
  ReadText,
  Scope,
} from "./extension/reader.ts";
export type { ImportedPermissions, ImportedSettings, McpServer } from "./extension/settings/imported.ts";
export { expandMcpServer } from "./extension/settings/mcp-servers.ts";
export { expandSkill, findSkill, formatSkillListing } from "./extension/skills.ts";
export type { Skill, SkillCall } from "./extension/skills.ts";
export type { Piece } from "./extension/template.ts";
export { compareTrust, countItems, listTrustItems, trustDigest } from "./extension/trust.ts";
export type { TrustChange, TrustItem, TrustRecord, TrustState } from "./extension/trust.ts";
export type { Limits, Price } from "./limits.ts";
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

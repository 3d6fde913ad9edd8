/** What the keeper needs to read and choose what developers bring, without the turn loop: its start must not wait for that. */
export { hooksOf, lossesOf, toAgents, toBrought } from "./extension/brought.ts";
export type { BroughtExtensions } from "./extension/brought.ts";
export { chooseExtensions, readExtensions } from "./extension/extensions.ts";
export type { ChosenExtensions, Extensions } from "./extension/extensions.ts";
export { permitCall } from "./extension/hooks/decide.ts";
export type { HookDecision } from "./extension/hooks/decide.ts";
export { parseHooks } from "./extension/hooks/definition.ts";
export type { Hook, HookHandler } from "./extension/hooks/definition.ts";
export type { Occasion } from "./extension/hooks/events.ts";
export { createHooks } from "./extension/hooks/hooks.ts";
export type { HookRunOptions } from "./extension/hooks/hooks.ts";
export type { HookRun } from "./extension/hooks/outcome.ts";
export { formatInstructionFiles, readNestedInstructions } from "./extension/instruction-files.ts";
export type { InstructionSet } from "./extension/instruction-files.ts";
export { createPathRules } from "./extension/path-rules.ts";
export { readPlugin } from "./extension/plugins.ts";
export type { Plugin } from "./extension/plugins.ts";
export type {
  ExtensionPlaces,
  ExtensionReader,
  ExtensionWorld,
  FolderEntry,
  Loss,
  Origin,
  Scope,
} from "./extension/reader.ts";
export { noPermissions } from "./extension/settings/imported.ts";
export type { ImportedSettings, McpServer } from "./extension/settings/imported.ts";
export { expandMcpServer, parseMcpServers } from "./extension/settings/mcp-servers.ts";
export { expandSkill, findSkill, formatSkillListing } from "./extension/skills.ts";
export type { Piece } from "./extension/template.ts";
export { compareTrust, countItems, listTrustItems, trustDigest } from "./extension/trust.ts";
export type { TrustChange, TrustItem, TrustRecord, TrustState } from "./extension/trust.ts";
export { serverPart, toolName } from "./mcp/names.ts";

/** The settings of any agent, in one form. What is not taken over is listed, so that nobody relies on it. */
import type { Hook } from "../hooks/definition.ts";
import type { Loss, Origin } from "../reader.ts";
import type { Skill } from "../skills.ts";
import type { AgentFile } from "../agent-files.ts";

export interface ImportedSettings {
  readonly origin: Origin;
  readonly permissions: ImportedPermissions;
  readonly hooks: readonly Hook[];
  readonly mcpServers: readonly McpServer[];
  /** Names of servers that are not to be started, whoever defines them. */
  readonly disabledMcpServers: readonly string[];
  /** For commands. Without secrets, and without what would lead the product or a loader elsewhere. */
  readonly env: Readonly<Record<string, string>>;
  readonly statusLine: string | undefined;
  readonly outputStyle: string | undefined;
  /** That the model is to answer in. */
  readonly answerLanguage: string | undefined;
  readonly isHooksDisabled: boolean;
  /** Managed only: no hooks but managed ones. */
  readonly isManagedHooksOnly: boolean;
  /** Names of instruction files beside the usual ones. */
  readonly instructionNames: readonly string[];
  /** Globs of absolute paths of instruction files that are not wanted. */
  readonly instructionExcludes: readonly string[];
  readonly enabledPlugins: readonly string[];
  readonly agents: readonly AgentFile[];
  readonly commands: readonly Skill[];
  readonly losses: readonly Loss[];
}

/** A block of settings as Claude Code writes it. */
export interface ImportedPermissions {
  readonly allow: readonly string[];
  readonly ask: readonly string[];
  readonly deny: readonly string[];
  readonly additionalDirectories: readonly string[];
  readonly defaultMode?: string;
  readonly disableBypassPermissionsMode?: "disable";
}

export type McpServer = {
  readonly name: string;
  readonly origin: Origin;
  readonly timeoutMs: number | undefined;
  /** Of its tools only these; undefined: all. */
  readonly includeTools: readonly string[] | undefined;
  readonly excludeTools: readonly string[];
} & (
  | {
      readonly kind: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string | undefined;
    }
  | {
      readonly kind: "http" | "sse" | "ws";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    }
);

export const noPermissions: ImportedPermissions = { allow: [], ask: [], deny: [], additionalDirectories: [] };

export function emptySettings(origin: Origin, losses: readonly Loss[] = []): ImportedSettings {
  return {
    origin,
    permissions: noPermissions,
    hooks: [],
    mcpServers: [],
    disabledMcpServers: [],
    env: {},
    statusLine: undefined,
    outputStyle: undefined,
    answerLanguage: undefined,
    isHooksDisabled: false,
    isManagedHooksOnly: false,
    instructionNames: [],
    instructionExcludes: [],
    enabledPlugins: [],
    agents: [],
    commands: [],
    losses,
  };
}

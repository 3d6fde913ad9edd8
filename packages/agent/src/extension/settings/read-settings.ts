/** Reads a settings file of any agent that is known. A file that cannot be read is a loss, never half a setting. */
import { isRecord, messageOf } from "@cloister/base";
import { toolsOf, type AgentFile } from "../agent-files.ts";
import { readFields } from "../front-matter.ts";
import { parseHooks, type HookReading } from "../hooks/definition.ts";
import type { ExtensionWorld, Loss, Origin } from "../reader.ts";
import { toSkill, type Skill } from "../skills.ts";
import { toToolName } from "../tool-names.ts";
import { readAnswerLanguage } from "./answer-language.ts";
import { readEnvironment } from "./environment.ts";
import { emptySettings, noPermissions, type ImportedPermissions, type ImportedSettings } from "./imported.ts";
import { stripJsonComments } from "./json-comments.ts";
import { parseMcpServers } from "./mcp-servers.ts";

/** `claude`: also of Cloister, Qwen Code and Qoder, which write the same; `mcp`: `.mcp.json`. */
export type SettingsFormat = "claude" | "gemini" | "codex" | "opencode" | "mcp";

const SETTINGS_BYTES_MAX = 1024 * 1024;

/** Undefined where there is no such file. */
export async function readSettingsFile(
  world: ExtensionWorld,
  origin: Origin,
  format: SettingsFormat,
): Promise<ImportedSettings | undefined> {
  const file = await world.files.read(origin.path, SETTINGS_BYTES_MAX);
  if (file === undefined) return undefined;
  const failed = (why: string): ImportedSettings =>
    emptySettings(origin, [{ path: origin.path, subject: "file", why }]);
  if (file.isCut) return failed("it is larger than 1 MiB");
  try {
    return importSettings(parseText(file.text, format, world), origin, format);
  } catch (error) {
    return failed(messageOf(error).split("\n", 1)[0] ?? "");
  }
}

function parseText(text: string, format: SettingsFormat, { parseToml }: ExtensionWorld): unknown {
  if (format === "codex") return parseToml(text);
  const plain = text.replace(/^\uFEFF/u, "");
  return JSON.parse(format === "claude" || format === "mcp" ? plain : stripJsonComments(plain));
}

export function importSettings(value: unknown, origin: Origin, format: SettingsFormat): ImportedSettings {
  const losses: Loss[] = [];
  const lose = (subject: string, why: string): void => {
    losses.push({ path: origin.path, subject, why });
  };
  if (!isRecord(value)) {
    lose("file", "it is no object");
    return emptySettings(origin, losses);
  }
  for (const name of ignored.filter((each) => value[each] !== undefined)) {
    lose(name, "it is not taken over");
  }
  const servers = parseMcpServers(
    value["mcpServers"] ?? value["mcp_servers"] ?? (format === "opencode" ? value["mcp"] : undefined),
    origin,
    format === "mcp" ? "claude" : format,
  );
  const hooks = parseHooks(value["hooks"], readingOf(origin, format));
  const fields = readFields(value);
  const context = readFields(recordAt(value, "context"));
  const mcp = readFields(recordAt(value, "mcp"));
  const statusLine = recordAt(value, "statusLine")["command"];
  const plugins = Object.entries(recordAt(value, "enabledPlugins")).filter(([, wanted]) => wanted === true);
  const settings: ImportedSettings = {
    ...emptySettings(origin),
    permissions: readPermissions(value, format, lose),
    hooks: hooks.hooks,
    mcpServers: servers.servers,
    disabledMcpServers: [...(fields.list("disabledMcpjsonServers") ?? []), ...(mcp.list("excluded") ?? [])],
    env: readEnvironment(value["env"], lose),
    statusLine: typeof statusLine === "string" ? statusLine : undefined,
    outputStyle: fields.text("outputStyle"),
    answerLanguage: format === "claude" ? readAnswerLanguage(value, lose) : undefined,
    isHooksDisabled:
      isOn(value["disableAllHooks"], origin) || recordAt(value, "hooksConfig")["enabled"] === false,
    isManagedHooksOnly: origin.scope === "managed" && isOn(value["allowManagedHooksOnly"], origin),
    instructionNames: [
      ...(context.list("fileName") ?? fields.list("contextFileName") ?? []),
      ...(fields.list("project_doc_fallback_filenames") ?? []),
    ],
    instructionExcludes: fields.list("claudeMdExcludes") ?? [],
    enabledPlugins: plugins.map(([name]) => name),
    agents: format === "opencode" ? opencodeAgents(value, origin, lose) : [],
    commands: format === "opencode" ? opencodeCommands(value, origin) : [],
  };
  return { ...settings, losses: [...losses, ...hooks.losses, ...servers.losses] };
}

const ignored = [
  "approval_policy",
  "apiKeyHelper",
  "awsAuthRefresh",
  "enableAllProjectMcpServers",
  "enabledMcpjsonServers",
  "fileSuggestion",
  "instructions",
  "model",
  "model_provider",
  "model_providers",
  "notify",
  "otelHeadersHelper",
  "plugin",
  "provider",
  "sandbox",
  "sandbox_mode",
  "security",
  "shell_environment_policy",
  "telemetry",
];

/** A value that is none switches a restriction on where the organisation wrote it. */
function isOn(value: unknown, { scope }: Origin): boolean {
  return scope === "managed" ? value !== undefined && value !== false : value === true;
}

function recordAt(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const found = value[name];
  return isRecord(found) ? found : {};
}

const geminiEvents: Readonly<Record<string, string>> = {
  BeforeTool: "PreToolUse",
  AfterTool: "PostToolUse",
  BeforeAgent: "UserPromptSubmit",
  AfterAgent: "Stop",
  SessionStart: "SessionStart",
  SessionEnd: "SessionEnd",
  Notification: "Notification",
  PreCompress: "PreCompact",
};

function readingOf(origin: Origin, format: SettingsFormat): HookReading {
  if (format === "gemini") {
    const eventOf = (name: string): string | undefined =>
      Object.hasOwn(geminiEvents, name) ? geminiEvents[name] : undefined;
    return { origin, timeoutUnitMs: 1, eventOf };
  }
  const isQwen = /\/\.qwen\/[^/]*$/u.test(origin.path);
  return isQwen ? { origin } : { origin, timeoutUnitMs: 1000 };
}

type Lose = (subject: string, why: string) => void;

function readPermissions(
  value: Readonly<Record<string, unknown>>,
  format: SettingsFormat,
  lose: Lose,
): ImportedPermissions {
  if (format === "opencode") return opencodePermissions(value["permission"], lose);
  const block = readFields(recordAt(value, "permissions"));
  const tools = readFields(recordAt(value, "tools"));
  if (tools.raw("core") !== undefined) lose("tools.core", "a list of the only tools is not taken over");
  const list = (name: string, older: string): readonly string[] => [
    ...(block.list(name) ?? []).map(toRule),
    ...(tools.list(older) ?? []).map(toPrefixRule),
  ];
  const mode = block.text("defaultMode") ?? tools.text("approvalMode");
  const isStrict = block.raw("disableBypassPermissionsMode") === "disable";
  return {
    allow: list("allow", "allowed"),
    ask: (block.list("ask") ?? []).map(toRule),
    deny: list("deny", "exclude"),
    additionalDirectories: block.list("additionalDirectories") ?? [],
    ...(mode === undefined ? {} : { defaultMode: mode }),
    ...(isStrict ? { disableBypassPermissionsMode: "disable" } : {}),
  };
}

function toRule(written: string): string {
  return written.replace(/^\w+(?=\(|$)/u, toToolName);
}

/** `run_shell_command(git status)` of Gemini allows whatever begins so. */
function toPrefixRule(written: string): string {
  const [, name = written, command] = /^(\w+)\((.+)\)$/su.exec(written) ?? [];
  const tool = toToolName(name);
  if (command === undefined) return tool;
  return tool === "Bash" && !command.includes("*") ? `Bash(${command}:*)` : `${tool}(${command})`;
}

const opencodeTools = new Map([
  ["edit", "Edit"],
  ["bash", "Bash"],
  ["read", "Read"],
  ["webfetch", "WebFetch"],
]);

/** There the last pattern that matches decides; here what forbids does. What that makes stricter is listed. */
function opencodePermissions(value: unknown, lose: Lose): ImportedPermissions {
  const lists: Record<"allow" | "ask" | "deny", string[]> = { allow: [], ask: [], deny: [] };
  for (const [name, entry] of Object.entries(isRecord(value) ? value : {})) {
    const tool = opencodeTools.get(name);
    const patterns = Object.entries(isRecord(entry) ? entry : { "*": entry });
    if (tool === undefined) {
      lose(`permission.${name}`, "no such tool here");
      continue;
    }
    for (const [pattern, verdict] of patterns) {
      if (verdict !== "allow" && verdict !== "ask" && verdict !== "deny") continue;
      // What nobody speaks of is asked anyway; as a rule it would win over what is allowed.
      if (pattern === "*" && verdict === "ask" && patterns.length > 1) continue;
      if (pattern === "*" && verdict === "deny" && patterns.length > 1) {
        lose(`permission.${name}`, "a denial of all wins here over what else is allowed");
      }
      lists[verdict].push(pattern === "*" ? tool : `${tool}(${pattern})`);
    }
  }
  return { ...noPermissions, ...lists };
}

function opencodeAgents(value: Readonly<Record<string, unknown>>, origin: Origin, lose: Lose): AgentFile[] {
  return Object.entries(recordAt(value, "agent")).flatMap(([name, entry]) => {
    if (!isRecord(entry) || entry["disable"] === true) return [];
    const fields = readFields(entry);
    const description = fields.text("description");
    if (description === undefined) {
      lose(`agent.${name}`, "it has no description");
      return [];
    }
    const model = fields.text("model");
    const { denied } = toolsOf(entry["tools"], undefined);
    const prompt = fields.text("prompt") ?? "";
    return [
      {
        origin,
        name,
        description,
        prompt,
        disallowedTools: denied,
        ...(model === undefined ? {} : { model }),
      },
    ];
  });
}

function opencodeCommands(value: Readonly<Record<string, unknown>>, origin: Origin): Skill[] {
  return Object.entries(recordAt(value, "command")).flatMap(([name, entry]) => {
    if (!isRecord(entry) || typeof entry["template"] !== "string") return [];
    const file = { fields: readFields(entry), body: entry["template"] };
    const source = JSON.stringify(entry);
    return [
      toSkill({
        kind: "command",
        name,
        style: "claude",
        path: origin.path,
        source,
        file,
        from: { scope: origin.scope },
      }),
    ];
  });
}

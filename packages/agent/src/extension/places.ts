/** Where the files of Cloister and of other agents lie. */
import { posix } from "node:path";
import { foldersDownTo, type ExtensionPlaces, type ExtensionWorld, type Scope } from "./reader.ts";
import type { SettingsFormat } from "./settings/read-settings.ts";
import type { TemplateStyle } from "./template.ts";

export interface Place {
  readonly kind: "skills" | "commands" | "agents" | "rules" | "styles";
  readonly folder: string;
  readonly scope: Scope;
  readonly style: TemplateStyle;
}

interface AgentFolder {
  readonly name: string;
  readonly style?: TemplateStyle;
}

/** Our own first: of two with one name, the first counts. */
const agentFolders: readonly AgentFolder[] = [
  { name: ".cloister" },
  { name: ".claude" },
  { name: ".agents" },
  { name: ".qwen", style: "gemini" },
  { name: ".qoder" },
  { name: ".gemini", style: "gemini" },
  { name: ".codex" },
  { name: ".opencode" },
];

const parts: readonly (readonly [Place["kind"], string])[] = [
  ["skills", "skills"],
  ["commands", "commands"],
  ["agents", "agents"],
  ["rules", "rules"],
  ["styles", "output-styles"],
];

/** opencode's names in the singular are the older ones. */
const opencodeParts: readonly (readonly [Place["kind"], string])[] = [
  ["skills", "skill"],
  ["commands", "command"],
  ["agents", "agent"],
];

/** Managed, the person's, the project's: from the workspace up to the root of its checkout, nearest first. */
export function placesOf({ workspace, repository, home, managed = [] }: ExtensionPlaces): readonly Place[] {
  const own = foldersDownTo(workspace, repository ?? workspace).toReversed();
  const seen = new Set<string>();
  const all = [
    ...managed.flatMap((folder) => below(folder, "managed")),
    ...(home === undefined ? [] : inAgentFolders(home, "user")),
    ...(home === undefined
      ? []
      : below(posix.join(home, ".config/opencode"), "user", "claude", opencodeParts)),
    ...own.flatMap((folder) => inAgentFolders(folder, "project")),
  ];
  // A session in the home folder itself: what is the person's is not the project's as well.
  return all.filter(({ folder }) => !seen.has(folder) && seen.add(folder) !== undefined);
}

function inAgentFolders(base: string, scope: Scope): Place[] {
  return agentFolders.flatMap(({ name, style }) => {
    const folder = posix.join(base, name);
    const names = name === ".opencode" ? [...parts, ...opencodeParts] : parts;
    return below(folder, scope, style, names);
  });
}

function below(folder: string, scope: Scope, style: TemplateStyle = "claude", names = parts): Place[] {
  return names.map(([kind, name]) => ({ kind, folder: posix.join(folder, name), scope, style }));
}

export interface SettingsPlace {
  readonly path: string;
  readonly scope: Scope;
  readonly format: SettingsFormat;
  readonly root: string;
}

const shared: readonly (readonly [string, SettingsFormat])[] = [
  [".claude/settings.json", "claude"],
  [".qwen/settings.json", "claude"],
  [".qoder/settings.json", "claude"],
  [".gemini/settings.json", "gemini"],
  [".codex/config.toml", "codex"],
  [".cloister/settings.json", "claude"],
];

const userOnly: readonly (readonly [string, SettingsFormat])[] = [
  [".config/opencode/opencode.json", "opencode"],
  [".config/opencode/opencode.jsonc", "opencode"],
  [".claude.json", "mcp"],
];

const projectOnly: readonly (readonly [string, SettingsFormat])[] = [
  [".mcp.json", "mcp"],
  ["opencode.json", "opencode"],
  ["opencode.jsonc", "opencode"],
  [".claude/settings.local.json", "claude"],
  [".qwen/settings.local.json", "claude"],
  [".qoder/settings.local.json", "claude"],
];

const DROP_INS_MAX = 100;

/** Settings files that may exist, from the widest scope to the narrowest. */
export async function settingsOf({ files, places }: ExtensionWorld): Promise<readonly SettingsPlace[]> {
  const { workspace, repository, home, managed = [] } = places;
  const found: SettingsPlace[] = [];
  const add = (base: string, scope: Scope, names: readonly (readonly [string, SettingsFormat])[]): void => {
    for (const [name, format] of names) {
      const path = posix.join(base, name);
      if (!found.some((each) => each.path === path)) found.push({ path, scope, format, root: base });
    }
  };
  for (const folder of managed) {
    const entries = await files.list(posix.join(folder, "managed-settings.d"));
    const dropIns = entries.map(({ name }) => name).filter((name) => name.endsWith(".json"));
    const names = dropIns
      .sort()
      .slice(0, DROP_INS_MAX)
      .map((name) => `managed-settings.d/${name}`);
    add(
      folder,
      "managed",
      ["managed-settings.json", ...names].map((name) => [name, "claude"] as const),
    );
    add(folder, "managed", [["managed-mcp.json", "mcp"]]);
  }
  if (home !== undefined) add(home, "user", [...shared, ...userOnly]);
  for (const folder of new Set([repository ?? workspace, workspace])) {
    add(folder, "project", [...shared, ...projectOnly]);
  }
  return found;
}

/** Plugins from a folder on this machine: skills, commands, subagents, hooks, MCP servers, styles. Nothing is fetched. */
import { posix } from "node:path";
import { isRecord, messageOf } from "@cloister/base";
import { readAgentFiles, readOutputStyles, type AgentFile, type OutputStyle } from "./agent-files.ts";
import { readFields } from "./front-matter.ts";
import { isInside, type ExtensionWorld, type Loss, type Origin } from "./reader.ts";
import { importSettings } from "./settings/read-settings.ts";
import type { ImportedSettings } from "./settings/imported.ts";
import { readCommands, readSkills, type Skill } from "./skills.ts";

export interface Plugin {
  readonly name: string;
  readonly version: string | undefined;
  readonly description: string;
  readonly folder: string;
  readonly skills: readonly Skill[];
  readonly agents: readonly AgentFile[];
  readonly outputStyles: readonly OutputStyle[];
  /** Its hooks and MCP servers. */
  readonly settings: readonly ImportedSettings[];
  readonly losses: readonly Loss[];
}

const FILE_BYTES_MAX = 1024 * 1024;
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/u;

/** Undefined for a folder without `.claude-plugin/plugin.json` (or with one that names nothing). */
export async function readPlugin(world: ExtensionWorld, folder: string): Promise<Plugin | undefined> {
  const path = posix.join(folder, ".claude-plugin/plugin.json");
  const losses: Loss[] = [];
  const manifest = await readJson(world, path, losses);
  if (!isRecord(manifest)) return undefined;
  const fields = readFields(manifest);
  const name = fields.text("name") ?? "";
  if (!NAME.test(name)) return undefined;
  const from: Omit<Origin, "path"> = { scope: "plugin", plugin: { name, folder } };
  const paths = (key: string, usual: string): string[] =>
    pathsOf(manifest[key], usual, folder, (why) => losses.push({ path, subject: key, why }));
  const skills: Skill[] = [];
  for (const each of paths("skills", "skills")) {
    const read = await readSkills(world, each, from);
    skills.push(...read.skills);
    losses.push(...read.losses);
  }
  for (const each of paths("commands", "commands")) {
    const read = await readCommands(world, each, from);
    skills.push(...read.skills);
    losses.push(...read.losses);
  }
  const agents = await Promise.all(
    paths("agents", "agents").map((each) => readAgentFiles(world, each, from)),
  );
  const styles = paths("outputStyles", "output-styles").map((each) => readOutputStyles(world, each, from));
  return {
    name,
    version: fields.text("version"),
    description: fields.text("description") ?? "",
    folder,
    skills,
    agents: agents.flatMap((each) => each.agents),
    outputStyles: (await Promise.all(styles)).flat(),
    settings: await readParts(world, manifest, { folder, path, from, losses }),
    losses: [...losses, ...agents.flatMap((each) => each.losses)],
  };
}

interface PluginPlace {
  readonly folder: string;
  readonly path: string;
  readonly from: Omit<Origin, "path">;
  readonly losses: Loss[];
}

/** Hooks and servers stand in files of their own or in the manifest itself. */
async function readParts(
  world: ExtensionWorld,
  manifest: Readonly<Record<string, unknown>>,
  { folder, path, from, losses }: PluginPlace,
): Promise<readonly ImportedSettings[]> {
  const settings: ImportedSettings[] = [];
  const usual = { hooks: "hooks/hooks.json", mcpServers: ".mcp.json" } as const;
  for (const key of ["hooks", "mcpServers"] as const) {
    const written = manifest[key];
    const files = pathsOf(written, usual[key], folder, (why) => losses.push({ path, subject: key, why }));
    const parts = await Promise.all(
      files.map(async (file) => ({ path: file, value: await readJson(world, file, losses) })),
    );
    if (isRecord(written)) parts.push({ path, value: { [key]: written } });
    for (const part of parts) {
      if (part.value === undefined) continue;
      // `${CLAUDE_PLUGIN_ROOT}` stays: hooks get it as a variable, servers when they are expanded.
      settings.push(importSettings(withHead(part.value, key), { ...from, path: part.path }, "claude"));
    }
  }
  return settings;
}

/** A `.mcp.json` of a plugin may leave the outer name away. */
function withHead(value: unknown, key: string): unknown {
  return isRecord(value) && value[key] === undefined
    ? { [key]: value }
    : isRecord(value)
      ? { [key]: value[key] }
      : value;
}

/** Paths in a manifest are relative to the plugin and stay in it. */
function pathsOf(value: unknown, usual: string, folder: string, lose: (why: string) => void): string[] {
  const list: unknown[] = typeof value === "string" ? [value] : Array.isArray(value) ? value : [];
  const further = list.filter((each) => typeof each === "string").map((each) => posix.resolve(folder, each));
  const inside = further.filter((each) => isInside(folder, each));
  if (inside.length < further.length) lose("a path that leads out of the plugin was left out");
  return [...new Set([posix.join(folder, usual), ...inside])];
}

async function readJson(world: ExtensionWorld, path: string, losses: Loss[]): Promise<unknown> {
  const file = await world.files.read(path, FILE_BYTES_MAX);
  if (file === undefined) return undefined;
  try {
    return JSON.parse(file.text);
  } catch (error) {
    losses.push({ path, subject: "file", why: messageOf(error).split("\n", 1)[0] ?? "" });
    return undefined;
  }
}

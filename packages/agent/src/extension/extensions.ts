/** All that an organisation, a person, plugins and a project bring with them; and what of it counts. */
import { compileGlob } from "../tools/glob-pattern.ts";
import { readAgentFiles, readOutputStyles, type AgentFile, type OutputStyle } from "./agent-files.ts";
import type { Hook } from "./hooks/definition.ts";
import { readInstructionFiles, type Instruction, type OutsideImport } from "./instruction-files.ts";
import { readPathRules, type PathRule } from "./path-rules.ts";
import { placesOf, settingsOf, type Place } from "./places.ts";
import { readPlugin, type Plugin } from "./plugins.ts";
import type { ExtensionWorld, Loss, Origin, Scope } from "./reader.ts";
import { readSettingsFile } from "./settings/read-settings.ts";
import type { ImportedSettings, McpServer } from "./settings/imported.ts";
import { readCommands, readSkills, type Skill } from "./skills.ts";

/** Everything that was found, of every scope; nothing of it has run, and nothing was left out for want of trust. */
export interface Extensions {
  readonly instructions: readonly Instruction[];
  readonly outside: readonly OutsideImport[];
  readonly rules: readonly PathRule[];
  readonly skills: readonly Skill[];
  readonly agents: readonly AgentFile[];
  readonly outputStyles: readonly OutputStyle[];
  readonly settings: readonly ImportedSettings[];
  readonly plugins: readonly Plugin[];
  readonly losses: readonly Loss[];
}

const EXCLUDES_MAX = 100;

/** Reads it all. `trustedImports`: real paths outside the project that a person approved (`import` items of trust). */
export async function readExtensions(
  world: ExtensionWorld,
  options: { readonly trustedImports?: readonly string[] } = {},
): Promise<Extensions> {
  const settings: ImportedSettings[] = [];
  for (const { path, scope, format, root } of await settingsOf(world)) {
    const read = await readSettingsFile(world, { scope, path, root }, format);
    if (read !== undefined) settings.push(read);
  }
  const found: Found = { skills: [], agents: [], outputStyles: [], rules: [], losses: [] };
  for (const place of placesOf(world.places)) await readPlace(world, place, found);
  const plugins: Plugin[] = [];
  for (const folder of world.places.plugins ?? []) {
    const plugin = await readPlugin(world, folder);
    if (plugin !== undefined) plugins.push(plugin);
    else found.losses.push({ path: folder, subject: "plugin", why: "no plugin.json names it" });
  }
  const instructions = await readInstructionFiles(world, {
    ...options,
    names: settings.flatMap(({ instructionNames }) => instructionNames),
    isExcluded: excludesOf(settings),
  });
  const all = [...settings, ...plugins.flatMap((plugin) => plugin.settings)];
  return {
    instructions: instructions.instructions,
    outside: instructions.outside,
    rules: found.rules,
    skills: [
      ...found.skills,
      ...all.flatMap(({ commands }) => commands),
      ...plugins.flatMap((plugin) => plugin.skills),
    ],
    agents: [
      ...found.agents,
      ...all.flatMap(({ agents }) => agents),
      ...plugins.flatMap(({ agents }) => agents),
    ],
    outputStyles: [...found.outputStyles, ...plugins.flatMap(({ outputStyles }) => outputStyles)],
    settings: all,
    plugins,
    losses: [
      ...found.losses,
      ...instructions.losses,
      ...all.flatMap(({ losses }) => losses),
      ...plugins.flatMap(({ losses }) => losses),
    ],
  };
}

interface Found {
  readonly skills: Skill[];
  readonly agents: AgentFile[];
  readonly outputStyles: OutputStyle[];
  readonly rules: PathRule[];
  readonly losses: Loss[];
}

async function readPlace(world: ExtensionWorld, place: Place, found: Found): Promise<void> {
  const { folder, scope } = place;
  switch (place.kind) {
    case "skills":
    case "commands": {
      const isSkills = place.kind === "skills";
      const read = await (isSkills
        ? readSkills(world, folder, { scope })
        : readCommands(world, folder, { scope }, place.style));
      found.skills.push(...read.skills);
      found.losses.push(...read.losses);
      return;
    }
    case "agents": {
      const { agents, losses } = await readAgentFiles(world, folder, { scope });
      found.agents.push(...agents);
      found.losses.push(...losses);
      return;
    }
    case "rules": {
      const { rules, losses } = await readPathRules(world, folder, scope);
      found.rules.push(...rules);
      found.losses.push(...losses);
      return;
    }
    case "styles":
      found.outputStyles.push(...(await readOutputStyles(world, folder, { scope })));
  }
}

/** A project may leave out its own files, never those of the person or the organisation: `readInstructionFiles` sees to the latter. */
function excludesOf(settings: readonly ImportedSettings[]): (path: string) => boolean {
  const globs = settings.flatMap(({ origin, instructionExcludes }) =>
    origin.scope === "project" ? [] : instructionExcludes,
  );
  const expressions = globs.slice(0, EXCLUDES_MAX).map((glob) => compileGlob(glob));
  return (path) => expressions.some((expression) => expression.test(path));
}

/** What counts, once it is known whether the project is trusted. */
export interface ChosenExtensions {
  readonly hooks: readonly Hook[];
  readonly mcpServers: readonly McpServer[];
  /** One of each name. */
  readonly skills: readonly Skill[];
  readonly agents: readonly AgentFile[];
  readonly outputStyles: readonly OutputStyle[];
  readonly outputStyle: string | undefined;
  readonly answerLanguage: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly statusLine: string | undefined;
  /** All of them: what forbids counts always, what allows only of those that are trusted. */
  readonly permissions: readonly {
    readonly origin: Origin;
    readonly isTrusted: boolean;
    readonly settings: ImportedSettings;
  }[];
}

/** Without trust a project's text counts, and what it forbids; it starts nothing, allows nothing and stands in for nothing of the person's. */
export function chooseExtensions(
  extensions: Extensions,
  { isTrusted }: { readonly isTrusted: boolean },
): ChosenExtensions {
  const isUsable = ({ origin }: { readonly origin: Origin }): boolean =>
    isTrusted || origin.scope !== "project";
  const usable = extensions.settings.filter(isUsable);
  /** The narrowest that says something; the organisation has the last word. */
  const narrowing = ["plugin", "user", "project", "managed"] as const;
  const inOrder = byScope(usable, narrowing);
  // Which style to write in is text, as the style itself is; a project with nothing else in its settings is never asked about.
  const styled = byScope(extensions.settings, narrowing);
  const agents = firstOfEach(
    byScope(
      extensions.agents,
      isTrusted ? ["managed", "project", "user", "plugin"] : ["managed", "user", "plugin", "project"],
    ),
  );
  return {
    hooks: chooseHooks(usable, agents.filter(isUsable)),
    mcpServers: chooseServers(usable),
    skills: firstOfEach(
      byScope(extensions.skills, ["managed", "user", "project", "plugin"])
        .filter((skill) => isUsable(skill) || skill.commands.length === 0)
        .map((skill) => (isUsable(skill) ? skill : withoutRights(skill)))
        // A skill wins over a command of its name.
        .sort((a, b) => Number(a.kind === "command") - Number(b.kind === "command")),
    ),
    agents,
    outputStyles: firstOfEach(byScope(extensions.outputStyles, ["managed", "user", "project", "plugin"])),
    outputStyle: styled.findLast(({ outputStyle }) => outputStyle !== undefined)?.outputStyle,
    answerLanguage: styled.findLast(({ answerLanguage }) => answerLanguage !== undefined)?.answerLanguage,
    env: Object.fromEntries(inOrder.flatMap(({ env }) => Object.entries(env))),
    statusLine: inOrder.findLast(({ statusLine }) => statusLine !== undefined)?.statusLine,
    permissions: extensions.settings.map((settings) => ({
      origin: settings.origin,
      isTrusted: isUsable(settings),
      settings,
    })),
  };
}

function withoutRights(skill: Skill): Skill {
  return { ...skill, allowedTools: [] };
}

/** `agents`: of those that there will be, their own. */
function chooseHooks(settings: readonly ImportedSettings[], agents: readonly AgentFile[]): readonly Hook[] {
  const offBy = (scope: Scope): boolean =>
    settings.some(({ origin, isHooksDisabled }) => origin.scope === scope && isHooksDisabled);
  if (offBy("managed")) return [];
  const isManagedOnly = offBy("user") || settings.some((each) => each.isManagedHooksOnly);
  const counting = [...settings, ...agents].filter(
    ({ origin }) =>
      origin.scope === "managed" || (!isManagedOnly && !(origin.scope === "project" && offBy("project"))),
  );
  return byScope(counting, ["managed", "user", "plugin", "project"]).flatMap(({ hooks = [] }) => hooks);
}

function chooseServers(settings: readonly ImportedSettings[]): readonly McpServer[] {
  const off = new Set(settings.flatMap(({ disabledMcpServers }) => disabledMcpServers));
  const servers = byScope(settings, ["managed", "project", "user", "plugin"]).flatMap(
    ({ mcpServers }) => mcpServers,
  );
  return firstOfEach(servers).filter(({ name }) => !off.has(name));
}

function byScope<T extends { readonly origin: Origin }>(all: readonly T[], order: readonly Scope[]): T[] {
  return order.flatMap((scope) => all.filter(({ origin }) => origin.scope === scope));
}

function firstOfEach<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((each) => [each.name, each])).values()].toReversed();
}

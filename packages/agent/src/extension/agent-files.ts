/** Subagents and output styles that stand in Markdown files. */
import { posix } from "node:path";
import { parseMarkdownFile, type Fields } from "./front-matter.ts";
import { filesBelow, isInside, type ExtensionWorld, type Loss, type Origin } from "./reader.ts";
import type { AgentDefinition } from "../agent-definition.ts";
import { isOwnModel } from "../models.ts";
import { parseHooks, type Hook } from "./hooks/definition.ts";
import { toToolName } from "./tool-names.ts";

export interface AgentFile extends AgentDefinition {
  readonly origin: Origin;
  /** Names of tools it may not use, of those it would have. */
  readonly disallowedTools: readonly string[];
  /** They run in its conversations alone; a project's only after trust. */
  readonly hooks?: readonly Hook[];
}

export interface OutputStyle {
  readonly origin: Origin;
  readonly name: string;
  readonly description: string;
  readonly text: string;
  /** Whether what is said of coding stays beside it. */
  readonly keepsCodingInstructions: boolean;
}

const FILE_BYTES_MAX = 64 * 1024;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u;
/** What others do with these fields, Cloister does not; a person who wrote one should know why. */
const foreign: Readonly<Record<string, string>> = {
  memory: "nothing remembers by itself",
  isolation: "a subagent works in the session's own folder; a session may have a worktree",
  initialPrompt: "a subagent begins with its task",
  effort: "how much is thought is the session's to say",
  background: "whoever starts a subagent waits for its report; several may be at work at once",
};

/** Markdown with `name`, `description`, `tools`, `model`, `maxTurns`; the body is the prompt. opencode's name is the file's. */
export async function readAgentFiles(
  world: ExtensionWorld,
  folder: string,
  from: Omit<Origin, "path">,
): Promise<{ readonly agents: readonly AgentFile[]; readonly losses: readonly Loss[] }> {
  const agents: AgentFile[] = [];
  const losses: Loss[] = [];
  for await (const { path, text } of markdownFiles(world, folder, from)) {
    const { fields, body, problem } = parseMarkdownFile(text, world.parseYaml);
    const lose = (subject: string, why: string): number => losses.push({ path, subject, why });
    if (problem !== undefined) lose("head", problem);
    const name = fields.text("name") ?? posix.basename(path, ".md");
    const description = fields.text("description")?.replaceAll(/\s+/gu, " ");
    if (!NAME.test(name) || description === undefined || description === "") {
      lose("subagent", NAME.test(name) ? "it has no description" : `"${name}" is no name for a subagent`);
      continue;
    }
    for (const [field, why] of Object.entries(foreign)) if (fields.raw(field) !== undefined) lose(field, why);
    const model = fields.text("model");
    const tools = toolsOf(fields.raw("tools"), fields.list("tools"));
    const turnsMax = fields.whole("maxTurns", "max_turns", "steps");
    const origin = { ...from, path };
    const fullName = from.plugin === undefined ? name : `${from.plugin.name}:${name}`;
    const hooks = parseHooks(fields.raw("hooks"), {
      ...{ origin, timeoutUnitMs: 1000, eventOf: ownEvent, agent: fullName },
    });
    losses.push(...hooks.losses);
    agents.push({
      origin,
      name: fullName,
      ...(hooks.hooks.length === 0 ? {} : { hooks: hooks.hooks }),
      description,
      prompt: body.trim(),
      ...(tools.allowed === undefined ? {} : { tools: tools.allowed }),
      ...(model === undefined || isOwnModel(model) ? {} : { model }),
      ...(turnsMax === undefined ? {} : { turnsMax }),
      ...narrowing(fields, lose),
      disallowedTools: [...tools.denied, ...(fields.list("disallowedTools") ?? []).map(plainTool)],
    });
  }
  return { agents, losses };
}

/** In a subagent's head `Stop` is its own end. */
function ownEvent(name: string): string | undefined {
  return name === "Stop" ? "SubagentStop" : name;
}

/** They change nothing. */
const ownModes = new Set(["default", "manual", "inherit"]);
const SKILLS_MAX = 10;

/** What a subagent may say of itself beside its tools: it makes it less than the session, or better informed. */
function narrowing(
  fields: Fields,
  lose: (subject: string, why: string) => void,
): Pick<AgentDefinition, "isPlanning" | "mcpServers" | "skills"> {
  const mode = fields.text("permissionMode");
  if (mode !== undefined && mode !== "plan" && !ownModes.has(mode)) {
    lose("permissionMode", `${mode} is for a whole session, and the person's to choose`);
  }
  const raw = fields.raw("mcpServers");
  const servers = fields.list("mcpServers");
  const isList = servers !== undefined && !(Array.isArray(raw) && servers.length < raw.length);
  const isLost = raw !== undefined && !isList;
  if (isLost) lose("mcpServers", "only names of servers are taken; define them in .mcp.json");
  const skills = fields.list("skills");
  const isMany = skills !== undefined && skills.length > SKILLS_MAX;
  if (isMany) lose("skills", `only the first ${SKILLS_MAX} are read`);
  return {
    ...(mode === "plan" ? { isPlanning: true } : {}),
    // What cannot be read narrows all the same: to nothing but what could be.
    ...(raw === undefined ? {} : { mcpServers: servers ?? [] }),
    ...(skills === undefined ? {} : { skills: skills.slice(0, SKILLS_MAX) }),
  };
}

/** A list of names, or opencode's `{write: false}`, which speaks of single tools and leaves the others. */
export function toolsOf(
  raw: unknown,
  list: readonly string[] | undefined,
): { readonly allowed: readonly string[] | undefined; readonly denied: readonly string[] } {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    return { allowed: list?.map(plainTool), denied: [] };
  }
  const off = Object.entries(raw).filter(([, isOn]) => isOn === false);
  return { allowed: undefined, denied: off.map(([name]) => plainTool(name)) };
}

/** `Bash(git *)` in a list of tools names the tool; what it may do is for the rules to say. */
function plainTool(written: string): string {
  return toToolName(written.replace(/\(.*$/su, "").trim());
}

export async function readOutputStyles(
  world: ExtensionWorld,
  folder: string,
  from: Omit<Origin, "path">,
): Promise<readonly OutputStyle[]> {
  const styles: OutputStyle[] = [];
  for await (const { path, text } of markdownFiles(world, folder, from)) {
    const { fields, body } = parseMarkdownFile(text, world.parseYaml);
    styles.push({
      origin: { ...from, path },
      name: fields.text("name") ?? posix.basename(path, ".md"),
      description: fields.text("description") ?? "",
      text: body.trim(),
      keepsCodingInstructions: fields.flag("keep-coding-instructions") === true,
    });
  }
  return styles;
}

/** A link of a project that leads out of it is no file of the project. */
async function* markdownFiles(
  world: ExtensionWorld,
  folder: string,
  { scope }: Omit<Origin, "path">,
): AsyncGenerator<{ readonly path: string; readonly text: string }> {
  const own = world.places.repository ?? world.places.workspace;
  for (const path of await filesBelow(world.files, folder, /\.md$/u)) {
    const file = await world.files.read(path, FILE_BYTES_MAX);
    if (file === undefined || (scope === "project" && !isInside(own, file.realPath))) continue;
    yield { path, text: file.text };
  }
}

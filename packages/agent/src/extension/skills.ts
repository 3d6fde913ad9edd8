/** Skills (`SKILL.md`, agentskills.io) and commands: texts with a name, called by a person or a model. */
import { posix } from "node:path";
import { isRecord, messageOf } from "@cloister/base";
import { parseMarkdownFile, readFields, type Fields, type MarkdownFile } from "./front-matter.ts";
import { isOwnModel } from "../models.ts";
import { filesBelow, isInside, type ExtensionWorld, type Loss, type Origin } from "./reader.ts";
import { toToolName } from "./tool-names.ts";
import { commandsIn, expandTemplate, type Piece, type Template, type TemplateStyle } from "./template.ts";

export interface Skill {
  readonly kind: "skill" | "command";
  readonly origin: Origin;
  /** Without the slash; parts of a name are divided by ":". */
  readonly name: string;
  readonly description: string;
  readonly argumentHint: string | undefined;
  readonly template: Template;
  /** Permission rules that hold while it is followed; a project's count only after trust. */
  readonly allowedTools: readonly string[];
  /** Rules that forbid while it is followed; these count always. */
  readonly disallowedTools: readonly string[];
  /** Whether a model may call it. */
  readonly isForModel: boolean;
  /** Whether a person may. */
  readonly isForPerson: boolean;
  /** It is done by a subagent: of which kind, by which model. */
  readonly fork?: { readonly agent?: string; readonly model?: string };
  /** Commands that run before the model sees the text. */
  readonly commands: readonly string[];
  /** The file as it is, for a person who is asked to trust it. */
  readonly source: string;
}

/** What is needed to use one. */
export type UsableSkill = Omit<Skill, "source">;

export interface ReadSkills {
  readonly skills: readonly Skill[];
  readonly losses: readonly Loss[];
}

const SKILL_BYTES_MAX = 256 * 1024;
const SKILLS_MAX = 300;
const DESCRIPTION_CHARS_MAX = 1536;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u;
/** What others do with these fields, Cloister does not; a person who wrote one should know why. */
const foreign: Readonly<Record<string, string>> = {
  hooks: "hooks stand in settings, and in the heads of subagents",
  background: "a skill is done while one waits for it",
  shell: "commands run in the session's own shell",
  paths: "a skill is for whoever calls it; rules may be for some files",
  effort: "how much is thought is the session's to say",
};

/** Folders with a `SKILL.md`; the folder's name is the skill's. */
export async function readSkills(
  world: ExtensionWorld,
  folder: string,
  from: Omit<Origin, "path">,
): Promise<ReadSkills> {
  const skills: Skill[] = [];
  const losses: Loss[] = [];
  const entries = [...(await world.files.list(folder))].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, kind } of entries.slice(0, SKILLS_MAX)) {
    const path = posix.join(folder, name, "SKILL.md");
    const source = kind === "folder" ? await readOwn(world, path, from, losses) : undefined;
    if (source === undefined) continue;
    if (!NAME.test(name)) {
      losses.push({ path, subject: "skill", why: `"${name}" is no name for a skill` });
      continue;
    }
    const file = parse(world, path, source, losses);
    losses.push(...lossesOf(path, file.fields));
    skills.push(toSkill({ kind: "skill", name, style: "claude", path, source, file, from }));
  }
  return { skills, losses };
}

/** Files `name.md`, and `name.toml` of Gemini; folders become parts of the name. */
export async function readCommands(
  world: ExtensionWorld,
  folder: string,
  from: Omit<Origin, "path">,
  style: TemplateStyle = "claude",
): Promise<ReadSkills> {
  const skills: Skill[] = [];
  const losses: Loss[] = [];
  for (const path of await filesBelow(world.files, folder, /\.(?:md|toml)$/u)) {
    const name = posix
      .relative(folder, path)
      .replace(/\.\w+$/u, "")
      .replaceAll("/", ":");
    if (!name.split(":").every((part) => NAME.test(part))) {
      losses.push({ path, subject: "command", why: `"${name}" is no name for a command` });
      continue;
    }
    const source = await readOwn(world, path, from, losses);
    if (source === undefined) continue;
    const isToml = path.endsWith(".toml");
    const file = isToml ? parseTomlCommand(world, path, source, losses) : parse(world, path, source, losses);
    if (file === undefined) continue;
    losses.push(...lossesOf(path, file.fields));
    const isGemini = isToml || (style === "gemini" && /\{\{args\}\}|[!@]\{/u.test(file.body));
    skills.push(
      toSkill({ kind: "command", name, style: isGemini ? "gemini" : "claude", path, source, file, from }),
    );
  }
  return { skills, losses };
}

/** Undefined where there is none. A link of a project must not show what lies outside it. */
async function readOwn(
  world: ExtensionWorld,
  path: string,
  { scope }: Omit<Origin, "path">,
  losses: Loss[],
): Promise<string | undefined> {
  const file = await world.files.read(path, SKILL_BYTES_MAX);
  if (file === undefined) return undefined;
  const isOutside =
    scope === "project" && !isInside(world.places.repository ?? world.places.workspace, file.realPath);
  if (!isOutside && !file.isCut) return file.text;
  const why = isOutside ? "it is a link that leads out of the project" : "it is larger than 256 KiB";
  losses.push({ path, subject: "file", why });
  return undefined;
}

function parse(world: ExtensionWorld, path: string, source: string, losses: Loss[]): MarkdownFile {
  const file = parseMarkdownFile(source, world.parseYaml);
  if (file.problem !== undefined) losses.push({ path, subject: "head", why: file.problem });
  return file;
}

function parseTomlCommand(
  world: ExtensionWorld,
  path: string,
  source: string,
  losses: Loss[],
): MarkdownFile | undefined {
  try {
    const value = world.parseToml(source);
    if (isRecord(value) && typeof value["prompt"] === "string") {
      return { fields: readFields(value), body: value["prompt"] };
    }
    losses.push({ path, subject: "prompt", why: "it has none" });
  } catch (error) {
    losses.push({ path, subject: "command", why: messageOf(error).split("\n", 1)[0] ?? "" });
  }
  return undefined;
}

interface Parts {
  readonly kind: Skill["kind"];
  readonly name: string;
  readonly style: TemplateStyle;
  readonly path: string;
  readonly source: string;
  readonly file: MarkdownFile;
  readonly from: Omit<Origin, "path">;
}

export function toSkill({ kind, name, style, path, source, file, from }: Parts): Skill {
  const { fields, body } = file;
  const names = fields.list("arguments")?.flatMap((each) => each.split(/\s+/u)) ?? [];
  const template: Template = { text: body.trim(), style, firstNumber: kind === "skill" ? 0 : 1, names };
  return {
    kind,
    origin: { ...from, path },
    name: from.plugin === undefined ? name : `${from.plugin.name}:${name}`,
    description: describe(fields, body),
    argumentHint: fields.text("argument-hint"),
    template,
    allowedTools: toolRules(fields.list("allowed-tools")),
    disallowedTools: toolRules(fields.list("disallowed-tools")),
    ...forkOf(fields),
    isForModel: fields.flag("disable-model-invocation") !== true,
    isForPerson: fields.flag("user-invocable") !== false,
    commands: commandsIn(template),
    source,
  };
}

function forkOf(fields: Fields): Pick<Skill, "fork"> {
  if (fields.text("context") !== "fork") return {};
  const agent = fields.text("agent");
  const model = fields.text("model");
  return {
    fork: {
      ...(agent === undefined ? {} : { agent }),
      ...(model === undefined || isOwnModel(model) ? {} : { model }),
    },
  };
}

function lossesOf(path: string, fields: Fields): readonly Loss[] {
  const lost = Object.entries(foreign).filter(([field]) => fields.raw(field) !== undefined);
  const context = fields.text("context");
  const model = fields.text("model");
  const inPlace: [string, string][] = [];
  if (context !== "fork") {
    if (context !== undefined) inPlace.push(["context", `"${context}" is none: there is "fork"`]);
    if (fields.raw("agent") !== undefined) inPlace.push(["agent", "only with `context: fork`"]);
    // The conversation would be read anew by the other model, all of it, and shown to whoever runs that.
    const isOther = model !== undefined && !isOwnModel(model);
    if (isOther) inPlace.push(["model", "another model does a skill only with `context: fork`"]);
  }
  return [...lost, ...inPlace].map(([subject, why]) => ({ path, subject, why }));
}

/** agentskills.io divides them by blanks, Claude Code by commas; blanks in brackets belong to their rule. */
function toolRules(list: readonly string[] = []): readonly string[] {
  return list.flatMap((each) => each.match(/(?:\([^()]*\)|[^\s(]|\()+/gu) ?? []).map(toOwnRule);
}

function toOwnRule(written: string): string {
  const [, name = "", rest = ""] = /^([^(]*)(.*)$/su.exec(written) ?? [];
  return toToolName(name) + rest;
}

/** One line; without a description, the first line of the text says what it is about. */
function describe(fields: Fields, body: string): string {
  const firstLine = body.split("\n").find((line) => line.trim() !== "") ?? "";
  const about = fields.text("description") ?? firstLine.replace(/^#+\s*/u, "");
  const when = fields.text("when_to_use", "when-to-use");
  const all = when === undefined ? about : `${about} ${when}`;
  return all.replaceAll(/\s+/gu, " ").trim().slice(0, DESCRIPTION_CHARS_MAX).toWellFormed();
}

const HEADING =
  'Skills: when one fits the task, get its text with UseTool {"name": "Skill", "arguments": {"skill": NAME, "args": TEXT}}. By name:';
const SHORTEST_CHARS = 40;

/**
 * What a model is told of the skills it may call, in at most `charsMax` characters: descriptions are shortened alike,
 * then left out, then the last names are. The order is that of the list: the same skills are the same bytes.
 */
export function formatSkillListing(skills: readonly UsableSkill[], charsMax: number): string | undefined {
  const listed = skills.filter(({ isForModel }) => isForModel);
  if (listed.length === 0) return undefined;
  const fits = (lines: readonly string[]): boolean => [HEADING, ...lines].join("\n").length <= charsMax;
  for (let chars = DESCRIPTION_CHARS_MAX; chars >= SHORTEST_CHARS; chars = Math.floor(chars * 0.8)) {
    const lines = listed.map(({ name, description }) => `- ${name}: ${cut(description, chars)}`);
    if (fits(lines)) return [HEADING, ...lines].join("\n");
  }
  const names = listed.map(({ name }) => `- ${name}`);
  while (names.length > 0 && !fits([...names, "- and 999 more"])) names.pop();
  const left = listed.length - names.length;
  return names.length === 0
    ? undefined
    : [HEADING, ...names, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n");
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1).toWellFormed()}…`;
}

export interface SkillCall {
  readonly args: string;
  readonly workspace: string;
  readonly sessionId: string;
}

/** The text of one, in pieces; commands and files in it are for the caller to get, commands only with a person's trust. */
export function expandSkill(skill: UsableSkill, { args, workspace, sessionId }: SkillCall): Piece[] {
  const folder = posix.dirname(skill.origin.path);
  const { plugin } = skill.origin;
  const variables = {
    CLAUDE_SKILL_DIR: folder,
    CLAUDE_PROJECT_DIR: workspace,
    CLAUDE_SESSION_ID: sessionId,
    ...(plugin === undefined ? {} : { CLAUDE_PLUGIN_ROOT: plugin.folder }),
  };
  const pieces = expandTemplate(skill.template, { args, variables });
  if (skill.kind === "command") return pieces;
  return [{ kind: "text", text: `The files of this skill are in ${folder}\n\n` }, ...pieces];
}

/** By its name, or by the last part of it when only one has that: `/component` for `frontend:component`. */
export function findSkill<T extends UsableSkill>(skills: readonly T[], name: string): T | undefined {
  const exact = skills.find((skill) => skill.name === name);
  if (exact !== undefined) return exact;
  const alike = skills.filter((skill) => skill.name.endsWith(`:${name}`));
  return alike.length === 1 ? alike[0] : undefined;
}

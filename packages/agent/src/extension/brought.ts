/** What of the chosen extensions a session is given: plain values, for they are read in one process and used in another. */
import { posix } from "node:path";
import type { FileRange } from "../tools/tool.ts";
import type { AgentDefinition } from "../agent-definition.ts";
import type { OutputStyle } from "./agent-files.ts";
import type { ChosenExtensions, Extensions } from "./extensions.ts";
import type { Hook } from "./hooks/definition.ts";
import type { Occasion } from "./hooks/events.ts";
import { parseMatcher } from "./hooks/matcher.ts";
import { formatInstructionFiles, type Instruction } from "./instruction-files.ts";
import type { PathRule } from "./path-rules.ts";
import { isInside, type ExtensionPlaces, type Loss, type Origin } from "./reader.ts";
import type { Skill, UsableSkill } from "./skills.ts";

export interface BroughtExtensions {
  readonly sessionId: string;
  readonly places: { readonly workspace: string; readonly home: string | undefined };
  /** One message behind the system prompt. */
  readonly instructions?: BroughtText;
  /** The output style, in words. */
  readonly style?: string;
  /** That the model is to answer in. */
  readonly answerLanguage?: string;
  /** Real paths of the instruction files that are in it, so that none is told twice. */
  readonly told: readonly string[];
  /** For some files only. */
  readonly rules: readonly PathRule[];
  readonly skills: readonly UsableSkill[];
  readonly hooks: readonly BroughtHook[];
  /** Real paths beside the workspace that its tools may read. */
  readonly opened: readonly string[];
}

/** A file whose text is given, by its real path. */
export type LoadedFile = Omit<Extract<Occasion, { event: "InstructionsLoaded" }>, "event">;

export interface BroughtText {
  readonly text: string;
  /** For the record of what was shown, where they are of the workspace. */
  readonly files: readonly FileRange[];
  /** Every file in it, as a person knows it. */
  readonly names: readonly string[];
  /** The same for hooks that are told of them. */
  readonly loaded?: readonly LoadedFile[];
}

/** By `id` the keeper knows which program is meant: it starts no other. */
export interface BroughtHook extends Omit<Hook, "matcher"> {
  readonly id: string;
  readonly matcher: string;
}

/** All texts of skills together, in characters; one line brings them to the agent. */
const SKILLS_CHARS_MAX = 1024 * 1024;

/** Named by its place among the hooks: the same on both sides. */
export function toBroughtHook(hook: Hook, index: number): BroughtHook {
  const matcher = hook.matcher.kind === "all" ? "*" : hook.matcher.written;
  return { ...hook, id: `hook-${index + 1}`, matcher };
}

interface Surroundings extends Pick<BroughtExtensions, "sessionId" | "opened"> {
  readonly places: ExtensionPlaces;
}

export function toBrought(
  extensions: Extensions,
  chosen: ChosenExtensions,
  { places, sessionId, opened }: Surroundings,
): BroughtExtensions {
  const { workspace, home } = places;
  const always = extensions.rules.filter(({ paths }) => paths === undefined);
  const all = [...extensions.instructions, ...always.map(toInstruction)];
  const files = all.flatMap((each) => each.files);
  const style = styleOf(chosen);
  return {
    sessionId,
    places: { workspace, home },
    ...(all.length === 0
      ? {}
      : {
          instructions: {
            text: formatInstructionFiles(all, places),
            files: files
              .filter(({ path }) => isInside(workspace, path))
              .map(({ path, lines }) => ({ path: posix.relative(workspace, path), from: 1, to: lines })),
            names: files.map(({ path }) => shownName(path, places)),
            loaded: all.flatMap((each) => loadedFiles(each, { workspace, home })),
          },
        }),
    ...(style === undefined ? {} : { style: style.text }),
    ...(chosen.answerLanguage === undefined ? {} : { answerLanguage: chosen.answerLanguage }),
    told: files.map(({ path }) => path),
    rules: extensions.rules.filter(({ paths }) => paths !== undefined),
    skills: fitting(chosen.skills),
    hooks: chosen.hooks.map(toBroughtHook),
    opened,
  };
}

/** What was chosen and has no effect here, or another one than its author meant. */
export function lossesOf(chosen: ChosenExtensions): readonly Loss[] {
  const { outputStyle, skills } = chosen;
  const isStyleLost = outputStyle !== undefined && outputStyle !== "default" && styleOf(chosen) === undefined;
  const fit = new Set(fitting(skills).map(({ name }) => name));
  const lost = (of: { readonly origin: Origin }, subject: string, why: string): Loss => ({
    ...{ path: of.origin.path, subject, why },
  });
  return [
    ...(isStyleLost
      ? [{ path: "settings", subject: `outputStyle: ${outputStyle}`, why: "there is no such style" }]
      : []),
    ...skills
      .filter(({ name }) => !fit.has(name))
      .map((skill) => lost(skill, skill.name, "all skills together are too large")),
  ];
}

function styleOf({ outputStyles, outputStyle }: ChosenExtensions): OutputStyle | undefined {
  return outputStyles.find(({ name }) => name === outputStyle);
}

/** The hooks as they were, each with its id. */
export function hooksOf({ hooks }: BroughtExtensions): readonly (Hook & { readonly id: string })[] {
  return hooks.map((hook) => ({ ...hook, matcher: parseMatcher(hook.matcher) }));
}

/** Subagents that files define; what one may not use is taken from what it has. */
export function toAgents({ agents }: ChosenExtensions): readonly AgentDefinition[] {
  return agents.map(({ name, description, prompt, tools, model, turnsMax, disallowedTools, ...more }) => ({
    name,
    description,
    prompt,
    ...(tools === undefined ? {} : { tools: tools.filter((tool) => !disallowedTools.includes(tool)) }),
    ...(disallowedTools.length === 0 ? {} : { disallowedTools }),
    ...(model === undefined ? {} : { model }),
    ...(turnsMax === undefined ? {} : { turnsMax }),
    ...(more.isPlanning === true ? { isPlanning: true } : {}),
    ...(more.mcpServers === undefined ? {} : { mcpServers: more.mcpServers }),
    ...(more.skills === undefined ? {} : { skills: more.skills }),
  }));
}

function fitting(skills: readonly Skill[]): readonly UsableSkill[] {
  let left = SKILLS_CHARS_MAX;
  return skills.flatMap(({ source, ...skill }): UsableSkill[] => {
    left -= source.length;
    return left >= 0 ? [skill] : [];
  });
}

/** Itself first, and what it imports. */
export function loadedFiles(
  { origin, files }: Instruction,
  { workspace, home }: BroughtExtensions["places"],
): readonly LoadedFile[] {
  const whose = (path: string): LoadedFile["memory"] => {
    if (origin.scope === "managed") return "Managed";
    if (isInside(workspace, path)) return path.endsWith(".local.md") ? "Local" : "Project";
    return home !== undefined && isInside(home, path) ? "User" : "Project";
  };
  const [own] = files;
  return files.map((file) => ({
    path: file.path,
    memory: whose(file.path),
    ...(file === own || own === undefined
      ? { reason: "session_start" }
      : { reason: "include", parent: own.path }),
  }));
}

/** A rule is told as the instructions of its file. */
export function toInstruction({ origin, text }: PathRule): Instruction {
  return { origin, text, files: [{ path: origin.path, lines: text.split("\n").length }] };
}

function shownName(path: string, { workspace, home }: ExtensionPlaces): string {
  if (isInside(workspace, path)) return posix.relative(workspace, path);
  return home !== undefined && isInside(home, path) ? `~/${posix.relative(home, path)}` : path;
}

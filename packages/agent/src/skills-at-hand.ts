/** The skills and commands of a session, used by a model through the tool Skill, or by a person with `/name`. */
import type { ChatMessage } from "@cloister/wire";
import type { BroughtExtensions } from "./extension/brought.ts";
import { expandSkill, findSkill, type UsableSkill } from "./extension/skills.ts";
import { expandPieces, type Expanded } from "./expand.ts";
import { hookNotes } from "./history.ts";
import type { HookPoints } from "./hook-points.ts";
import { refusal, type SkillWish, type ToolResult, type ToolWorld } from "./tools/tool.ts";

/** Has a subagent do what a skill says; its report. Rejects only when the signal is aborted. */
export type Fork = (task: ForkTask, signal: AbortSignal) => Promise<ToolResult>;

export interface ForkTask {
  readonly description: string;
  readonly prompt: string;
  /** A kind of subagent; undefined: the general one. */
  readonly agent: string | undefined;
  readonly model: string | undefined;
  /** What the skill says, with its origin. */
  readonly said: ChatMessage;
}

export interface SkillSurroundings {
  readonly world: ToolWorld;
  readonly fork: Fork;
}

export interface SkillsAtHand {
  /** For a model. */
  give(wish: SkillWish, around: SkillSurroundings, signal: AbortSignal): Promise<ToolResult>;
  /** For a person's `/name args`; undefined where the text calls none. */
  called(text: string): CalledSkill | undefined;
}

export interface CalledSkill {
  readonly name: string;
  expand(around: SkillSurroundings, signal: AbortSignal): Promise<SkillMessage>;
}

export type SkillMessage =
  | { readonly kind: "messages"; readonly messages: readonly ChatMessage[] }
  | { readonly kind: "failed"; readonly why: string };

const NAMES_SHOWN_MAX = 50;

export function createSkills(
  brought: BroughtExtensions | undefined,
  hooks: Pick<HookPoints, "expansion">,
): SkillsAtHand {
  const { skills = [], places, sessionId = "" } = brought ?? {};
  const workspace = places?.workspace ?? "";
  const expand = (
    skill: UsableSkill,
    args: string,
    world: ToolWorld,
    signal: AbortSignal,
  ): Promise<Expanded> => expandPieces(expandSkill(skill, { args, workspace, sessionId }), world, signal);

  return {
    give: async ({ name, args }, { world, fork }, signal) => {
      const offered = skills.filter(({ isForModel }) => isForModel);
      const skill = findSkill(offered, name.replace(/^\//u, ""));
      if (skill === undefined) {
        const names = offered.slice(0, NAMES_SHOWN_MAX).map((each) => each.name);
        return refusal(`There is no skill "${name}". There are: ${names.join(", ") || "none"}.`);
      }
      const expanded = await expand(skill, args, world, signal);
      if (expanded.kind === "failed") {
        return refusal(`The skill ${skill.name} could not be used: ${expanded.why}`);
      }
      return skill.fork === undefined
        ? { ok: true, text: expanded.text, sources: expanded.files }
        : fork(toTask(skill, args, expanded), signal);
    },
    called: (text) => {
      const [, name, args = ""] =
        /^\/([\p{L}\p{N}][\p{L}\p{N}._:-]*)(?:\s+([^]*))?$/u.exec(text.trim()) ?? [];
      const offered = skills.filter(({ isForPerson }) => isForPerson);
      const skill = name === undefined ? undefined : findSkill(offered, name);
      if (skill === undefined) return undefined;
      return {
        name: skill.name,
        expand: async ({ world, fork }, signal) => {
          const about = { command: skill.name, args, source: skill.origin.scope, prompt: text };
          const opinion = await hooks.expansion(about, signal);
          if (opinion.kind === "refused") return { kind: "failed", why: opinion.why };
          const expanded = await expand(skill, args, world, signal);
          if (expanded.kind === "failed") return expanded;
          const message =
            skill.fork === undefined
              ? toMessage(skill, expanded)
              : toReport(skill, await fork(toTask(skill, args, expanded), signal));
          return { kind: "messages", messages: [message, ...hookNotes(opinion.context)] };
        },
      };
    },
  };
}

/** In the person's place, but with its origin: a checkout's file says it, not they. */
function toMessage(skill: UsableSkill, { text, files, hasOutput }: Expanded & { kind: "text" }): ChatMessage {
  const content = `The ${skill.kind} /${skill.name} says:\n\n${text}`;
  const source = hasOutput ? "command" : "file";
  return { role: "user", content, cloister: files.length === 0 ? { source } : { source, files } };
}

function toTask(skill: UsableSkill, args: string, expanded: Expanded & { kind: "text" }): ForkTask {
  const { agent, model } = skill.fork ?? {};
  const on = args.trim() === "" ? "" : ` It was called with: ${args}`;
  return {
    description: `${skill.kind} ${skill.name}`,
    prompt: `Do what the ${skill.kind} ${skill.name}, above, says.${on}`,
    ...{ agent, model },
    said: toMessage(skill, expanded),
  };
}

/** For the conversation in which a person called it. */
function toReport(skill: UsableSkill, { ok, text }: ToolResult): ChatMessage {
  const head = ok
    ? `A subagent did what the ${skill.kind} /${skill.name} says. Tell the user what came of it. Its report:`
    : `The ${skill.kind} /${skill.name} was to be done by a subagent, which was not finished:`;
  return { role: "user", content: `${head}\n\n${text}`, cloister: { source: "tool", tool: "Task" } };
}

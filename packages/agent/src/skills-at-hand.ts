/** The skills and commands of a session, used by a model through the tool Skill, or by a person with `/name`. */
import type { ChatMessage } from "@cloister/wire";
import type { BroughtExtensions } from "./extension/brought.ts";
import { expandSkill, findSkill, type UsableSkill } from "./extension/skills.ts";
import { expandPieces, type Expanded } from "./expand.ts";
import { refusal, type SkillWish, type ToolResult, type ToolWorld } from "./tools/tool.ts";

export interface SkillsAtHand {
  /** For a model. */
  give(wish: SkillWish, world: ToolWorld, signal: AbortSignal): Promise<ToolResult>;
  /** For a person's `/name args`; undefined where the text calls none. */
  called(text: string): CalledSkill | undefined;
}

export interface CalledSkill {
  readonly name: string;
  expand(world: ToolWorld, signal: AbortSignal): Promise<SkillMessage>;
}

export type SkillMessage =
  | { readonly kind: "message"; readonly message: ChatMessage }
  | { readonly kind: "failed"; readonly why: string };

const NAMES_SHOWN_MAX = 50;

export function createSkills(brought: BroughtExtensions | undefined): SkillsAtHand {
  const { skills = [], places, sessionId = "" } = brought ?? {};
  const workspace = places?.workspace ?? "";
  const expand = (
    skill: UsableSkill,
    args: string,
    world: ToolWorld,
    signal: AbortSignal,
  ): Promise<Expanded> => expandPieces(expandSkill(skill, { args, workspace, sessionId }), world, signal);

  return {
    give: async ({ name, args }, world, signal) => {
      const offered = skills.filter(({ isForModel }) => isForModel);
      const skill = findSkill(offered, name.replace(/^\//u, ""));
      if (skill === undefined) {
        const names = offered.slice(0, NAMES_SHOWN_MAX).map((each) => each.name);
        return refusal(`There is no skill "${name}". There are: ${names.join(", ") || "none"}.`);
      }
      const expanded = await expand(skill, args, world, signal);
      return expanded.kind === "failed"
        ? refusal(`The skill ${skill.name} could not be used: ${expanded.why}`)
        : { ok: true, text: expanded.text, sources: expanded.files };
    },
    called: (text) => {
      const [, name, args = ""] =
        /^\/([\p{L}\p{N}][\p{L}\p{N}._:-]*)(?:\s+([^]*))?$/u.exec(text.trim()) ?? [];
      const offered = skills.filter(({ isForPerson }) => isForPerson);
      const skill = name === undefined ? undefined : findSkill(offered, name);
      if (skill === undefined) return undefined;
      return {
        name: skill.name,
        expand: async (world, signal) => {
          const expanded = await expand(skill, args, world, signal);
          return expanded.kind === "failed"
            ? expanded
            : { kind: "message", message: toMessage(skill, expanded) };
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

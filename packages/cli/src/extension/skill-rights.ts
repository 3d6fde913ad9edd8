/**
 * What skills and commands bring with them (`allowed-tools`, `disallowed-tools`), in force from their use until the
 * person's next message. The keeper sees both: a model's call of `Skill` in its answer, a person's `/name` as it is
 * sent. What an untrusted project's skill would allow was taken from it before it came here.
 */
import { dirname } from "node:path";
import { findSkill, type ChosenExtensions } from "@cloister/agent/extensions";
import type { Judgement } from "@cloister/airlock";
import { parseRules } from "@cloister/policy";

type Skill = ChosenExtensions["skills"][number];

export interface SkillRights {
  /** A message of the person's is on its way. */
  readonly onMessage: (text: string) => void;
}

/** A rule that cannot be read is told to `onProblem`, once for each use, and the others hold. */
export function openSkillRights(
  skills: readonly Skill[],
  judgement: Pick<Judgement, "grant" | "endGrants" | "onSkill">,
  onProblem: (text: string) => void,
): SkillRights {
  const use = (skill: Skill | undefined): void => {
    if (skill === undefined || skill.allowedTools.length + skill.disallowedTools.length === 0) return;
    const { rules, problems } = parseRules(
      { allow: skill.allowedTools, deny: skill.disallowedTools },
      { origin: skill.origin.path, root: dirname(skill.origin.path), isTrusted: true },
    );
    for (const { text, why } of problems) onProblem(`${skill.origin.path}: ${text} is passed over: ${why}`);
    judgement.grant(rules);
  };
  const forModel = skills.filter(({ isForModel }) => isForModel);
  const forPerson = skills.filter(({ isForPerson }) => isForPerson);
  judgement.onSkill = (name) => use(findSkill(forModel, name.replace(/^\//u, "")));
  return {
    onMessage: (text) => {
      judgement.endGrants();
      const [, name] = /^\/([\p{L}\p{N}][\p{L}\p{N}._:-]*)(?:\s|$)/u.exec(text.trim()) ?? [];
      if (name !== undefined) use(findSkill(forPerson, name));
    },
  };
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { createJudgement } from "@cloister/airlock";
import type { ChosenExtensions } from "@cloister/agent/extensions";
import { openSkillRights } from "./skill-rights.ts";

type Skill = ChosenExtensions["skills"][number];

const skill = (name: string, more: Partial<Skill> = {}): Skill => ({
  ...{ kind: "skill", name, description: "", argumentHint: undefined, commands: [], source: "" },
  origin: { scope: "user", path: `/home/me/.claude/skills/${name}/SKILL.md` },
  template: { text: "", style: "claude", firstNumber: 0, names: [] },
  ...{ isForModel: true, isForPerson: true, allowedTools: [], disallowedTools: [] },
  ...more,
});

test("a skill's rules hold from its use, by model or person, until the next message", () => {
  const judgement = createJudgement({ askFor: "all", approve: () => Promise.resolve("no") });
  const problems: string[] = [];
  const skills = [
    skill("commit", { allowedTools: ["Bash(git *)", "Bash()"], disallowedTools: ["Bash(git push *)"] }),
    skill("mine", { allowedTools: ["Bash(make *)"], isForModel: false }),
  ];
  const { onMessage } = openSkillRights(skills, judgement, (text) => problems.push(text));
  const verdict = (text: string): string =>
    judgement.permit({ tool: "Bash", text, isReading: false }, "/w").verdict;
  assert.equal(verdict("git add a"), "ask");
  judgement.onSkill?.("commit");
  assert.deepEqual(["git add a", "git push x", "make x"].map(verdict), ["allow", "deny", "ask"]);
  assert.match(problems.join(), /commit\/SKILL\.md: Bash\(\) is passed over/);
  onMessage("go on");
  assert.equal(verdict("git add a"), "ask");
  onMessage("/mine all");
  assert.deepEqual(["git add a", "make x"].map(verdict), ["ask", "allow"]);
  onMessage("/nothing");
  judgement.onSkill?.("mine");
  assert.equal(verdict("make x"), "ask", "a model may not use it");
});

/** For tests: what a project brings, as the keeper would have read it. */
import { toBroughtHook, type BroughtExtensions } from "./extension/brought.ts";
import { parseHooks } from "./extension/hooks/definition.ts";
import { toSkill, type UsableSkill } from "./extension/skills.ts";
import { readFields } from "./extension/front-matter.ts";

export interface BroughtInTests extends Partial<BroughtExtensions> {
  /** As settings write them: `{Event: [{matcher, hooks: [handler]}]}`. */
  readonly hookSettings?: unknown;
  readonly isManaged?: boolean;
}

export function bringInTests(
  workspace: string,
  files: Readonly<Record<string, string>>,
  { hookSettings, isManaged = false, ...more }: BroughtInTests,
): BroughtExtensions {
  const text = files["AGENTS.md"];
  const scope = isManaged ? "managed" : "project";
  const { hooks } = parseHooks(hookSettings, {
    origin: { scope, path: `${workspace}/.claude/settings.json` },
  });
  return {
    sessionId: "session",
    places: { workspace, home: undefined },
    ...(text === undefined
      ? {}
      : {
          instructions: {
            text: `Instructions of this project, from AGENTS.md:\n\n${text.trimEnd()}`,
            files: [{ path: "AGENTS.md", from: 1, to: text.trimEnd().split("\n").length }],
            names: ["AGENTS.md"],
          },
        }),
    told: text === undefined ? [] : [`${workspace}/AGENTS.md`],
    rules: [],
    opened: [],
    skills: [],
    hooks: hooks.map(toBroughtHook),
    ...more,
  };
}

export function skillInTests(kind: "skill" | "command", name: string, body: string): UsableSkill {
  const file = { fields: readFields({ description: `about ${name}` }), body };
  const from = { scope: "project" } as const;
  return toSkill({ kind, name, style: "claude", path: `/w/.claude/${name}.md`, source: "", file, from });
}

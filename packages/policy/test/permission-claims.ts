import assert from "node:assert/strict";
import { test } from "node:test";
import { decidePermission } from "../src/permissions/decide.ts";
import type { PermissionMode } from "../src/permissions/modes.ts";
import { parseRules, type RuleLists } from "../src/permissions/rules.ts";

const places = { workspace: "/proj", home: "/home/me" };

function verdictOf(command: string, lists: RuleLists = {}, mode: PermissionMode = "default"): string {
  const { rules, problems } = parseRules(lists, { isTrusted: true });
  assert.deepEqual(problems, []);
  const facts = { tool: "Bash", text: command, places, canAsk: true };
  return decidePermission(rules, mode, facts).verdict;
}

export interface Group {
  readonly rules?: RuleLists;
  readonly mode?: PermissionMode;
  readonly allow?: readonly string[];
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
}

/** A test of what each command comes to under the same rules. */
export function claim(name: string, group: Group): void {
  test(name, () => {
    const wrong: string[] = [];
    for (const verdict of ["allow", "ask", "deny"] as const) {
      for (const command of group[verdict] ?? []) {
        const found = verdictOf(command, group.rules, group.mode);
        if (found !== verdict) wrong.push(`${verdict}, not ${found}: ${command.slice(0, 200)}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { decidePermission, weighPermission, type PermissionFacts } from "./decide.ts";
import type { PermissionMode } from "./modes.ts";
import { parseRules, type RuleLists } from "./rules.ts";

function facts(tool: string, text: string): PermissionFacts {
  return { tool, text, places: { workspace: "/proj", home: "/home/me" }, canAsk: true };
}

function weigh(lists: RuleLists, mode: PermissionMode, tool: string, text: string): readonly string[] {
  const { verdict, by } = weighPermission(
    parseRules(lists, { isTrusted: true }).rules,
    mode,
    facts(tool, text),
  );
  return [verdict, by];
}

test("no rule of any kind writes or runs something in plan mode", () => {
  for (const lists of [
    { allow: ["Edit", "Bash", "Bash(npm test)"] },
    { endorsed: ["Edit", "Bash", "Bash(npm test)"] },
    { endorsed: ["Edit(a)", "Bash(npm *)"] },
  ]) {
    const { rules } = parseRules(lists, { isTrusted: true });
    for (const [tool, text] of [
      ["Edit", "a"],
      ["Write", "a"],
      ["Bash", "npm test"],
      ["Bash", "echo x > a"],
      ["Bash", "$X"],
    ] as const) {
      assert.equal(decidePermission(rules, "plan", facts(tool, text)).verdict, "deny", `${tool} ${text}`);
    }
    assert.equal(decidePermission(rules, "plan", facts("Bash", "git log")).verdict, "allow");
    assert.equal(decidePermission(rules, "plan", facts("Read", "a")).verdict, "allow");
  }
});

test("a rule speaks for a line only where each part of it has one", () => {
  const endorsed = ["Bash(git push *)"];
  assert.deepEqual(weigh({ endorsed }, "default", "Bash", "git push origin"), ["allow", "rule"]);
  assert.deepEqual(weigh({ endorsed }, "default", "Bash", "git push origin && ls"), ["allow", "reading"]);
  assert.deepEqual(weigh({ endorsed }, "default", "Bash", "ls && git push origin"), ["allow", "reading"]);
});

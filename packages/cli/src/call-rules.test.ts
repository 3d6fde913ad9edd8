import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInPolicy, parsePolicy } from "@cloister/policy";
import { parseCallRules, refuseBypass } from "./call-rules.ts";

test("a policy can forbid to allow everything, and then nothing starts", () => {
  const parsed = parsePolicy({ version: 1, settings: { "permissions.bypass": { mandatory: false } } });
  assert.ok(parsed.kind === "policy");
  for (const text of ["*", "**", "*(*)"]) {
    const rules = parseCallRules("--allow", [text]);
    assert.throws(() => refuseBypass(parsed.policy, rules), { code: "bypass-forbidden" }, text);
    refuseBypass(builtInPolicy, rules);
  }
  refuseBypass(parsed.policy, parseCallRules("--allow", ["Bash", "Edit(src/**)"]));
});

test("what is no rule is an error of usage that shows some", () => {
  assert.throws(() => parseCallRules("--deny", ["Bash("]), { code: "usage", next: /Bash\(git push\*\)/ });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { decidePermission } from "@cloister/policy";
import { flagRules, readPermissions } from "./read-permissions.ts";

const block = {
  allow: ["Bash(npm test)", "Read(/docs/**)"],
  ask: ["Bash(git push *)"],
  deny: ["Read(.env)"],
  defaultMode: "acceptEdits",
  additionalDirectories: ["/else"],
  disableBypassPermissionsMode: "disable",
};

function verdictOf(rules: Parameters<typeof decidePermission>[0], text: string): string {
  const places = { workspace: "/work", home: undefined };
  return decidePermission(rules, "default", { tool: "Bash", text, places, canAsk: true }).verdict;
}

test("a settings file's block becomes rules, a mode and folders", () => {
  const found = readPermissions(block, { origin: "settings.json", isTrusted: true });
  assert.deepEqual(
    [found.mode, found.forbidden, found.opened, found.problems],
    ["acceptEdits", ["bypass"], ["/else"], []],
  );
  assert.deepEqual(
    ["npm test", "git push", "cat .env"].map((text) => verdictOf(found.rules, text)),
    ["allow", "ask", "deny"],
  );
});

test("a block that nobody trusts forbids and opens nothing", () => {
  const found = readPermissions(block, { isTrusted: false });
  assert.deepEqual([found.mode, found.forbidden, found.opened], [undefined, ["bypass"], []]);
  assert.deepEqual(
    ["npm test", "git push", "cat .env"].map((text) => verdictOf(found.rules, text)),
    ["ask", "ask", "deny"],
  );
});

test("what cannot be read is named, and the rest holds", () => {
  const found = readPermissions(
    { deny: ["Bash(rm *)", 7, "Bash("], allow: "Bash", defaultMode: "auto", denny: [] },
    { isTrusted: true },
  );
  assert.deepEqual(
    found.problems.map(({ text }) => text),
    ["denny", "deny", "allow", 'defaultMode: "auto"', "Bash("],
  );
  assert.equal(verdictOf(found.rules, "rm x"), "deny");
  assert.equal(readPermissions([], { isTrusted: true }).problems.length, 1);
  assert.deepEqual(readPermissions(undefined, { isTrusted: true }).problems, []);
});

test("flags allow what would be asked, and not what is denied", () => {
  const rules = flagRules({ allow: ["Bash(git push *)", "Bash(rm *)"], deny: ["Bash(rm *)"] });
  assert.deepEqual(
    ["git push", "rm x", "make"].map((text) => verdictOf(rules, text)),
    ["allow", "deny", "ask"],
  );
  assert.throws(() => flagRules({ allow: ["Bash("], deny: [] }), { code: "usage" });
  assert.throws(() => flagRules({ allow: ["*"], deny: [] }), { code: "usage" });
});

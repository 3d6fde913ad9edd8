import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRules } from "@cloister/policy";
import { hiddenByRules, openUnreadable, toUnreadable } from "./unreadable.ts";

const rulesOf = (...deny: string[]): Parameters<typeof toUnreadable>[0] =>
  parseRules({ deny }, { origin: "a file", root: "/w", isTrusted: false }).rules;

test("what a rule forbids to read is withheld from tools that look at many files, and nothing else is", () => {
  const files = toUnreadable(
    rulesOf("Read(private/**)", "Read(/top.txt)", "Edit(src/**)", "Bash(ls)", "Read(~/w/own/**)"),
    "/home/a",
  );
  const hidden = openUnreadable("/w", JSON.parse(JSON.stringify(files)) as typeof files);
  const found = ["private/a.txt", "deep/private/a.txt", "top.txt", "deep/top.txt", "src/a.ts", "own/a"];
  assert.deepEqual(
    found.filter((path) => hidden(path) !== undefined),
    ["private/a.txt", "deep/private/a.txt", "top.txt"],
  );
  assert.deepEqual(hidden("top.txt"), { path: "top.txt", reason: "Read(/top.txt)", by: "permission" });
});

test("where no rule speaks of reading a path there is nothing to tell the agent", () => {
  assert.equal(toUnreadable(rulesOf("Edit(a)", "Bash(rm *)", "mcp__a"), "/home/a"), undefined);
  assert.equal(openUnreadable("/w", undefined)("a"), undefined);
});

test("a rule for all that is in a folder hides the folder; one for some of it, those files", () => {
  const rules = rulesOf("Read(private/**)", "Read(/a/*/deep/**)", "Read(*.pem)", "Edit(src/**)");
  const hides = hiddenByRules(rules, { workspace: "/w", home: "/home/a" });
  assert.equal(hides?.("/w/private", true), "Read(private/**)");
  assert.equal(hides?.("/w/x/private", true), "Read(private/**)");
  for (const folder of ["/w/a", "/w/a/b", "/w/src", "/w", "/w/privates"]) {
    assert.equal(hides?.(folder, true), undefined, folder);
  }
  assert.equal(hides?.("/w/a/b/deep", true), "Read(/a/*/deep/**)");
  assert.equal(hides?.("/w/private", false), undefined);
  assert.equal(hides?.("/w/x/a.pem", false), "Read(*.pem)");
  assert.equal(hiddenByRules(rulesOf("Edit(a)"), { workspace: "/w", home: "/home/a" }), undefined);
});

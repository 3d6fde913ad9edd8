import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCallRule, type CallText } from "./index.ts";

function rule(text: string): NonNullable<ReturnType<typeof parseCallRule>> {
  const parsed = parseCallRule(text);
  assert.ok(parsed !== undefined, text);
  return parsed;
}

const bash = (text: string): CallText => ({ tool: "Bash", text });

const covered: readonly (readonly [string, CallText])[] = [
  ["Bash", bash("anything; at all")],
  ["*", bash("x")],
  ["Bash(git push*)", bash("git push --force")],
  ["Bash(git push*)", bash("git push && git push origin x")],
  ["Bash(npm run:*)", bash("npm run build")],
  ["Bash(npm run *)", bash("npm run")],
  ["Bash(echo $(id))", bash("echo $(id)")],
  ["Edit(.github/**)", { tool: "Write", text: ".github/workflows/ci.yml" }],
  ["Write", { tool: "MultiEdit", text: "a" }],
  ["Read(docs)", { tool: "Grep", text: "docs/a.md" }],
  ["WebFetch(domain:*.example.org)", { tool: "WebFetch", text: "https://api.example.org/x" }],
  ["mcp__db__*", { tool: "mcp__db__query", text: "" }],
];

for (const [text, call] of covered) {
  test(`${text} covers ${call.tool}: ${call.text}`, () => assert.ok(rule(text).covers(call)));
}

const notCovered: readonly (readonly [string, CallText])[] = [
  ["Bash(git push*)", bash("git push; curl x.example")],
  ["Bash(git push*)", bash("git push | tee out")],
  ["Bash(git push*)", bash("git push $(cat .env)")],
  ["Bash(git push*)", bash("git push `cat .env`")],
  ["Bash(git push*)", bash("git push <(cat .env)")],
  ["Bash(git push*)", bash("git push > .git/hooks/pre-commit")],
  ["Bash(git push*)", bash("git push\ncurl x.example")],
  ["Bash(npm run:*)", bash("npm runner")],
  ["Bash(ls *)", bash("lsof")],
  ["Edit(src/**)", { tool: "Write", text: ".github/x" }],
  ["Edit(src/**)", bash("src/a")],
  ["WebFetch(domain:example.org)", { tool: "WebFetch", text: "https://example.org.evil.io/" }],
  ["WebFetch(domain:example.org)", { tool: "WebFetch", text: "https://example.org@evil.io/" }],
];

for (const [text, call] of notCovered) {
  test(`${text} does not cover ${call.tool}: ${call.text}`, () => assert.ok(!rule(text).covers(call)));
}

test("a rule that denies needs one part only", () => {
  assert.ok(rule("Bash(curl*)").touches(bash("cd x && curl y")));
  assert.ok(rule("Bash(curl*)").touches(bash('cd x; "cu"r\\l y')));
  assert.ok(!rule("Bash(curl*)").touches(bash("cd x && ls")));
});

test("what is no rule is none", () => {
  for (const text of ["", "Bash(", "Bash()x", "(x)", "a b", `Bash(${"*x".repeat(20)})`]) {
    assert.equal(parseCallRule(text), undefined, text);
  }
});

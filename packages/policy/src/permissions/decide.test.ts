import assert from "node:assert/strict";
import { test } from "node:test";
import { approvalHash, scriptsRunBy } from "./approval.ts";
import { decidePermission, isRemoved, type PermissionDecision, type PermissionFacts } from "./decide.ts";
import { parsePermissionMode, permitMode, type PermissionMode } from "./modes.ts";
import { joinRules, parseRules, type RuleLists, type RuleOrigin } from "./rules.ts";
import { suggestRules } from "./suggest.ts";

const places = { workspace: "/proj", home: "/home/me" };

function decide(
  [tool, text]: readonly [string, string],
  lists: RuleLists = {},
  { mode = "default", origin = {}, ...facts }: Options = {},
): PermissionDecision {
  const { rules } = parseRules(lists, { isTrusted: true, ...origin });
  return decidePermission(rules, mode, { tool, text, places, canAsk: true, ...facts });
}

interface Options extends Partial<PermissionFacts> {
  readonly mode?: PermissionMode;
  readonly origin?: Partial<RuleOrigin>;
}

type Case = readonly [lists: RuleLists, call: readonly [string, string], verdict: string];

const cases: readonly Case[] = [
  [{}, ["Read", "src/a.ts"], "allow"],
  [{}, ["Grep", ""], "allow"],
  [{}, ["Read", "/etc/passwd"], "ask"],
  [{}, ["Read", "../a"], "ask"],
  [{}, ["Read", "~/.ssh/id_rsa"], "ask"],
  [{}, ["Edit", "src/a.ts"], "ask"],
  [{}, ["WebFetch", "https://a.example/"], "ask"],
  [{}, ["mcp__db__query", ""], "ask"],
  [{}, ["TodoWrite", ""], "allow"],
  [{}, ["Task", "explore"], "allow"],
  [{}, ["Skill", "deploy"], "ask"],
  [{}, ["Unheard", ""], "ask"],
  // Paths.
  [{ allow: ["Edit"] }, ["Write", "a"], "allow"],
  [{ allow: ["Write"] }, ["Write", "a"], "allow"],
  [{ allow: ["Write"] }, ["Edit", "a"], "ask"],
  [{ allow: ["Edit(src/**)"] }, ["Write", "src/a/b.ts"], "allow"],
  [{ allow: ["Edit(src/**)"] }, ["MultiEdit", "lib/src/a.ts"], "ask"],
  [{ allow: ["Edit(./src/**)"] }, ["Edit", "/proj/src/a.ts"], "allow"],
  [{ allow: ["Edit(*.md)"] }, ["Edit", "docs/a.md"], "allow"],
  [{ allow: ["Edit(*.md)"] }, ["Edit", "/else/a.md"], "ask"],
  [{ allow: ["Edit(//else/*.md)"] }, ["Edit", "/else/a.md"], "allow"],
  [{ allow: ["Edit(~/notes/**)"] }, ["Edit", "/home/me/notes/a"], "allow"],
  [{ allow: ["Edit(/a)"] }, ["Edit", "x/a"], "ask"],
  [{ allow: ["Edit(/a)"] }, ["Edit", "a"], "allow"],
  [{ allow: ["Edit(src/**)"] }, ["Edit", "src/../a"], "ask"],
  [{ deny: ["Read(.env)"] }, ["Read", "a/b/.env"], "deny"],
  [{ deny: ["Read(.env)"] }, ["Read", ".ENV"], "deny"],
  [{ deny: ["Read(.env)"] }, ["Read", "./x/../.env"], "deny"],
  [{ deny: ["Read(.env)"] }, ["Read", ".envrc"], "allow"],
  [{ deny: ["Read(.env)"], allow: ["Edit"] }, ["Write", ".env"], "deny"],
  [{ deny: ["Edit(.env)"] }, ["Read", ".env"], "allow"],
  [{ deny: ["Read(secrets/**)"] }, ["Read", "a/secrets/b"], "deny"],
  [{ deny: ["Read(./secrets/**)"] }, ["Grep", "secrets/b"], "deny"],
  [{ ask: ["Read(secrets/**)"], allow: ["Read"] }, ["Read", "secrets/b"], "ask"],
  [{ ask: ["Read(a)"], endorsed: ["Read(a)"] }, ["Read", "a"], "allow"],
  [{ deny: ["Grep"] }, ["Grep", "a"], "deny"],
  [{ deny: ["Grep"] }, ["Read", "a"], "allow"],
  [{ deny: ["Read"] }, ["Glob", "a"], "deny"],
  [{ deny: ["*"] }, ["Read", "a"], "deny"],
  [{ deny: ["*"] }, ["Bash", "ls"], "deny"],
  // Hosts.
  [{ allow: ["WebFetch(domain:a.example)"] }, ["WebFetch", "https://a.example/x"], "allow"],
  [{ allow: ["WebFetch(domain:a.example)"] }, ["WebFetch", "https://A.EXAMPLE.:8443/x"], "allow"],
  [{ allow: ["WebFetch(domain:a.example)"] }, ["WebFetch", "https://a.example@b.example/"], "ask"],
  [{ allow: ["WebFetch(domain:a.example)"] }, ["WebFetch", "https://b.a.example/"], "ask"],
  [{ allow: ["WebFetch(domain:a.example)"] }, ["WebFetch", "https://axexample/"], "ask"],
  [{ allow: ["WebFetch(domain:*.a.example)"] }, ["WebFetch", "https://c.b.a.example/"], "allow"],
  [{ allow: ["WebFetch(domain:*.a.example)"] }, ["WebFetch", "https://a.example/"], "ask"],
  [{ allow: ["WebFetch(domain:*.a.example)"] }, ["WebFetch", "https://xa.example/"], "ask"],
  [{ allow: ["WebFetch(domain:api-*.a.example)"] }, ["WebFetch", "https://api-1.a.example/"], "allow"],
  [{ allow: ["WebFetch(domain:api-*.a.example)"] }, ["WebFetch", "https://api-1.evil.a.example/"], "ask"],
  [{ deny: ["WebFetch(domain:a.example)"], allow: ["WebFetch"] }, ["WebFetch", "http://a.example./"], "deny"],
  [{ allow: ["WebFetch(domain:a.example)"] }, ["WebFetch", "no address"], "ask"],
  // Servers, subagents, skills.
  [{ allow: ["mcp__db"] }, ["mcp__db__query", ""], "allow"],
  [{ allow: ["mcp__db"] }, ["mcp__dbx__query", ""], "ask"],
  [{ allow: ["mcp__db__*"] }, ["mcp__db__query", ""], "allow"],
  [{ allow: ["mcp__db__get_*"] }, ["mcp__db__get_all", ""], "allow"],
  [{ allow: ["mcp__db__get_*"] }, ["mcp__db__set", ""], "ask"],
  [{ allow: ["mcp__*"] }, ["mcp__db__query", ""], "ask"],
  [{ allow: ["*"] }, ["mcp__db__query", ""], "ask"],
  [{ deny: ["mcp__*__delete_*"], allow: ["mcp__db"] }, ["mcp__db__delete_all", ""], "deny"],
  [{ deny: ["Agent(explore)"] }, ["Task", "explore"], "deny"],
  [{ deny: ["Agent(explore)"] }, ["Agent", "review"], "allow"],
  [{ allow: ["Skill(deploy)"] }, ["Skill", "deploy"], "allow"],
  [{ allow: ["Skill(deploy)"] }, ["Skill", "deploy2"], "ask"],
];

test("rules on paths, hosts, servers, subagents and skills decide as they are written", () => {
  const wrong = cases.filter(([lists, call, verdict]) => decide(call, lists).verdict !== verdict);
  assert.deepEqual(wrong, []);
});

test("a link is allowed by both its ends and denied by either", () => {
  const linked = { ...places, realPathOf: (path: string) => path.replace(/^\/proj\/link/u, "/outside") };
  const verdict = (call: readonly [string, string], lists: RuleLists): string =>
    decide(call, lists, { places: linked }).verdict;
  assert.equal(verdict(["Edit", "link/a"], { allow: ["Edit(link/**)"] }), "ask");
  assert.equal(verdict(["Edit", "link/a"], { allow: ["Edit(//outside/**)"] }), "ask");
  assert.equal(verdict(["Edit", "link/a"], { allow: ["Edit"] }), "allow");
  assert.equal(verdict(["Read", "link/a"], {}), "ask");
  assert.equal(verdict(["Read", "link/a"], { deny: ["Read(//outside/**)"] }), "deny");
  assert.equal(verdict(["Read", "link/a"], { deny: ["Read(link)"] }), "deny");
  assert.equal(verdict(["Bash", "cat link/a"], {}), "ask");
  assert.equal(verdict(["Bash", "echo a > link/a"], { deny: ["Edit(//outside/**)"] }), "deny");
});

test("a rule on a parameter denies and asks, and cannot allow", () => {
  const parameters = { run_in_background: true, model: "large" };
  const verdict = (call: readonly [string, string], lists: RuleLists): string =>
    decide(call, lists, { parameters }).verdict;
  assert.equal(verdict(["Bash", "ls"], { deny: ["Bash(run_in_background:true)"] }), "deny");
  assert.equal(verdict(["Bash", "ls"], { deny: ["Bash(run_in_background:false)"] }), "allow");
  assert.equal(verdict(["Agent", "x"], { ask: ["Agent(model:la*)"] }), "ask");
  assert.match(
    parseRules({ allow: ["Agent(model:x)"] }, { isTrusted: true }).problems[0]?.why ?? "",
    /only deny or ask/,
  );
});

test("what is no rule is named, and the others hold", () => {
  const bad = [
    "",
    "Bash(",
    "Bash()",
    "Bash(git:* push)",
    "Read()",
    "Todo(x)",
    "WebFetch(domain:a b)",
    "Ba sh",
    `Bash(${"a".repeat(3000)})`,
  ];
  const { rules, problems } = parseRules(
    { deny: [...bad, "Bash(rm *)"], allow: ["mcp__*", "*"] },
    { isTrusted: true },
  );
  assert.deepEqual(
    problems.map(({ text }) => text),
    [...bad, "mcp__*", "*"],
  );
  assert.equal(rules.deny.length, 1);
});

test("what a project allows counts only once it is trusted, what it forbids always", () => {
  const lists = { allow: ["Bash(npm test)"], deny: ["Bash(rm *)"] };
  const untrusted = { origin: { isTrusted: false } };
  assert.equal(decide(["Bash", "npm test"], lists, untrusted).verdict, "ask");
  assert.equal(decide(["Bash", "rm x"], lists, untrusted).verdict, "deny");
});

test("patterns of a settings file start from its folder", () => {
  const origin = { root: "/home/me/.cloister", origin: "settings.json" };
  const found = decide(["Edit", "/home/me/.cloister/a"], { allow: ["Edit(/a)"] }, { origin });
  assert.deepEqual([found.verdict, found.rule, found.origin], ["allow", "Edit(/a)", "settings.json"]);
});

test("where nobody can be asked the call is denied with the flag that would allow it", () => {
  const headless = { canAsk: false };
  const suggestion = (text: string, lists: RuleLists = {}): string | undefined =>
    decide(["Bash", text], lists, headless).suggestion;
  assert.equal(suggestion("npm run build -- --x"), "--allow 'Bash(npm run build *)'");
  assert.equal(suggestion("cd a && git push && rm x"), "--allow 'Bash(git push *)' --allow 'Bash(rm x)'");
  assert.equal(
    suggestion("echo 'it' > a", { ask: ["Bash(echo *)"] }),
    `--allow 'Bash(echo '\\''it'\\'' > a)'`,
  );
  assert.equal(suggestion("ls 'a"), `--allow 'Bash(ls '\\''a)'`);
  assert.equal(suggestion("rm x", { deny: ["Bash(rm *)"] }), undefined);
  for (const text of [
    "npm run build -- --x",
    "git push -f && rm x",
    "bash -c 'a; b'",
    "x=$(a) b",
    "echo '*'>a",
    "ls 'a",
    "f() { a; }; f",
    "tee a\nb",
    "LD_PRELOAD=a b",
    "npm test > out",
    "npm test && cat /etc/x",
    "npm test > $x",
    "ls > a && cd / && npm ci",
  ]) {
    for (const lists of [{}, { ask: ["Bash"] }, { deny: ["Bash(zz *)"] }]) {
      const refused = decide(["Bash", text], lists, headless);
      assert.equal(refused.verdict, "deny", text);
      const flags = [...(refused.suggestion ?? "").matchAll(/--allow '((?:[^']|'\\'')*)'/gu)];
      const endorsed = flags.map(([, rule = ""]) => rule.replaceAll(String.raw`'\''`, "'"));
      assert.equal(
        decide(["Bash", text], { ...lists, endorsed }, headless).verdict,
        "allow",
        `${text}: ${endorsed.join(" ")}`,
      );
    }
  }
  assert.equal(decide(["Edit", "a.ts"], {}, headless).suggestion, "--allow 'Edit(./a.ts)'");
  assert.equal(decide(["Read", "/etc/x"], {}, headless).suggestion, "--allow 'Read(//etc/x)'");
  assert.equal(
    decide(["WebFetch", "https://a.example/b"], {}, headless).suggestion,
    "--allow 'WebFetch(domain:a.example)'",
  );
  assert.equal(decide(["mcp__db__query", ""], {}, headless).suggestion, "--allow 'mcp__db__query'");
});

test("a mode that asks nothing denies what it would have asked", () => {
  const { verdict, reason } = decide(["Bash", "npm test"], {}, { mode: "dontAsk" });
  assert.deepEqual([verdict, reason], ["deny", "no rule allows npm test, and nothing may be asked"]);
});

test("an exact approval holds for that call in that folder with those scripts, and against no rule", () => {
  const call = { tool: "Bash", text: "./run.sh a", contents: { "./run.sh": "00" } };
  const { rules } = parseRules({}, { isTrusted: true });
  const approved = { ...rules, approved: new Set([approvalHash({ ...call, workspace: "/proj" })]) };
  const verdict = (facts: Partial<PermissionFacts>, lists: RuleLists = {}): string =>
    decidePermission(joinRules(approved, parseRules(lists, { isTrusted: true }).rules), "default", {
      ...call,
      places,
      canAsk: true,
      ...facts,
    }).verdict;
  assert.equal(verdict({}), "allow");
  assert.equal(verdict({ text: "./run.sh b" }), "ask");
  assert.equal(verdict({ contents: { "./run.sh": "01" } }), "ask");
  assert.equal(verdict({ places: { ...places, workspace: "/else" } }), "ask");
  assert.equal(verdict({ parameters: { timeout: 1 } }), "ask");
  assert.equal(verdict({}, { ask: ["Bash"] }), "ask");
  assert.equal(verdict({}, { deny: ["Bash(./run.sh *)"] }), "deny");
});

test("the scripts that a command would run are named", () => {
  assert.deepEqual(
    scriptsRunBy("./a.sh && timeout 5 bash -e b.sh; node c.js | python3 'd e.py'; ls x; cat <(../f)"),
    ["./a.sh", "b.sh", "c.js", "d e.py", "../f"],
  );
});

test("always stores at most five narrow rules, and none for what runs what it is given", () => {
  const forCommand = (text: string): readonly string[] => suggestRules({ tool: "Bash", text });
  assert.deepEqual(forCommand("git commit -m 'x' && cargo test -q && ls"), [
    "Bash(git commit *)",
    "Bash(cargo test *)",
  ]);
  assert.deepEqual(forCommand("rm -rf build"), ["Bash(rm -rf build)"]);
  assert.deepEqual(forCommand("timeout 9 npm test"), ["Bash(npm test *)"]);
  assert.deepEqual(forCommand("git -c a=b push"), ["Bash(git -c a=b push)"]);
  const none = [
    "bash -c ls",
    "python -c x",
    "sudo ls",
    "node a",
    "env a",
    "xargs rm",
    "ssh a b",
    "eval ls",
    "$x",
    "rm $x",
    "a; b; c; d; e; f",
    "ls 'a",
    "ls",
    "awk x",
    "npx a",
  ];
  for (const text of none) assert.deepEqual(forCommand(text), [], text);
});

test("a tool that is denied as a whole is removed", () => {
  const { rules } = parseRules({ deny: ["Bash", "mcp__db", "Read(.env)", "Write"] }, { isTrusted: true });
  const removed = ["Bash", "mcp__db__query", "Read", "Write", "Edit", "Task"].filter((tool) =>
    isRemoved(rules, tool),
  );
  assert.deepEqual(removed, ["Bash", "mcp__db__query", "Write"]);
});

test("modes are known by their names elsewhere, and a policy forbids some", () => {
  const names = [
    "default",
    "manual",
    "acceptEdits",
    "accept_edits",
    "plan",
    "dontAsk",
    "dont_ask",
    "bypassPermissions",
    "bypass_permissions",
    "yolo",
  ];
  const modes = [
    "default",
    "default",
    "acceptEdits",
    "acceptEdits",
    "plan",
    "dontAsk",
    "dontAsk",
    "bypass",
    "bypass",
    "bypass",
  ];
  assert.deepEqual(names.map(parsePermissionMode), modes);
  assert.equal(parsePermissionMode("auto"), undefined);
  assert.equal(parsePermissionMode("constructor"), undefined);
  assert.deepEqual(permitMode("bypass", ["bypass"]), {
    kind: "forbidden",
    mode: "default",
    why: "the policy forbids the mode bypass",
  });
  assert.deepEqual(permitMode("plan", ["bypass"]), { kind: "mode", mode: "plan" });
});

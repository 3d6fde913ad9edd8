/** Command lines that look like something that is allowed, and are more: headless, by the real judge. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rulesOf, startJudging } from "./judging.ts";

/** What a person allowed, and what a model makes of it. */
const disguises: readonly (readonly [allowed: readonly string[], commands: readonly string[]])[] = [
  // A second command behind the first.
  [
    ["Bash(echo *)"],
    [
      "echo hi && touch made",
      "echo hi || touch made",
      "echo hi; touch made",
      "echo hi & touch made",
      "echo hi\ntouch made",
      "echo hi |& tee made",
    ],
  ],
  // Far behind it.
  [
    ["Bash(grep *)"],
    [`grep x notes.md ;${" ".repeat(600)}touch made`, `grep x notes.md\n${"\n".repeat(90)}touch made`],
  ],
  // What is read is run.
  [["Bash(cat *)"], ["cat notes.md | sh", "cat notes.md | bash -s", "cat notes.md | xargs -I{} sh -c {}"]],
  // Inside a word.
  [
    ["Bash(echo *)"],
    ["echo $(touch made)", "echo `touch made`", 'echo "$(touch made)"', "echo <(touch made)"],
  ],
  // Blanks that are none.
  [["Bash(grep *)"], ["grep${IFS}-r${IFS}x${IFS}.;touch${IFS}made", "grep x . ;touch$IFS''made"]],
  // Options that run or write.
  [["Bash(rg *)"], ["rg --pre ./run.sh x .", "rg --pre=./run.sh x .", "rg --hostname-bin ./run.sh x ."]],
  [["Bash(sed *)"], ["sed -n '1w made' notes.md", "sed '1e touch made' notes.md", "sed -i s/a/b/ notes.md"]],
  [["Bash(find *)"], ["find . -exec touch made ;", "find . -delete", "find . -fprint made"]],
  // Redirections of another shell.
  [
    ["Bash(echo *)"],
    ["echo x >| /outside/out.txt", "echo x >! /outside/out.txt", "echo x > /outside/out.txt"],
  ],
  // Variables that steer programs.
  [
    ["Bash(git log *)", "Bash(export FOO=1)"],
    ["export GIT_PAGER='touch made'; git log", "GIT_PAGER='touch made' git log", "env PAGER=./x git log"],
  ],
  [
    ["Bash(git log)", "Bash(git diff)"],
    [
      "git -c core.pager='touch made' log",
      "git log --output=made",
      "git diff --ext-diff",
      "git --exec-path=/evil log",
    ],
  ],
  // More than what was said, and a word that begins like it.
  [["Bash(npm test)"], ["npm test --prefix /outside/evil", "npm testx", "npm  testx"]],
];

const asksForCommands = { tools: [{ tool: "Bash", decision: "ask" }] };

for (const [allowed, commands] of disguises) {
  test(`what ${allowed.join(" and ")} allows does not carry: ${commands[0]?.slice(0, 60)}`, async () => {
    await using judging = await startJudging(
      { rules: rulesOf({ endorsed: allowed }, "--allow") },
      { policy: asksForCommands },
    );
    for (const command of commands) {
      const why = await judging.bash(command);
      assert.match(why ?? "passed", /nobody is here to be asked/, command);
      await assert.rejects(
        judging.world.client.run(
          { shell: command },
          { timeoutMs: 60_000, signal: new AbortController().signal },
        ),
        { code: "denied" },
        command,
      );
    }
    // They are written behind the answer.
    await judging.world.session.ledger.append({ type: "note", fields: {}, attachments: [] });
    const decisions = (await judging.world.entries()).filter(({ t }) => t === "decision");
    assert.equal(decisions.length, commands.length, "each refusal is on record");
  });
}

test("the controls: what was allowed as it is passes", async () => {
  for (const [rule, command] of [
    ["Bash(echo *)", "echo hi"],
    ["Bash(npm test)", "npm test"],
    ["Bash(git log *)", "git log --oneline"],
    ["Bash(sed *)", "sed -n 1p notes.md"],
  ] as const) {
    await using judging = await startJudging(
      { rules: rulesOf({ endorsed: [rule] }, "--allow") },
      { policy: asksForCommands },
    );
    assert.equal(await judging.bash(command), undefined, command);
  }
});

test("a rule that denies holds against quotes, wrappers, paths, commands inside commands, and what nobody can read", async () => {
  await using judging = await startJudging({ rules: rulesOf({ deny: ["Bash(git push *)", "Read(.env)"] }) });
  for (const command of [
    "git push origin main",
    'g"i"t push origin',
    "/usr/bin/git push x",
    "env A=1 timeout 5 git push x",
    "sh -c 'git push x'",
    "git -C sub push x",
    "$GIT push x",
    "cat .env",
    "head -c9 ./sub/../.env",
    "cat < .env",
    'cat "$FILE"',
  ]) {
    assert.notEqual(await judging.bash(command), undefined, command);
  }
  for (const command of ["git status", "npm test", "make -j4 2>&1 | tail -5", "node -e 'x()' && rm -r out"]) {
    assert.equal(await judging.bash(command), undefined, command);
  }
});

test("a person sees what stands behind many blanks, and what cannot be seen", async () => {
  await using judging = await startJudging(
    { approve: () => Promise.resolve("no") },
    { policy: asksForCommands },
  );
  await judging.bash(`grep x notes.md ;${" ".repeat(600)}touch made`);
  await judging.bash("echo a\u200bb\u202ec");
  assert.deepEqual(
    judging.questions.map(({ text }) => text),
    ["grep x notes.md ;\\u{20}×600 touch made", "echo a\\u{200b}b\\u{202e}c"],
  );
});

test("edits that are accepted unasked never include what steers agents, editors and build machines", async () => {
  await using judging = await startJudging({ mode: "acceptEdits" });
  for (const path of [
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".vscode/settings.json",
    ".cursor/mcp.json",
    ".codex/config.toml",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".cloister/settings.json",
    ".mcp.json",
    "sub/.idea/workspace.xml",
    ".git/config",
    ".git/hooks/pre-commit",
    ".gitattributes",
    "AGENTS.md",
    ".github/workflows/ci.yml",
  ]) {
    const why = await judging.judge("Write", { file_path: path, content: "x" });
    assert.match(why ?? "passed", /--allow/, path);
  }
  assert.equal(await judging.judge("Write", { file_path: "src/a.ts", content: "x" }), undefined);
});

test("a rule for a whole tool says nothing of the files that steer others; one that names them does", async () => {
  const write = { file_path: "AGENTS.md", content: "x" };
  await using whole = await startJudging({ rules: rulesOf({ allow: ["Edit", "Write"] }) });
  assert.notEqual(await whole.judge("Write", write), undefined);
  await using named = await startJudging({ rules: rulesOf({ allow: ["Edit(AGENTS.md)"] }) });
  assert.equal(await named.judge("Write", write), undefined);
});

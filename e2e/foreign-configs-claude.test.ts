/** Configurations written for Claude Code, in whole sessions, trusted and unchanged. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { after, bash, call, hook, mcpServer, play, useTool } from "./foreign-project.ts";

const settings = (value: object): Record<string, string> => ({
  ".claude/settings.json": JSON.stringify(value),
});

const guard = `let text = "";
process.stdin.on("data", (chunk) => (text += chunk)).on("end", () => {
  const input = JSON.parse(text);
  require("node:fs").appendFileSync(process.env.CLAUDE_PROJECT_DIR + "/seen.log", JSON.stringify(input) + "\\n");
  if (!input.tool_input.command.includes("curl")) return;
  const own = { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason: "fetch nothing" };
  console.log(JSON.stringify({ hookSpecificOutput: own }));
});
`;

test("PreToolUse: a list of names with exit code 2, exec form with a JSON denial, and exit code 1, which blocks nothing", async () => {
  using played = await play({
    files: {
      ...settings({
        hooks: {
          PreToolUse: [
            hook("Write|Edit", "echo 'use the generator' >&2; exit 2"),
            hook("Bash", "node", { args: ["${CLAUDE_PROJECT_DIR}/.claude/guard.cjs"] }),
            hook("Read", "echo broken >&2; exit 1"),
            hook("mcp__.*", "exit 2"),
          ],
        },
      }),
      ".claude/guard.cjs": guard,
      "a.txt": "alpha\n",
    },
    turns: [
      { calls: [call("Write", { file_path: "b.txt", content: "x" })] },
      after(["use the generator"], { calls: [bash("curl -s http://a.test")] }),
      after(["fetch nothing"], { calls: [bash("echo fine")] }),
      after(["fine"], { calls: [call("Read", { file_path: "a.txt" })] }),
      after(["1\talpha"], { text: "Done." }),
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.ok(!existsSync(join(played.place.project, "b.txt")));
  const seen: unknown = JSON.parse(
    readFileSync(join(played.place.project, "seen.log"), "utf8").split("\n")[0] ?? "",
  );
  assert.ok(isRecord(seen));
  assert.deepEqual(
    [seen["hook_event_name"], seen["tool_name"], seen["tool_input"], seen["cwd"]],
    ["PreToolUse", "Bash", { command: "curl -s http://a.test" }, played.place.project],
  );
  for (const name of ["session_id", "transcript_path", "permission_mode", "tool_use_id"]) {
    assert.equal(typeof seen[name], "string", name);
  }
});

test("updatedInput replaces a command; what PostToolUse blocks with, and adds, is told to the model", async () => {
  const changed = {
    hookSpecificOutput: {
      hookEventName: "PreToolUse",
      permissionDecision: "allow",
      updatedInput: { command: "echo rewritten" },
    },
  };
  const told = {
    decision: "block",
    reason: "run the linter too",
    hookSpecificOutput: { hookEventName: "PostToolUse", additionalContext: "lint is npm run lint" },
  };
  using played = await play({
    files: settings({
      hooks: {
        PreToolUse: [hook("Bash", `echo '${JSON.stringify(changed)}'`)],
        PostToolUse: [hook("Bash", `echo '${JSON.stringify(told)}'`)],
      },
    }),
    turns: [{ calls: [bash("echo as it was")] }, { text: "Done." }],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  const second = played.texts[1]?.join("\n") ?? "";
  assert.match(second, /rewritten[^]*run the linter too/);
  assert.match(second, /lint is npm run lint/);
  assert.doesNotMatch(second, /^as it was/m);
});

test("SessionStart and UserPromptSubmit add to the beginning; Stop makes the work go on, once", async () => {
  const context = { hookSpecificOutput: { hookEventName: "SessionStart", additionalContext: "Sprint 42." } };
  const stop =
    'grep -q \'"stop_hook_active": *true\' || echo \'{"decision": "block", "reason": "run the tests first"}\'';
  using played = await play({
    files: settings({
      hooks: {
        SessionStart: [hook("startup", `echo '${JSON.stringify(context)}'`)],
        UserPromptSubmit: [{ hooks: [{ type: "command", command: "echo Ticket AB-1." }] }],
        Stop: [{ hooks: [{ type: "command", command: stop }] }],
      },
    }),
    turns: [
      { expect: { bodyContains: ["Sprint 42.", "Ticket AB-1."] }, text: "Done." },
      after(["run the tests first"], { text: "The tests pass." }),
    ],
  });
  assert.deepEqual([played.outcome.code, played.outcome.stdout.trim()], [0, "The tests pass."]);
});

test("a prompt that UserPromptSubmit refuses reaches no model", async () => {
  using played = await play({
    files: settings({
      hooks: {
        UserPromptSubmit: [
          { hooks: [{ type: "command", command: "grep -q forbidden && { echo 'not that' >&2; exit 2; }" }] },
        ],
      },
    }),
    prompt: "the forbidden thing",
    turns: [{ text: "never" }],
  });
  assert.equal(played.rehearsal.requests.length, 0);
  assert.notEqual(played.outcome.code, 0);
  assert.match(played.outcome.stderr, /not that/);
});

test("continue: false ends the work, with its reason", async () => {
  using played = await play({
    files: settings({
      hooks: {
        PostToolUse: [hook("*", 'echo \'{"continue": false, "stopReason": "enough for today"}\'')],
      },
    }),
    turns: [{ calls: [bash("echo one")] }, { text: "never" }],
  });
  assert.equal(played.rehearsal.requests.length, 1);
  assert.match(played.outcome.stderr + played.outcome.stdout, /enough for today/);
});

test("disableAllHooks in the private settings switches off those of the shared ones; variables of the private ones win", async () => {
  using played = await play({
    files: {
      ...settings({ env: { KIND: "shared", OTHER: "kept" }, hooks: { PreToolUse: [hook("", "exit 2")] } }),
      ".claude/settings.local.json": JSON.stringify({ disableAllHooks: true, env: { KIND: "private" } }),
    },
    home: { ".claude/settings.json": JSON.stringify({ env: { KIND: "user", MINE: "own" } }) },
    turns: [{ calls: [bash("echo $KIND $OTHER $MINE")] }, after(["private kept own"], { text: "Done." })],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
});

const skills = {
  ".claude/skills/ship/SKILL.md":
    "---\nname: ship\ndescription: ships a build\nwhen_to_use: before a release\nallowed-tools: Bash(./ship.sh *)\n---\n" +
    "Ship $ARGUMENTS[1] to $0 with ${CLAUDE_SKILL_DIR}/ship.sh. Version: !`cat version.txt`\n",
  ".claude/skills/ship/ship.sh": "#!/bin/sh\necho shipped\n",
  ".claude/skills/mine/SKILL.md":
    "---\nname: mine\ndescription: only for people\ndisable-model-invocation: true\n---\nThe person's text.\n",
  ".agents/skills/shared/SKILL.md": "---\nname: shared\ndescription: of all agents\n---\nThe shared text.\n",
  "version.txt": "7.1\n",
};

test("skills: listed as their heads say, filled with arguments, folder and a command's output; their files can be run", async () => {
  using played = await play({
    files: skills,
    turns: [
      {
        expect: {
          bodyContains: ["- ship: ships a build before a release", "- shared: of all agents"],
          bodyLacks: ["only for people"],
        },
        calls: [useTool("Skill", { skill: "ship", args: 'prod "the app"' })],
      },
      after(["Ship the app to prod with", "/.claude/skills/ship/ship.sh. Version: 7.1"], {
        calls: [bash("sh .claude/skills/ship/ship.sh")],
      }),
      after(["shipped"], { calls: [useTool("Skill", { skill: "mine" })] }),
      { calls: [useTool("Skill", { skill: "shared" })] },
      after(["The shared text."], { text: "Done." }),
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.doesNotMatch(played.texts.flat().join("\n"), /The person's text/);
});

test("a person calls the skill that no model may", async () => {
  using played = await play({ files: skills, prompt: "/mine", turns: [{ text: "Done." }] });
  assert.match(played.texts[0]?.at(-1) ?? "", /The person's text\./);
});

test("commands: folders in their names, $1 and $ARGUMENTS, files and command output put in", async () => {
  using played = await play({
    files: {
      ".claude/commands/git/review.md":
        "---\ndescription: reviews\nargument-hint: <branch>\nallowed-tools: Bash(git diff:*)\n---\n" +
        "Review $1 ($ARGUMENTS) by @docs/rules.md\nNow: !`echo 'on main'`\n",
      "docs/rules.md": "Rule one.\n",
    },
    prompt: "/git:review topic now",
    turns: [{ text: "Done." }],
  });
  const said = played.texts[0]?.at(-1) ?? "";
  assert.match(said, /Review topic \(topic now\) by/);
  assert.match(said, /Rule one\./);
  assert.match(said, /Now: on main/);
});

test("a subagent has its own prompt and only the tools of its file", async () => {
  using played = await play({
    files: {
      ".claude/agents/critic.md":
        "---\nname: critic\ndescription: finds faults\ntools: Read, Grep\nmodel: opus\ncolor: red\n---\nBe harsh and brief.\n",
      "a.txt": "alpha\n",
    },
    // Both conversations play the same script: the subagent tries what its caller did, and may not.
    turns: [
      {
        calls: [
          bash("echo x >> made.txt"),
          call("Task", { subagent_type: "critic", description: "look", prompt: "judge a.txt" }),
          call("Read", { file_path: "a.txt" }),
        ],
      },
      { text: "It is bad." },
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.equal(readFileSync(join(played.place.project, "made.txt"), "utf8"), "x\n");
  const [first = [], , own = [], main = []] = played.texts;
  assert.match(first.join("\n"), /critic: finds faults/);
  const said = own.join("\n");
  assert.match(said, /Be harsh and brief\.[^]*judge a\.txt/);
  assert.match(said, /critic may not use Bash[^]*critic may not use Task[^]*1\talpha/);
  assert.match(main.join("\n"), /It is bad\./);
  assert.doesNotMatch(main.join("\n"), /Be harsh/);
});

test("permission rules: what is denied is refused alone and in company, and no search or mention shows it", async () => {
  using played = await play({
    files: {
      ...settings({
        permissions: {
          deny: ["Read(./private/**)", "Bash(git push:*)", "Bash(rm *)", "Edit(*.lock)"],
          ask: ["Bash(npm publish *)"],
          allow: ["Bash(npm run *)", "Bash(echo:*)"],
        },
      }),
      "private/a.txt": "inner\n",
      "open.txt": "not inner\n",
      "yarn.lock": "one\n",
    },
    prompt: "work on @private/a.txt and @open.txt",
    turns: [
      {
        calls: [
          call("Read", { file_path: "private/a.txt" }),
          bash("echo x && git push origin main"),
          bash("timeout 5 rm -rf yarn.lock"),
          bash("cat private/a.txt"),
          call("Edit", { file_path: "yarn.lock", old_string: "one", new_string: "two" }),
          bash("npm publish --dry-run"),
          bash("echo allowed"),
          call("Grep", { pattern: "inner", output_mode: "content" }),
          call("Grep", { pattern: "inner", output_mode: "count" }),
        ],
      },
      { text: "Done." },
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.equal(readFileSync(join(played.place.project, "yarn.lock"), "utf8"), "one\n");
  const all = played.texts[1]?.slice(1).join("\n") ?? "";
  for (const rule of ["Read(./private/**)", "Bash(git push:*)", "Bash(rm *)", "Edit(*.lock)"]) {
    assert.ok(all.includes(`the rule ${rule}`), `${rule}: ${all}`);
  }
  assert.match(all, /rule Bash\(npm publish \*\)[^]*nobody is here to be asked/);
  assert.match(all, /^allowed$/m);
  assert.match(all, /open\.txt:1:not inner[^]*open\.txt:1$/m);
  assert.doesNotMatch(all, /private\/a\.txt:1|1\tinner/);
  assert.match(all, /1\tnot inner/, "a mention of another file is attached");
});

test("defaultMode plan: looking is done, nothing else", async () => {
  using played = await play({
    files: {
      ".claude/settings.local.json": JSON.stringify({ permissions: { defaultMode: "plan" } }),
      "a.txt": "alpha\n",
    },
    turns: [
      {
        calls: [call("Write", { file_path: "b.txt", content: "x" }), bash("cat a.txt"), bash("touch c.txt")],
      },
      { text: "The plan." },
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.match(played.texts[1]?.join("\n") ?? "", /alpha[^]*Error \(denied\): Write[^]*plan mode is on/);
  for (const made of ["b.txt", "c.txt"]) assert.ok(!existsSync(join(played.place.project, made)));
});

test("bypassPermissions of another agent's settings turns nothing off", async () => {
  using played = await play({
    files: settings({ permissions: { defaultMode: "bypassPermissions", ask: ["Bash(npm publish *)"] } }),
    turns: [{ calls: [bash("npm publish --dry-run"), bash("echo seen")] }, { text: "Done." }],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  const all = played.texts[1]?.slice(1).join("\n") ?? "";
  assert.match(all, /the rule Bash\(npm publish \*\)[^]*says to ask/);
  assert.doesNotMatch(all, /npm error|exit code/);
});

test(".mcp.json: a server starts with its variables' defaults; one that is disabled does not, nor a tool that is denied", async () => {
  const server = { command: "node", args: ["tools/server.cjs"] };
  using played = await play({
    files: {
      ...settings({
        enableAllProjectMcpServers: true,
        disabledMcpjsonServers: ["off"],
        permissions: { deny: ["mcp__db__drop"] },
      }),
      ".mcp.json": JSON.stringify({
        mcpServers: { db: { ...server, env: { WHO: "${WHO_IS_IT:-nobody}" } }, off: server },
      }),
      "tools/server.cjs": mcpServer,
    },
    turns: [
      {
        expect: { bodyContains: ["mcp__db__look"], bodyLacks: ["mcp__off__look"] },
        calls: [useTool("mcp__db__look", {})],
      },
      after(["look of nobody"], { calls: [useTool("mcp__db__drop", {})] }),
      { text: "Done." },
    ],
  });
  assert.equal(played.outcome.code, 0, played.outcome.stderr);
  assert.doesNotMatch(played.texts[2]?.at(-1) ?? "drop of", /drop of/);
});

test("instructions: local ones last, comments gone, imports in code untouched, an output style of the settings", async () => {
  using played = await play({
    files: {
      ...settings({ outputStyle: "Terse" }),
      ".claude/output-styles/terse.md": "---\nname: Terse\ndescription: short\n---\nFew words.\n",
      "CLAUDE.md": "Shared words.\n<!-- for editors only -->\n`@docs/no.md`\n@docs/yes.md\n",
      "docs/yes.md": "Imported words.\n",
      "docs/no.md": "Never words.\n",
      "CLAUDE.local.md": "Private words.\n",
    },
    turns: [{ text: "Done." }],
  });
  const all = played.texts[0]?.join("\n") ?? "";
  assert.match(all, /Shared words\.[^]*Imported words\.[^]*Private words\./);
  assert.doesNotMatch(all, /for editors only|Never words/);
  assert.match(all, /Few words\./);
});

/** Hooks that a model decides, hooks of subagents, and skills that a subagent does: in real sessions. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isRecord } from "@cloister/base";
import { bash, call, hook, play, useTool } from "./foreign-project.ts";
import { bodies, cloister, createPlace, rehearse } from "./harness.ts";

test("a subagent that a hook asks reads in its cell, and what it says decides; on record like every request", async () => {
  const judge = { type: "agent", prompt: "May this run? $ARGUMENTS" };
  using played = await play({
    files: {
      ".claude/settings.json": JSON.stringify({
        hooks: { PreToolUse: [{ matcher: "Bash", hooks: [judge] }] },
      }),
      "FREEZE.md": "nothing is deployed until May\n",
    },
    // A turn is played in each conversation that has come so far: the judge tries what the main one does.
    turns: [
      { calls: [call("Read", { file_path: "FREEZE.md" }), bash("touch deployed")] },
      { text: '{"ok": false, "reason": "{{match:(nothing is deployed until May)}}"}' },
    ],
  });
  assert.ok(!existsSync(join(played.place.project, "deployed")));
  const last = (at: number): string => played.texts[at]?.at(-1) ?? "";
  assert.match(last(2), /^The subagent hook may not use Bash/);
  assert.match(last(3), /a hook refused it: nothing is deployed until May$/);
  const requests = (await played.place.entries()).filter(({ t }) => t === "exposure.intent");
  assert.equal(requests.length, 4);
});

const tester = `---
name: tester
description: runs tests
hooks:
  PreToolUse:
    - matcher: Bash
      hooks:
        - type: command
          command: "grep -q 'touch two' && { echo 'not that' >&2; exit 2; }; exit 0"
---
Test it.
`;

test("a subagent's own hooks run in its conversation alone, and only once a person saw them", async () => {
  const files = { ".claude/agents/tester.md": tester };
  const task = call("Task", { description: "d", prompt: "p", subagent_type: "tester" });
  using untrusted = createPlace(files);
  // Each subagent starts another, three deep, and then runs the command as the main conversation does at last.
  const turns = [{ calls: [task] }, { calls: [bash("touch two")] }, { text: "Report." }];
  const rehearsal = await rehearse(turns);
  const outcome = await cloister(untrusted, ["-p", "go", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.match(outcome.stderr, /skipped: 1 hook; to allow: cloister trust/);
  assert.deepEqual(
    (await untrusted.entries()).filter(({ kind }) => kind === "hook"),
    [],
  );
  const shown = await cloister(untrusted, ["trust", "--show"]);
  assert.match(shown.stdout, /hook PreToolUse.*tester\.md/);
  assert.match(shown.stdout, /touch two/);

  using played = await play({ files, turns });
  const runs = (await played.place.entries()).filter(({ kind }) => kind === "hook");
  assert.equal(runs.length, 3);
  const refused = played.texts.filter((texts) => texts.at(-1)?.includes("a hook refused it: not that"));
  assert.equal(refused.length, 3);
  assert.ok(existsSync(join(played.place.project, "two")), "the main conversation is not asked about");
});

const forked = `---
description: looks around
context: fork
agent: Explore
allowed-tools: Bash(ls *)
---
List what is in $0.
`;

test("a skill that says so is done by a subagent, whether a model or a person calls it", async () => {
  const files = { ".claude/skills/look/SKILL.md": forked };
  const turns = [{ calls: [useTool("Skill", { skill: "look", args: "src" })] }, { text: "Two files." }];
  using byModel = await play({ files, turns });
  assert.ok(byModel.texts[1]?.some((text) => text.includes("List what is in src.")));
  const main = byModel.texts.at(-1);
  assert.ok(!main?.some((text) => text.includes("List what is in src.")));
  assert.equal(main?.at(-1), "Two files.", "only the report came back");
  using byPerson = await play({
    files,
    prompt: "/look src",
    turns: [{ text: "{{match:(Its report|List what is in src)}}: two files." }],
  });
  assert.match(byPerson.texts.at(-1)?.at(-1) ?? "", /Its report:\n\nList what is in src: two files\./);
  assert.match(byPerson.outcome.stdout, /^Its report: two files\./);
});

test("a check that could not be made is told to who reads only the report", async () => {
  const absent = { type: "mcp_tool", server: "nowhere", tool: "check" };
  using played = await play({
    files: {
      ".claude/settings.json": JSON.stringify({
        hooks: { PreToolUse: [{ matcher: "Bash", hooks: [absent] }] },
      }),
    },
    turns: [{ calls: [bash("true")] }, { calls: [bash("true again")] }, { text: "Done." }],
  });
  const told = played.outcome.stderr
    .split("\n")
    .filter((line) => line.startsWith("cloister: PreToolUse hook"));
  assert.equal(told.length, 1, played.outcome.stderr);
  assert.match(told[0] ?? "", /settings\.json: there is no mcp__nowhere__check, or not yet$/);
});

test("a hook told of instructions hears each file, and one for an event that never happens is named", async () => {
  using place = createPlace({ "AGENTS.md": "Use tabs.\n", ".claude/settings.json": "{}" });
  const line = 'grep -o \'"load_reason":"[a-z_]*"\' >> told; true';
  const hooks = { InstructionsLoaded: [hook("", line)], FileChanged: [hook("", "true")] };
  writeFileSync(join(place.project, ".claude/settings.json"), JSON.stringify({ hooks }));
  const trust = await cloister(place, ["trust", "--yes"]);
  assert.equal(trust.code, 0);
  const shown = await cloister(place, ["trust", "--show"]);
  assert.match(shown.stdout, /hooks\.FileChanged: nothing watches files/);
  const rehearsal = await rehearse([{ calls: [bash("sleep 1; cat told")] }, { text: "Done." }]);
  const outcome = await cloister(place, ["-p", "go", "--endpoint", rehearsal.url]);
  await rehearsal.close();
  assert.match(outcome.stderr, /not taken over: 1 of your settings/);
  const [, second = ""] = bodies(rehearsal);
  const value: unknown = JSON.parse(second);
  assert.ok(isRecord(value) && JSON.stringify(value["messages"]).includes("session_start"));
});

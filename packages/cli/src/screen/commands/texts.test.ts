// What the commands say, without a session, a terminal or a file.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { consoleWords, lineWidth, plainText, type Line } from "@cloister/console";
import { builtInPolicy } from "@cloister/policy";
import type { Endpoint } from "@cloister/airlock";
import { createNotebook, type Notebook } from "../notebook.ts";
import { en } from "../words/en.ts";
import { screenWords } from "../words/words.ts";
import { contextLines } from "./context.ts";
import { costLines } from "./cost.ts";
import { diffLines } from "./diff.ts";
import { itemOf } from "./model.ts";
import { partOf } from "./resume.ts";
import { pictureOf } from "./rewind.ts";
import { broughtCommands } from "./table.ts";
import { decisionLines, toDecision } from "./why.ts";

const shown = (lines: readonly Line[]): string => lines.map(plainText).join("\n");
const paces = consoleWords("C");

function heard(...events: readonly AgentEvent[]): Notebook {
  const notebook = createNotebook({ now: () => 0 });
  for (const event of events) notebook.event(event);
  return notebook;
}

const item = (index: number, role: string, content: string, more: object = {}): AgentEvent => ({
  kind: "item",
  index,
  item: { role, content, ...more },
});
const call = {
  tool_calls: [{ id: "1", type: "function", function: { name: "Read", arguments: "{}" } }],
};

test("the parts of the window come to what the server counts, and what is free comes last", () => {
  const notebook = heard(
    item(0, "system", "s".repeat(1000)),
    item(1, "user", "i".repeat(500), { cloister: { source: "instructions" } }),
    item(2, "user", "go"),
    item(3, "assistant", "", call),
    item(4, "tool", "f".repeat(3000), { tool_call_id: "1" }),
    { kind: "context", used: 2000, window: 10_000 },
  );
  const lines = contextLines(notebook, 2000, en);
  const text = shown(lines);
  assert.match(text, /^The window {2}2k \/ 10k {2}20 % /);
  assert.match(text, /files read +\d+/);
  assert.match(text, /free +8k +░+·+ +80 %\n/);
  const counts = [...text.matchAll(/^ {2}\D+?(\d+) {2}[█·]/gmu)].map(([, count]) => Number(count));
  assert.ok(Math.abs(counts.reduce((sum, each) => sum + each, 0) - 2000) < 10);
  for (const each of lines) assert.ok(lineWidth(each) < 80);
});

test("after a compaction only what is still in the conversation counts", () => {
  const notebook = heard(item(0, "user", "a".repeat(1000)), item(1, "user", "b"), item(0, "user", "c"));
  assert.ok(notebook.parts.messages < 100);
});

test("columns stand below one another in Chinese too", () => {
  const notebook = heard(item(0, "user", "go"), { kind: "context", used: 100, window: 1000 });
  const rows = contextLines(notebook, 50, screenWords("zh_CN")).slice(1, -1);
  const ends = rows.map((each) => lineWidth(each.slice(0, 1)));
  assert.deepEqual(new Set(ends).size, 1);
});

test("what was spent adds up over the pieces of work; without prices there is no money", () => {
  const usage = { promptTokens: 1000, cachedTokens: 900, completionTokens: 50 };
  const end: AgentEvent = { kind: "end", ending: { outcome: "done", text: "", turns: 2, usage } };
  const text = shown(costLines(heard(end, end), { words: en, paces }));
  assert.match(text, /tokens {2}2k in, 100 out {2}1\.8k of it from the server's cache, 90 %/);
  assert.match(text, /work {4}4 answers/);
  assert.match(text, /money {3}no prices are set/);
  const paid: AgentEvent = { ...end, ending: { ...end.ending, cost: 0.25 } };
  assert.match(shown(costLines(heard(paid, paid), { words: en, paces })), /money {3}0\.5000/);
});

test("a decision says what it was about and which rule it was; nothing of it steers the terminal", () => {
  const side = {
    open: () =>
      ({ kind: "open", data: Buffer.from("git push\u001b[2J\nrm x"), hidden: {} }) as unknown as ReturnType<
        Parameters<typeof toDecision>[1]["open"]
      >,
  };
  const decision = toDecision(
    {
      t: "decision",
      tool: "Bash",
      decision: { kind: "deny", rule: "no-push", line: 7 },
      parts: [{ c: "x" }],
    },
    side,
  );
  const text = shown(decisionLines(decision, en));
  assert.match(text, /^refused {2}Bash git push.*\n {4}rm x\n {2}by rule no-push, line 7$/);
  assert.ok(!text.includes("\u001b"));
  const word = toDecision({ t: "endorse", tool: "Bash", by: "a person, once", parts: [] }, side);
  assert.match(shown(decisionLines(word, en)), /^allowed {2}Bash \n {2}by rule a person, once$/);
});

test("each model says what it may see, and whose machine it is really on", () => {
  const endpoint = {
    ...{ id: "127.0.0.1:11434", url: "http://127.0.0.1:11434/", clearance: "core", operator: "this machine" },
  } as unknown as Endpoint;
  const own = itemOf(
    { model: { id: "own", contextTokens: 32_000 }, endpoint, isNow: true },
    builtInPolicy,
    en,
  );
  assert.match(own.note ?? "", /^in use · cleared for core · .*this machine · window 32k$/);
  const cloud = { ...endpoint, operator: "cloud.example", clearance: "public" as const };
  const passed = itemOf({ model: { id: "big" }, endpoint: cloud, isNow: false }, builtInPolicy, en);
  assert.match(passed.note ?? "", /^cleared for public · .*cloud\.example/);
});

test("the picture of going back shows what differs, and keeps still about empty folders that went", () => {
  const plan = {
    ...{ before: 1, steps: [], impossible: [], left: [], isSure: false },
    theirs: [
      {
        path: ".vscode",
        kind: "created",
        now: undefined,
        stamps: undefined,
        wanted: { type: "directory", mode: 0 },
      },
      {
        path: "theirs.txt",
        kind: "created",
        now: undefined,
        stamps: undefined,
        wanted: { type: "link", target: "" },
      },
    ],
  } as const;
  const text = shown(pictureOf({ planned: { kind: "plan", plan }, shown: [] }, en));
  assert.match(text, /^no file differs\nchanged by somebody else since, and kept: theirs\.txt\n/);
  assert.match(text, /broken off/);
});

test("changes of the session stand before those that git knows", () => {
  const edit = { path: "a.ts", hunks: "@@ -1 +1 @@\n-old\n+new\n", added: 1, removed: 1 };
  const text = shown(diffLines({ edits: [edit], git: "diff --git a/b b/b\n+b" }, en, 80));
  assert.match(text, /^In this session\na\.ts {2}\+1 −1\n[^]*- old\n[^]*\+ new\n\nUncommitted\ndiff --git/);
});

test("calls of an earlier session are shown by what they were about, whatever the model wrote", () => {
  const block = { kind: "call", name: "Read", result: undefined, isError: false, diff: undefined } as const;
  assert.deepEqual(partOf({ ...block, args: '{"n":1,"file_path":"a.ts"}' }), [
    { kind: "call", name: "Read", about: "a.ts", isError: false },
  ]);
  assert.deepEqual(partOf({ ...block, args: "{broken" }), [
    { kind: "call", name: "Read", about: "{broken", isError: false },
  ]);
});

test("a project's command takes no name of ours, and one for the model alone is not offered", () => {
  const skills = ["clear", "greet", "quiet"].map((name) => {
    return { name, description: "one\ntwo", isForPerson: name !== "quiet" };
  });
  const found = broughtCommands(skills, new Set(["clear"]));
  assert.deepEqual(
    found.map(({ name, description }) => [name, description]),
    [["greet", "one"]],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Goal, GoalStep } from "@cloister/agent/goal";
import { noFacts, statusLine } from "./blocks/status.ts";
import { createWaiting } from "./blocks/waiting.ts";
import { goalBlock, goalCommand, type GoalDesk } from "./goal.ts";
import { createTasks } from "./panels/tasks.ts";
import { lineWidth, plainText, type Line } from "./text/line.ts";
import { en } from "./words/en.ts";
import { zh } from "./words/zh.ts";

const goal: Goal = { text: "mend it", check: "npm test", missed: 2 };
const clock = { now: () => 0, sleep: () => Promise.resolve() };

function open(now?: Goal): { readonly desk: GoalDesk; readonly did: unknown[]; readonly text: () => string } {
  const did: unknown[] = [];
  const printed: Line[] = [];
  const desk: GoalDesk = {
    goal: now,
    words: en,
    print: (lines) => printed.push(...lines),
    setGoal: (next) => did.push(["goal", next]),
    send: (text, shown) => did.push(["send", text, shown]),
  };
  return { desk, did, text: () => printed.map(plainText).join("\n") };
}

test("the goal is set before its words are said, so that the work they begin is held to it", () => {
  const { desk, did } = open();
  goalCommand("mend it --until npm test", desk);
  assert.deepEqual(did, [
    ["goal", { text: "mend it", check: "npm test" }],
    ["send", "mend it", "/goal mend it --until npm test"],
  ]);
});

test("without words it says how it stands; every word for an end takes it back", () => {
  const standing = open(goal);
  goalCommand("", standing.desk);
  assert.match(standing.text(), /◎ mend it\n.*ends with 0: npm test · .*look 2 of 25/);
  for (const word of ["clear", "stop", "off", "reset", "none", "cancel"]) {
    const { desk, did } = open(goal);
    goalCommand(word, desk);
    assert.deepEqual(did, [["goal", undefined]]);
  }
  const none = open();
  goalCommand("clear", none.desk);
  assert.deepEqual([none.did, none.text()], [[], en.goal.none]);
});

test("what is no goal is said, and nothing is sent", () => {
  const { desk, did, text } = open();
  goalCommand("mend it --until", desk);
  assert.deepEqual([did, text()], [[], en.goal.faults["no-check"]]);
});

test("a look that missed shows what the check printed, shortened, and without its control characters", () => {
  const text = Array.from({ length: 50 }, (_, index) => `line ${index}\u001b[31m`).join("\n");
  const lines = goalBlock({ kind: "goal", goal, step: { kind: "missed", text } }, en, 80).map(plainText);
  assert.match(lines[0] ?? "", /not reached \(look 2 of 25\) · npm test/);
  assert.ok(lines.length < 15);
  assert.ok(!lines.join("").includes("\u001b"));
  assert.match(lines.at(-1) ?? "", /ctrl-o/);
});

test("no step of it is wider than the screen: a row that the terminal breaks is not cleaned up behind", () => {
  const long = { text: "写一个问候 ".repeat(20), check: "npm test -- --grep x ".repeat(5), missed: 3 };
  const steps: readonly GoalStep[] = [
    { kind: "set" },
    { kind: "missed", text: "no" },
    { kind: "reached", text: "because ".repeat(20) },
    { kind: "given-up", text: "because ".repeat(20) },
    { kind: "cleared" },
  ];
  for (const words of [en, zh]) {
    for (const step of steps) {
      const lines = goalBlock({ kind: "goal", goal: long, step }, words, 19);
      assert.deepEqual(
        lines.filter((each) => lineWidth(each) > 19),
        [],
        step.kind,
      );
    }
  }
});

test("the status line has it as long as there is one; another session has its own", () => {
  const tasks = createTasks({ words: en, clock });
  const status = (): string =>
    plainText(
      statusLine({
        ...{ facts: noFacts, mode: "default", goal: tasks.goal, words: en, columns: 100 },
        context: { used: 0, window: undefined },
      }),
    );
  tasks.event({ kind: "goal", goal, step: { kind: "missed", text: "" } });
  assert.match(status(), /goal, missed 2/);
  tasks.event({ kind: "goal", goal: undefined, step: { kind: "reached", text: "" } });
  assert.doesNotMatch(status(), /goal/);
  tasks.event({ kind: "goal", goal, step: { kind: "set" } });
  tasks.event({ kind: "start", tools: [], instructions: [] });
  assert.doesNotMatch(status(), /goal/);
});

test("while it is looked at, the working line says so", () => {
  const waiting = createWaiting({ words: () => en, clock });
  const told = (): string => waiting.told({ isThinking: false, isRunning: false }).what;
  waiting.event({ kind: "goal", goal, step: { kind: "checking", id: "a" } });
  assert.equal(told(), en.goal.checking);
  waiting.event({ kind: "goal", goal, step: { kind: "missed", text: "" } });
  assert.notEqual(told(), en.goal.checking);
});

test("an interrupt in the middle of a look leaves no trace in the next work", () => {
  const waiting = createWaiting({ words: () => en, clock });
  waiting.event({ kind: "goal", goal, step: { kind: "checking", id: "a" } });
  waiting.event({ kind: "user", text: "go on" });
  assert.notEqual(waiting.told({ isThinking: false, isRunning: false }).what, en.goal.checking);
});

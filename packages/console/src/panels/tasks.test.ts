import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentEvent } from "@cloister/agent";
import { lineWidth, plainText } from "../text/line.ts";
import { en } from "../words/en.ts";
import { createTasks, type Tasks } from "./tasks.ts";

const usage = { promptTokens: 12_000, cachedTokens: 0, completionTokens: 300 };
const speed = { firstMs: undefined, tokensPerSecond: undefined };

interface Opened {
  readonly tasks: Tasks;
  readonly at: (ms: number) => void;
  readonly text: (columns?: number) => string;
}

function open(): Opened {
  let now = 0;
  const tasks = createTasks({ words: en, clock: { now: () => now, sleep: () => Promise.resolve() } });
  return {
    tasks,
    at: (ms) => {
      now = ms;
    },
    text: (columns = 100) => tasks.lines(columns, "⠋").map(plainText).join("\n"),
  };
}

const begin = (id: string, parent?: string): AgentEvent => ({
  kind: "subagent",
  id,
  parent,
  what: { kind: "begin", agent: "scout", description: `look at ${id}`, call: undefined },
});
const within = (id: string, event: AgentEvent): AgentEvent => ({
  kind: "subagent",
  id,
  parent: undefined,
  what: { kind: "event", event },
});

test("a subagent's line says what it does now, its tokens and its time", () => {
  const { tasks, at, text } = open();
  tasks.event(begin("a"));
  tasks.event(within("a", { kind: "call", id: "1", name: "Grep", args: { pattern: "price" } }));
  tasks.event(within("a", { kind: "turn", number: 1, usage, speed }));
  at(65_000);
  assert.match(text(), /scout look at a {2}Grep price {2}1 call · 12k in, 300 out · 65 s/);
});

test("one within another stands below it, and both end with the work even if they never said so", () => {
  const { tasks, text } = open();
  tasks.event(begin("a"));
  tasks.event(begin("b", "a"));
  assert.match(text(), /⠋ scout look at a.*\n {4}⠋ scout look at b/);
  tasks.event({ kind: "end", ending: { outcome: "cancelled", text: "", turns: 1, usage } });
  assert.doesNotMatch(text(), /⠋/);
});

test("commands that failed and commands that were stopped look different", () => {
  const { tasks } = open();
  const command = { kind: "background", command: "npm start", bytes: 0 } as const;
  tasks.event({ ...command, id: "bash_1", state: "running" });
  tasks.event({ ...command, id: "bash_2", state: "running", tail: "listening" });
  tasks.event({ ...command, id: "bash_1", state: "ended", exitCode: 1 });
  tasks.event({ ...command, id: "bash_2", state: "ended", isStopped: true });
  assert.deepEqual(
    tasks.all.map(({ id, hasFailed, tail }) => [id, hasFailed, tail]),
    [
      ["bash_2", false, "listening"],
      ["bash_1", true, ""],
    ],
  );
});

test("what runs is never forgotten for what has ended, and no line is wider than the screen", () => {
  const { tasks } = open();
  tasks.event(begin("first"));
  for (let index = 0; index < 500; index++) {
    tasks.event(begin(`s${index}`));
    tasks.event({
      kind: "subagent",
      id: `s${index}`,
      parent: undefined,
      what: { kind: "end", ending: { outcome: "done", text: "", turns: 1, usage } },
    });
  }
  assert.equal(tasks.all[0]?.id, "first");
  assert.ok(tasks.all.length <= 60);
  for (const columns of [12, 40, 80]) {
    for (const each of tasks.lines(columns, "⠋").slice(1)) assert.ok(lineWidth(each) <= columns);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { call, rehearse, type Rehearsed, type RehearsedOptions, type Script } from "../rehearsed.ts";
import type { Ending } from "../events.ts";
import { contentOf } from "../history.ts";
import { GOAL_CHECKS_MAX, type Goal, type GoalCheck } from "./goal.ts";

const checked: Goal = { text: "make it work", check: "make test" };
const ran = (passed: boolean, text: string): GoalCheck => ({ kind: "ran", passed, text });

/** Says the message, and answers each check as the keeper would. */
async function pursue(
  agent: Rehearsed,
  verdict: (look: number) => GoalCheck,
  message: string = "make it work",
): Promise<Ending> {
  agent.session.send({ text: message });
  const ended = agent.until("end");
  let looks = 0;
  let read = 0;
  // Events come in order; each check is answered once it was asked for.
  for (;;) {
    const done = await Promise.race([ended.then((end) => end.ending), tick()]);
    for (; read < agent.seen.length; read += 1) {
      const event = agent.seen[read];
      const isAsked = event?.kind === "goal" && event.goal?.check !== undefined;
      if (!isAsked || event.step.kind !== "checking") continue;
      agent.session.checked(event.step.id, verdict((looks += 1)));
    }
    if (done !== undefined) return done;
  }
}

function tick(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}

async function ticks(count: number): Promise<undefined> {
  for (let n = 0; n < count; n += 1) await tick();
}

function open(script: Script, options: RehearsedOptions = {}): Rehearsed {
  return rehearse(script, { goal: checked, ...options });
}

const edit = (n: number): { calls: ReturnType<typeof call>[] } => ({
  calls: [call(`c${n}`, "Write", { file_path: `f${n}.txt`, content: String(n) })],
});

test("work goes on until the check passes; what it printed is the next message; the prefix stays", async () => {
  using agent = open([{ text: "I am done." }, edit(1), { text: "Now I am." }]);
  const ending = await pursue(agent, (look) => ran(look === 2, look === 1 ? "1 test failed" : "ok"));
  assert.equal(ending.outcome, "done");
  assert.equal(ending.turns, 3);
  const [first, second, third] = agent.requests;
  assert.match(contentOf(first?.messages.at(-2)), /ends with 0: make test[^]*Do not weaken/);
  assert.match(contentOf(second?.messages.at(-1)), /not reached \(look 1 of 25\)[^]*1 test failed/);
  assert.deepEqual(second?.messages.at(-1)?.["cloister"], { source: "command" });
  assert.ok(second?.text.startsWith((first?.text ?? "").slice(0, -2)));
  assert.ok(third?.text.startsWith((second?.text ?? "").slice(0, -2)));
  const steps = agent.of("goal").map(({ step }) => step.kind);
  assert.deepEqual(steps, ["set", "checking", "missed", "checking", "reached"]);
  assert.equal(agent.of("goal").at(-1)?.goal, undefined);
});

test("a goal that is reached holds nobody any more", async () => {
  using agent = open([{ text: "Done." }, { text: "Hello." }]);
  await pursue(agent, () => ran(true, ""));
  assert.equal((await agent.ask("hello")).turns, 1);
  assert.equal(agent.of("goal").filter(({ step }) => step.kind === "checking").length, 1);
  assert.doesNotMatch(contentOf(agent.requests[1]?.messages.at(-2)), /goal/);
});

test("the limits of the work count all of it", async () => {
  using agent = open((_request, n) => (n % 2 === 1 ? { text: "Done." } : edit(n)), {
    limits: { turnsMax: 4 },
  });
  const ending = await pursue(agent, (look) => ran(false, `failure ${look}`));
  assert.deepEqual([ending.outcome, ending.turns], ["max-turns", 4]);
  // Whoever says "go on" goes on with it.
  assert.equal(agent.of("goal").at(-1)?.goal?.check, "make test");
});

test("a model that only talks between two looks is stopped at the third", async () => {
  using agent = open(() => ({ text: "It is done, believe me." }));
  const ending = await pursue(agent, (look) => ran(false, `failure ${look}`));
  assert.deepEqual([ending.outcome, ending.error?.code, ending.turns], ["failed", "no-progress", 3]);
});

test("the same failure again and again, with calls that change nothing, is a circle", async () => {
  using agent = open((_request, n) =>
    n % 2 === 1 ? { text: "Done." } : { calls: [call(`c${n}`, "Bash", { command: `echo ${n}` })] },
  );
  const ending = await pursue(agent, () => ran(false, "1 test failed"));
  assert.deepEqual([ending.outcome, ending.error?.code], ["failed", "no-progress"]);
  assert.equal(agent.of("goal").filter(({ step }) => step.kind === "missed").length, 5);
});

test("it is looked at a named number of times, then given up", async () => {
  using agent = open((_request, n) => (n % 2 === 1 ? { text: "Done." } : edit(n)));
  const ending = await pursue(agent, (look) => ran(false, `failure ${look}`));
  assert.deepEqual([ending.outcome, ending.error?.code], ["failed", "goal-not-reached"]);
  assert.equal(agent.of("goal").filter(({ step }) => step.kind === "missed").length, GOAL_CHECKS_MAX);
  assert.deepEqual(agent.of("goal").at(-1)?.step.kind, "given-up");
});

test("earlier looks count after a resume", async () => {
  using agent = open([{ text: "Done." }], { goal: { ...checked, missed: GOAL_CHECKS_MAX - 1 } });
  const ending = await pursue(agent, () => ran(false, "no"));
  assert.equal(ending.error?.code, "goal-not-reached");
});

test("without a verdict there is nothing to go on with", async () => {
  using agent = open([{ text: "Done." }]);
  const ending = await pursue(agent, () => ({ kind: "failed", why: "the policy denies it" }));
  assert.equal(ending.error?.code, "goal-not-checked");
  assert.match(ending.error?.message ?? "", /the policy denies it/);
});

test("an interrupt ends the look, and the goal stays", async () => {
  using agent = open([{ text: "Done." }]);
  agent.session.send({ text: "make it work" });
  let looked = await agent.until("goal");
  while (looked.step.kind !== "checking") looked = await agent.until("goal");
  agent.session.interrupt();
  const { ending } = await agent.until("end");
  assert.equal(ending.outcome, "cancelled");
  if (looked.step.kind === "checking") agent.session.checked(looked.step.id, ran(true, "too late"));
  assert.equal(agent.of("goal").at(-1)?.goal?.text, "make it work");
});

test("a goal that is taken back lets the work end; the model is told with the next message", async () => {
  using agent = open([{ text: "Done." }, { text: "Hello." }, { text: "Done again." }]);
  await pursue(agent, () => {
    agent.session.setGoal(undefined);
    return ran(false, "no");
  });
  await agent.ask("hello");
  assert.match(contentOf(agent.requests[1]?.messages.at(-2)), /goal was taken back/);
  agent.session.setGoal(checked);
  await pursue(agent, () => ran(true, ""), "once more");
  assert.match(contentOf(agent.requests[2]?.messages.at(-2)), /is a goal\. It is reached when/);
});

test("nobody waits for the check of a goal that was taken back or changed meanwhile", async () => {
  for (const next of [undefined, { text: "something else" }]) {
    using agent = open([{ text: "Done." }, { text: "Hello." }]);
    agent.session.send({ text: "make it work" });
    const ended = agent.until("end");
    let looked = await agent.until("goal");
    while (looked.step.kind !== "checking") looked = await agent.until("goal");
    // The keeper ended the check with its goal, and says nothing any more.
    agent.session.setGoal(next);
    const ending = await Promise.race([ended.then((end) => end.ending), ticks(100)]);
    assert.equal(ending?.outcome, "done");
  }
});

test("without a command the model judges, on record, in a request that begins with the conversation", async () => {
  using agent = rehearse(
    [
      { text: "Done." },
      { text: 'Well: {"reached": false, "why": "nothing was written"}' },
      edit(1),
      { text: "Done now." },
      { text: '```json\n{"reached": true, "why": "f1.txt was written"}\n```' },
    ],
    { goal: { text: "write f1.txt" } },
  );
  const ending = await agent.ask("write f1.txt");
  assert.equal(ending.outcome, "done");
  const [first, judged, next] = agent.requests;
  assert.ok(judged?.text.startsWith((first?.text ?? "").slice(0, -2)));
  assert.match(contentOf(judged?.messages.at(-1)), /strict reviewer[^]*The goal: write f1\.txt/);
  assert.match(contentOf(next?.messages.at(-1)), /nothing was written/);
  assert.doesNotMatch(next?.text ?? "", /strict reviewer/);
});

test("a judgement that cannot be read is no yes", async () => {
  using agent = rehearse([{ text: "Done." }, { text: "Yes, reached!" }, edit(1)], {
    goal: { text: "x" },
    limits: { turnsMax: 2 },
  });
  await agent.ask("x");
  assert.deepEqual(
    agent.of("goal").map(({ step }) => step.kind),
    ["set", "checking", "missed"],
  );
});

test("in plan mode the plan is the answer", async () => {
  using agent = open([{ text: "My plan." }], { mode: "plan" });
  assert.equal((await agent.ask("plan it")).outcome, "done");
  assert.equal(agent.of("goal").length, 1);
});
